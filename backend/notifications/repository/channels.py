"""Followers, templates, and each channel's breaker."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import select, update
from sqlmodel import Session, col

from backend.notifications.repository.sql import insert_once
from backend.notifications.tables import ChannelState, Follower, MessageTemplate

_QUIET = {"synchronize_session": False}


def followers(session: Session, account_ids: Collection[str]) -> dict[str, Follower]:
    """Return who of these follows the Official Account."""
    chosen = select(Follower).where(col(Follower.account_id).in_(set(account_ids)))
    return {row.account_id: row for row in session.execute(chosen).scalars()} if account_ids else {}


def templates(session: Session) -> dict[tuple[str, str], MessageTemplate]:
    """Return all templates by (channel, purpose)."""
    return {(row.channel, row.purpose): row for row in session.execute(select(MessageTemplate)).scalars()}


def resting_channels(session: Session, now: datetime) -> dict[str, datetime]:
    """Return the channels nobody may use now, and until when."""
    chosen = select(col(ChannelState.channel), col(ChannelState.paused_until))
    rows = session.execute(chosen.where(col(ChannelState.paused_until) > now))
    return dict(rows.all())


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


def rest_channel(session: Session, channel: str, now: datetime, until: datetime) -> None:
    """Let a channel rest, never shorter than it was to rest already."""
    insert = insert_once(session, ChannelState).values(channel=channel, failures=0, paused_until=until)
    session.execute(
        insert.on_conflict_do_update(
            index_elements=["channel"],
            set_={"paused_until": until},
            where=col(ChannelState.paused_until) < until,
        )
    )
