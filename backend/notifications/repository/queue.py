"""The queue: claim with SKIP LOCKED, start, settle. Every change is conditional on what was seen."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, bindparam, literal, select, text, tuple_, update
from sqlmodel import Session, col

from backend.ballots.queries.turnout import still_unvoted
from backend.identity.queries import active_binding
from backend.notifications.tables import WAITING, Delivery, DeliveryHousehold, Message
from backend.surveys.queries import still_unanswered


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
    topic: str
    kind: str
    occasion: str
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

# The statements of every round are built once: building them costs as much as running them.
_HELD = tuple_(col(Delivery.id), col(Delivery.claim)).in_(bindparam("held", expanding=True))
_WAITING = (
    select(col(Delivery.id))
    .where(
        text(WAITING),
        col(Delivery.next_try_at) <= bindparam("now"),
        col(Delivery.channel).not_in(bindparam("resting", expanding=True)),
    )
    .order_by(col(Delivery.priority), col(Delivery.next_try_at))
    .limit(bindparam("most", type_=Integer))
    # SQLite, which has one writer, drops the lock.
    .with_for_update(skip_locked=True)
    # As a CTE the limited query runs once, however the planner joins it.
    .cte("waiting")
)
_CLAIM = (
    update(Delivery)
    .where(col(Delivery.id).in_(select(_WAITING.c.id)))
    .values(state="sending", claim=bindparam("mark"), lease_until=bindparam("until"), started_at=None)
    .returning(col(Delivery.id))
)
_COLUMNS: tuple[Any, ...] = (
    Delivery.id,
    Delivery.claim,
    Delivery.channel,
    Delivery.tries,
    Delivery.reason,
    Delivery.recipient_kind,
    Delivery.recipient_id,
    Delivery.topic,
    Delivery.kind,
    Delivery.occasion,
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
_READ = (
    select(*_COLUMNS)
    .join(Message, col(Message.id) == col(Delivery.message_id))
    .where(col(Delivery.id).in_(bindparam("ids", expanding=True)))
    .order_by(col(Delivery.priority), col(Delivery.next_try_at), col(Delivery.id))
)


def claim(
    session: Session, mark: str, now: datetime, until: datetime, *, limit: int, resting: Collection[str]
) -> list[Held]:
    """Take waiting rows for ourselves under ``mark`` until the lease ends; urgent ones first."""
    values = {"mark": mark, "now": now, "until": until, "most": limit, "resting": sorted(resting)}
    ids = list(session.connection().execute(_CLAIM, values).scalars())
    rows = session.connection().execute(_READ, {"ids": ids}) if ids else ()
    return [Held(*row) for row in rows]


_START = (
    update(Delivery)
    .where(_HELD, col(Delivery.state) == "sending", col(Delivery.started_at).is_(None))
    .values(started_at=bindparam("now"), lease_until=bindparam("until"))
    .returning(col(Delivery.id))
)


def start(session: Session, held: Sequence[Held], now: datetime, until: datetime) -> set[str]:
    """Mark rows as about to leave, if they are still ours; returns which. The commit comes before the request."""
    values = {"held": [(row.id, row.claim) for row in held], "now": now, "until": until}
    return set(session.connection().execute(_START, values).scalars())


def note_channels(session: Session, channels: Mapping[str, str]) -> None:
    """Write down over which channel started rows go, where that changed."""
    for delivery_id, channel in channels.items():
        session.execute(update(Delivery).where(col(Delivery.id) == delivery_id).values(channel=channel))


_WRITE = (
    update(Delivery)
    .where(_HELD, col(Delivery.state) == bindparam("before"))
    .values(
        state=bindparam("after"),
        channel=bindparam("way"),
        tries=bindparam("tried"),
        next_try_at=bindparam("next"),
        reason=bindparam("why"),
        finished_at=bindparam("end"),
        lease_until=None,
    )
    .returning(col(Delivery.id))
)


def settle(session: Session, rows: Sequence[Settled], now: datetime) -> set[str]:
    """Write where deliveries go that are still held; returns which were."""
    return _write(session, rows, "sending", now)


def correct(session: Session, rows: Sequence[Settled], now: datetime) -> set[str]:
    """Write the ends of deliveries that were given up as unknown; returns which were.

    The claim is still on such a row, and nobody can hold it again.
    """
    return _write(session, [row for row in rows if row.state in ENDS], "unknown", now)


def _write(session: Session, rows: Sequence[Settled], before: str, now: datetime) -> set[str]:
    """Change the rows of a state under their claims, all that go the same way in one statement."""
    ways: dict[tuple[Any, ...], list[tuple[str, str]]] = {}
    for row in rows:
        way = (row.state, row.channel, row.tries, row.next_try_at, row.reason)
        ways.setdefault(way, []).append((row.id, row.claim))
    written: set[str] = set()
    for (after, channel, tries, next_try_at, reason), held in ways.items():
        values = {"held": held, "before": before, "after": after, "way": channel, "tried": tries}
        values |= {"next": next_try_at, "why": reason, "end": now if after in ENDS else None}
        written.update(session.connection().execute(_WRITE, values).scalars())
    return written


# Whoever has left a household since is not asked for it any more.
_BOUND = active_binding()
_UNVOTED = still_unvoted().subquery("unvoted")
# Materialised, so that the deliveries' homes are found by delivery: joined first by message, a planner that has not
# yet seen a new message's rows would walk through all of them.
_THEIR_HOMES = (
    select(
        col(DeliveryHousehold.delivery_id),
        col(DeliveryHousehold.message_id),
        col(DeliveryHousehold.dwelling_id),
        col(DeliveryHousehold.topic),
    )
    .join(Delivery, col(Delivery.id) == col(DeliveryHousehold.delivery_id))
    .join(
        _BOUND,
        (_BOUND.c.dwelling_id == col(DeliveryHousehold.dwelling_id))
        & (_BOUND.c.account_id == col(Delivery.recipient_id)),
    )
    .where(col(DeliveryHousehold.delivery_id).in_(bindparam("ids", expanding=True)))
    .cte("their_homes")
    .prefix_with("MATERIALIZED", dialect="postgresql")
)
_WITH_UNVOTED_HOME = (
    select(_THEIR_HOMES.c.delivery_id)
    .join(Message, col(Message.id) == _THEIR_HOMES.c.message_id)
    .join(
        _UNVOTED,
        (_UNVOTED.c.ballot_id == col(Message.ballot_id))
        & (_UNVOTED.c.dwelling_id == _THEIR_HOMES.c.dwelling_id),
    )
    .distinct()
)


def with_unvoted_home(session: Session, ids: Collection[str]) -> set[str]:
    """Return those reminders of which at least one household of the reader has still not voted in the open ballot."""
    if not ids:
        return set()
    return set(session.connection().execute(_WITH_UNVOTED_HOME, {"ids": list(ids)}).scalars())


_UNANSWERED = still_unanswered().subquery("unanswered")
_WITH_UNANSWERED_HOME = (
    select(_THEIR_HOMES.c.delivery_id)
    .join(
        _UNANSWERED,
        (_UNANSWERED.c.dwelling_id == _THEIR_HOMES.c.dwelling_id)
        & (literal("survey:") + _UNANSWERED.c.survey_id == _THEIR_HOMES.c.topic),
    )
    .distinct()
)


def with_unanswered_home(session: Session, ids: Collection[str]) -> set[str]:
    """Return those messages about surveys of which at least one household of the reader has not answered the open one."""
    if not ids:
        return set()
    return set(session.connection().execute(_WITH_UNANSWERED_HOME, {"ids": list(ids)}).scalars())


_STILL_THERE = select(_THEIR_HOMES.c.delivery_id).distinct()


def with_own_home(session: Session, ids: Collection[str]) -> set[str]:
    """Return those deliveries of which at least one household is still the reader's."""
    if not ids:
        return set()
    return set(session.connection().execute(_STILL_THERE, {"ids": list(ids)}).scalars())


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
