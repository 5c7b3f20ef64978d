"""The queue: claim with SKIP LOCKED, start, settle. Every change is conditional on what was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select, text, tuple_, update
from sqlmodel import Session, col

from backend.ballots.queries.turnout import still_unvoted
from backend.notifications.tables import WAITING, Delivery, DeliveryHousehold, Message


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
    waiting = waiting.order_by(col(Delivery.priority), col(Delivery.next_try_at)).limit(limit)
    # As a CTE the limited query runs once, however the planner joins it; SQLite, which has one writer, drops the lock.
    chosen = waiting.with_for_update(skip_locked=True).cte("chosen")
    taken = (
        update(Delivery)
        .where(col(Delivery.id).in_(select(chosen.c.id)))
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


def settle(session: Session, rows: Sequence[Settled], now: datetime) -> set[str]:
    """Write where deliveries go that are still held; returns which were."""
    return _write(session, rows, "sending", now)


def correct(session: Session, rows: Sequence[Settled], now: datetime) -> set[str]:
    """Write the ends of deliveries that were given up as unknown; returns which were.

    The claim is still on such a row, and nobody can hold it again.
    """
    return _write(session, [row for row in rows if row.state in ENDS], "unknown", now)


def _write(session: Session, rows: Sequence[Settled], state: str, now: datetime) -> set[str]:
    """Change the rows of a state under their claims, all that go the same way in one statement."""
    ways: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
    for row in rows:
        way = (row.state, row.channel, row.tries, row.next_try_at, row.reason)
        ways.setdefault(way, []).append((row.id, row.claim))
    written: set[str] = set()
    for (following, channel, tries, next_try_at, reason), held in ways.items():
        changed = (
            update(Delivery)
            .where(tuple_(col(Delivery.id), col(Delivery.claim)).in_(held), col(Delivery.state) == state)
            .values(
                state=following,
                channel=channel,
                tries=tries,
                next_try_at=next_try_at,
                reason=reason,
                lease_until=None,
                finished_at=now if following in ENDS else None,
            )
            .returning(col(Delivery.id))
        )
        written.update(session.execute(changed.execution_options(synchronize_session=False)).scalars())
    return written


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
