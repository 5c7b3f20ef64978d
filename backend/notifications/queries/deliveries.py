"""Deliveries and the doorstep list as staff see them: households and channels, never an address."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import and_, exists, func, not_, or_, select
from sqlmodel import Session, col

from backend.ballots.queries.turnout import still_unvoted
from backend.infra.paging import Position
from backend.notifications.tables import Delivery, DeliveryHousehold, DoorstepEntry
from backend.registry.queries import labels_of_dwellings


@dataclass(frozen=True, slots=True)
class DeliveryView:
    """A delivery; ``homes`` are the labels of the households it speaks to."""

    id: str
    topic: str
    kind: str
    occasion: str
    recipient_kind: str
    channel: str
    state: str
    tries: int
    reason: str | None
    created_at: datetime
    finished_at: datetime | None
    homes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DoorstepView:
    """A household to be visited, and why."""

    id: str
    dwelling_id: str
    label: str
    building_id: str
    ballot_id: str | None
    kind: str
    reason: str
    created_at: datetime


_SHOWN: tuple[Any, ...] = (
    Delivery.id,
    Delivery.topic,
    Delivery.kind,
    Delivery.occasion,
    Delivery.recipient_kind,
    Delivery.channel,
    Delivery.state,
    Delivery.tries,
    Delivery.reason,
    Delivery.created_at,
    Delivery.finished_at,
)

# A line about a restricted complaint would tell the accused that there is one, and when it moves.
_NOT_TO_REPORTERS = not_(
    and_(col(Delivery.recipient_kind) != "room", col(Delivery.topic).startswith("complaint:"))
)


def list_deliveries(
    session: Session,
    organisation_id: str,
    *,
    topic: str | None,
    state: str | None,
    before: Position | None,
    limit: int,
) -> list[DeliveryView]:
    """Return a community's deliveries, newest first; what reporters of complaints were told is theirs alone."""
    chosen = select(*_SHOWN).where(col(Delivery.organisation_id) == organisation_id, _NOT_TO_REPORTERS)
    if topic is not None:
        chosen = chosen.where(col(Delivery.topic) == topic)
    if state is not None:
        chosen = chosen.where(col(Delivery.state) == state)
    if before is not None:
        chosen = chosen.where(_earlier(Delivery, before))
    ordered = chosen.order_by(col(Delivery.created_at).desc(), col(Delivery.id).desc()).limit(limit)
    rows = session.execute(ordered).all()
    homes = _homes(session, [row[0] for row in rows])
    names = [column.key for column in _SHOWN]
    return [
        DeliveryView(**dict(zip(names, row, strict=True)), homes=tuple(homes.get(row[0], ()))) for row in rows
    ]


def _earlier(table: Any, before: Position) -> Any:
    same = and_(col(table.created_at) == before[0], col(table.id) < before[1])
    return or_(col(table.created_at) < before[0], same)


def _homes(session: Session, delivery_ids: Sequence[str]) -> dict[str, list[str]]:
    chosen = select(col(DeliveryHousehold.delivery_id), col(DeliveryHousehold.dwelling_id))
    chosen = chosen.where(col(DeliveryHousehold.delivery_id).in_(delivery_ids))
    rows = session.execute(chosen.order_by(col(DeliveryHousehold.dwelling_id))).all()
    labels = labels_of_dwellings(session, {dwelling for _, dwelling in rows})
    found: dict[str, list[str]] = {}
    for delivery_id, dwelling_id in rows:
        found.setdefault(delivery_id, []).append(labels.get(dwelling_id, ""))
    return found


def count_deliveries(session: Session, organisation_id: str, topic: str | None) -> dict[str, int]:
    """Return how many of a community's deliveries are in which state, but for those to reporters."""
    chosen = select(col(Delivery.state), func.count()).where(
        col(Delivery.organisation_id) == organisation_id, _NOT_TO_REPORTERS
    )
    if topic is not None:
        chosen = chosen.where(col(Delivery.topic) == topic)
    return {state: int(number) for state, number in session.execute(chosen.group_by(col(Delivery.state)))}


def list_doorstep(
    session: Session,
    estate_id: str,
    *,
    building_id: str | None,
    before: Position | None,
    limit: int,
) -> list[DoorstepView]:
    """Return the households to visit, newest first.

    Reminders only as long as their ballot is open and the household has not voted.
    """
    unvoted = still_unvoted().subquery("unvoted")
    still = exists().where(
        unvoted.c.ballot_id == col(DoorstepEntry.ballot_id),
        unvoted.c.dwelling_id == col(DoorstepEntry.dwelling_id),
    )
    chosen = select(DoorstepEntry).where(
        col(DoorstepEntry.estate_id) == estate_id,
        col(DoorstepEntry.done_at).is_(None),
        or_(col(DoorstepEntry.is_reminder).is_(False), still),
    )
    if building_id is not None:
        chosen = chosen.where(col(DoorstepEntry.building_id) == building_id)
    if before is not None:
        chosen = chosen.where(_earlier(DoorstepEntry, before))
    ordered = chosen.order_by(col(DoorstepEntry.created_at).desc(), col(DoorstepEntry.id).desc())
    rows = session.execute(ordered.limit(limit)).scalars().all()
    labels = labels_of_dwellings(session, {row.dwelling_id for row in rows})
    return [
        DoorstepView(
            row.id,
            row.dwelling_id,
            labels.get(row.dwelling_id, ""),
            row.building_id,
            row.ballot_id,
            row.kind,
            row.reason,
            row.created_at,
        )
        for row in rows
    ]
