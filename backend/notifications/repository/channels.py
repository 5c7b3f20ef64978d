"""Followers, templates, rooms with their tokens, and each channel's breaker."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, update
from sqlmodel import Session, col

from backend.notifications.repository.sql import insert_once
from backend.notifications.tables import (
    WAITING,
    ChannelState,
    Delivery,
    Follower,
    Message,
    MessageTemplate,
    Room,
)

_QUIET = {"synchronize_session": False}
# A template rests under its channel's name with the purpose behind.
_BESIDE = "/"


def followers(session: Session, account_ids: Collection[str]) -> dict[str, Follower]:
    """Return who of these follows the Official Account."""
    chosen = select(Follower).where(col(Follower.account_id).in_(set(account_ids)))
    return {row.account_id: row for row in session.execute(chosen).scalars()} if account_ids else {}


def templates(session: Session) -> dict[tuple[str, str], MessageTemplate]:
    """Return all templates by (channel, purpose)."""
    return {(row.channel, row.purpose): row for row in session.execute(select(MessageTemplate)).scalars()}


_STATES = select(col(ChannelState.channel), col(ChannelState.failures), col(ChannelState.paused_until))


@dataclass(frozen=True, slots=True)
class Breakers:
    """The channels that failed last, and the ones nobody may use now with the end of their rest.

    ``templates``: (channel, purpose) whose template WeChat does not take, likewise.
    """

    failing: frozenset[str]
    resting: Mapping[str, datetime]
    templates: Mapping[tuple[str, str], datetime]

    def rest_of(self, channel: str, purpose: str) -> datetime | None:
        """Return until when a channel carries nothing of a purpose, None when it does."""
        found = (self.resting.get(channel), self.templates.get((channel, purpose)))
        return max((until for until in found if until is not None), default=None)


def breakers(session: Session, now: datetime) -> Breakers:
    """Return every channel's breaker, in one query."""
    rows = session.connection().execute(_STATES).all()
    resting = {channel: until for channel, _, until in rows if until > now}
    templates = {_pair(name): until for name, until in resting.items() if _BESIDE in name}
    whole = {name: until for name, until in resting.items() if _BESIDE not in name}
    return Breakers(frozenset(channel for channel, failures, _ in rows if failures), whole, templates)


def _pair(name: str) -> tuple[str, str]:
    channel, _, purpose = name.partition(_BESIDE)
    return channel, purpose


def count_failures(session: Session, channel: str, number: int, now: datetime) -> int:
    """Add failures in a row and return how many there are now."""
    insert = insert_once(session, ChannelState).values(channel=channel, failures=number, paused_until=now)
    more = {"failures": col(ChannelState.failures) + number}
    statement = insert.on_conflict_do_update(index_elements=["channel"], set_=more)
    failures: int = session.execute(statement.returning(col(ChannelState.failures))).scalar_one()
    return failures


def forget_failures(session: Session, channel: str) -> None:
    """Something arrived: the channel works."""
    statement = (
        update(ChannelState)
        .where(col(ChannelState.channel) == channel, col(ChannelState.failures) > 0)
        .values(failures=0)
    )
    session.execute(statement.execution_options(**_QUIET))


def rest_channel(session: Session, channel: str, until: datetime) -> None:
    """Let a channel rest, never shorter than it was to rest already."""
    insert = insert_once(session, ChannelState).values(channel=channel, failures=0, paused_until=until)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["channel"],
            set_={"paused_until": until},
            where=col(ChannelState.paused_until) < until,
        )
    )


def rest_template(session: Session, channel: str, purpose: str, until: datetime) -> None:
    """Let a channel carry nothing of a purpose for a while."""
    rest_channel(session, f"{channel}{_BESIDE}{purpose}", until)


def wake_template(session: Session, channel: str, purpose: str, now: datetime) -> None:
    """End a template's rest: somebody has set another one; what waited for it is due now."""
    name = f"{channel}{_BESIDE}{purpose}"
    state = update(ChannelState).where(col(ChannelState.channel) == name).values(paused_until=now)
    session.execute(state.execution_options(**_QUIET))
    of_purpose = select(col(Message.id)).where(col(Message.purpose) == purpose)
    waiting = (
        update(Delivery)
        .where(
            text(WAITING),
            col(Delivery.channel) == channel,
            col(Delivery.next_try_at) > now,
            col(Delivery.reason).startswith("configuration:"),
            col(Delivery.message_id).in_(of_purpose),
        )
        .values(next_try_at=now)
    )
    session.execute(waiting.execution_options(**_QUIET))


def rooms(session: Session, ids: Collection[str]) -> dict[str, Room]:
    """Return active rooms by id."""
    chosen = select(Room).where(col(Room.id).in_(set(ids)), col(Room.is_active).is_(True))
    return {row.id: row for row in session.execute(chosen).scalars()} if ids else {}


def take_token(session: Session, room_id: str, now: datetime, following: datetime) -> bool:
    """Take the robot's token if there is one; the next is there at ``following``."""
    statement = (
        update(Room)
        .where(col(Room.id) == room_id, col(Room.next_send_at) <= now)
        .values(next_send_at=following)
    )
    done: Any = session.execute(statement.execution_options(**_QUIET))
    return bool(done.rowcount)


def rest_room(session: Session, room_id: str, until: datetime) -> None:
    """Let one robot rest: its group has had its messages of this minute, or its key is no good."""
    statement = (
        update(Room).where(col(Room.id) == room_id, col(Room.next_send_at) < until).values(next_send_at=until)
    )
    session.execute(statement.execution_options(**_QUIET))
