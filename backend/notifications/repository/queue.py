"""The queue: claim with SKIP LOCKED, start, settle, sweep. Every change is conditional on what was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, exists, select, text, update
from sqlmodel import Session, col

from backend.ballots.queries.turnout import still_unvoted
from backend.notifications.tables import WAITING, Delivery, DeliveryHousehold, Message, Room


@dataclass(frozen=True, slots=True)
class Held:
    """A delivery that this worker holds by ``claim``, with what it says."""

    id: str
    claim: str
    channel: str
    tries: int
    reason: str | None
    recipient_kind: str
    recipient_id: str
    kind: str
    purpose: str
    payload: Mapping[str, str]
    page: str
    route: str
    is_urgent: bool
    is_reminder: bool
    quiet_from: int
    quiet_until: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Settled:
    """Where a delivery goes from here; ``claim`` is the hold under which that was found out."""

    id: str
    claim: str
    state: str
    channel: str
    tries: int
    next_try_at: datetime
    reason: str | None


ENDS = ("delivered", "permanent_failure", "technical_failure", "unknown", "cancelled")


def claim(
    session: Session, mark: str, now: datetime, until: datetime, *, limit: int, resting: Collection[str]
) -> list[Held]:
    """Take waiting rows for ourselves under ``mark`` until the lease ends; urgent ones first."""
    waiting = select(col(Delivery.id)).where(text(WAITING), col(Delivery.next_try_at) <= now)
    if resting:
        waiting = waiting.where(col(Delivery.channel).not_in(sorted(resting)))
    chosen = waiting.order_by(col(Delivery.priority), col(Delivery.next_try_at)).limit(limit)
    # SQLite has one bot and one writer; the clause is dropped there.
    taken = (
        update(Delivery)
        .where(col(Delivery.id).in_(chosen.with_for_update(skip_locked=True)))
        .values(state="sending", claim=mark, lease_until=until, started_at=None)
        .returning(col(Delivery.id))
    )
    ids = list(session.execute(taken.execution_options(synchronize_session=False)).scalars())
    return _held(session, ids) if ids else []


_SAID = (
    Message.purpose,
    Message.payload,
    Message.page,
    Message.route,
    Message.is_urgent,
    Message.is_reminder,
    Message.quiet_from,
    Message.quiet_until,
    Message.expires_at,
)
_WHO = (
    Delivery.id,
    Delivery.claim,
    Delivery.channel,
    Delivery.tries,
    Delivery.reason,
    Delivery.recipient_kind,
    Delivery.recipient_id,
    Delivery.kind,
)


def _held(session: Session, ids: Sequence[str]) -> list[Held]:
    columns: Any = (*_WHO, *_SAID)
    rows = session.execute(
        select(*columns)
        .join(Message, col(Message.id) == col(Delivery.message_id))
        .where(col(Delivery.id).in_(ids))
        .order_by(col(Delivery.priority), col(Delivery.next_try_at), col(Delivery.id))
    )
    return [Held(*row) for row in rows]


def start(
    session: Session, ids: Collection[str], marks: Collection[str], now: datetime, until: datetime
) -> set[str]:
    """Mark rows as about to leave, if they are still ours; returns which. The commit comes before the request."""
    started = (
        update(Delivery)
        .where(
            col(Delivery.id).in_(ids),
            col(Delivery.claim).in_(marks),
            col(Delivery.state) == "sending",
            col(Delivery.started_at).is_(None),
        )
        .values(started_at=now, lease_until=until)
        .returning(col(Delivery.id))
    )
    return set(session.execute(started.execution_options(synchronize_session=False)).scalars())


def note_channels(session: Session, channels: Mapping[str, str]) -> None:
    """Write down over which channel started rows go, where that changed."""
    for delivery_id, channel in channels.items():
        session.execute(update(Delivery).where(col(Delivery.id) == delivery_id).values(channel=channel))


# A late answer corrects "unknown": the claim is still on the row, and nobody else can hold it again.
_SETTLE = (
    update(Delivery)
    .where(
        col(Delivery.id) == bindparam("b_id"),
        col(Delivery.claim) == bindparam("b_claim"),
        text("state IN ('sending', 'unknown')"),
    )
    .values(
        state=bindparam("b_state"),
        channel=bindparam("b_channel"),
        tries=bindparam("b_tries"),
        next_try_at=bindparam("b_next", type_=Delivery.__table__.c.next_try_at.type),  # type: ignore[attr-defined] # SQLModel's table
        reason=bindparam("b_reason"),
        finished_at=bindparam("b_finished", type_=Delivery.__table__.c.finished_at.type),  # type: ignore[attr-defined] # the same
        lease_until=None,
    )
)


def settle(session: Session, rows: Sequence[Settled], now: datetime) -> None:
    """Write where deliveries go."""
    if not rows:
        return
    values = [
        {
            "b_id": row.id,
            "b_claim": row.claim,
            "b_state": row.state,
            "b_channel": row.channel,
            "b_tries": row.tries,
            "b_next": row.next_try_at,
            "b_reason": row.reason,
            "b_finished": now if row.state in ENDS else None,
        }
        for row in rows
    ]
    session.connection().execute(_SETTLE, values)


def with_unvoted_home(session: Session, ids: Collection[str]) -> set[str]:
    """Return those reminders of which at least one household has still not voted in the open ballot."""
    if not ids:
        return set()
    unvoted = still_unvoted().subquery("unvoted")
    rows = session.execute(
        select(col(DeliveryHousehold.delivery_id))
        .join(Message, col(Message.id) == col(DeliveryHousehold.message_id))
        .join(
            unvoted,
            (unvoted.c.ballot_id == col(Message.ballot_id))
            & (unvoted.c.dwelling_id == col(DeliveryHousehold.dwelling_id)),
        )
        .where(col(DeliveryHousehold.delivery_id).in_(ids))
        .distinct()
    )
    return set(rows.scalars())


def replay_unstarted(session: Session, now: datetime) -> int:
    """Give back rows whose worker took them and was gone before their request left."""
    statement = (
        update(Delivery)
        .where(
            col(Delivery.state) == "sending",
            col(Delivery.started_at).is_(None),
            col(Delivery.lease_until) <= now,
        )
        .values(state="created", claim=None, lease_until=None)
    )
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return int(done.rowcount)


def give_up_started(session: Session, now: datetime) -> list[str]:
    """Mark rows as unknown whose request had left when their worker was gone: never sent again."""
    statement = (
        update(Delivery)
        .where(
            col(Delivery.state) == "sending",
            col(Delivery.started_at).is_not(None),
            col(Delivery.lease_until) <= now,
        )
        .values(state="unknown", lease_until=None, finished_at=now, reason="lost")
        .returning(col(Delivery.id))
    )
    return list(session.execute(statement.execution_options(synchronize_session=False)).scalars())


def expire(session: Session, now: datetime, limit: int) -> list[str]:
    """End waiting rows whose message is of no use any more, a batch; returns their ids."""
    late = exists().where(col(Message.id) == col(Delivery.message_id), col(Message.expires_at) <= now)
    chosen = select(col(Delivery.id)).where(text(WAITING), late).limit(limit)
    statement = (
        update(Delivery)
        .where(col(Delivery.id).in_(chosen.with_for_update(skip_locked=True)))
        .values(state="technical_failure", finished_at=now, reason="expired")
        .returning(col(Delivery.id))
    )
    return list(session.execute(statement.execution_options(synchronize_session=False)).scalars())


def release(session: Session, held: Sequence[Held]) -> None:
    """Give back rows that were taken and not started."""
    statement = (
        update(Delivery)
        .where(
            col(Delivery.id).in_([row.id for row in held]),
            col(Delivery.claim).in_({row.claim for row in held}),
            col(Delivery.state) == "sending",
            col(Delivery.started_at).is_(None),
        )
        .values(state="created", claim=None, lease_until=None)
    )
    session.execute(statement.execution_options(synchronize_session=False))


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
    done: Any = session.execute(statement.execution_options(synchronize_session=False))
    return bool(done.rowcount)
