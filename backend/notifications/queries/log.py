"""Everything that was sent or not, row by row, for reports that count all of it. No address, no household's name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import func, select, text
from sqlmodel import Session, col

from backend.notifications.tables import WAITING, Delivery, DeliveryHousehold, DoorstepEntry, Message


@dataclass(frozen=True, slots=True)
class LogRow:
    """A delivery with its message; ``payload`` holds the values or, for a room, ``markdown``."""

    id: str
    message_id: str
    topic: str
    kind: str
    occasion: str
    recipient_kind: str
    recipient_id: str
    channel: str
    state: str
    reason: str | None
    created_at: datetime
    finished_at: datetime | None
    ballot_id: str | None
    purpose: str
    payload: Mapping[str, str]
    page: str


@dataclass(frozen=True, slots=True)
class CoveredHome:
    """A household that a delivery speaks to; ``day`` for reminders."""

    delivery_id: str
    message_id: str
    dwelling_id: str
    day: date | None


@dataclass(frozen=True, slots=True)
class DoorstepRow:
    """A household that was put on the doorstep list."""

    ballot_id: str | None
    dwelling_id: str
    is_reminder: bool
    reason: str
    created_at: datetime


_OF_DELIVERY: tuple[Any, ...] = (
    Delivery.id,
    Delivery.message_id,
    Delivery.topic,
    Delivery.kind,
    Delivery.occasion,
    Delivery.recipient_kind,
    Delivery.recipient_id,
    Delivery.channel,
    Delivery.state,
    Delivery.reason,
    Delivery.created_at,
    Delivery.finished_at,
)
_OF_MESSAGE: tuple[Any, ...] = (Message.ballot_id, Message.purpose, Message.payload, Message.page)


def delivery_log(session: Session, after: str = "", limit: int = 5_000) -> list[LogRow]:
    """Return a page of all deliveries by id."""
    chosen = select(*_OF_DELIVERY, *_OF_MESSAGE).join(Message, col(Message.id) == col(Delivery.message_id))
    page = chosen.where(col(Delivery.id) > after).order_by(col(Delivery.id)).limit(limit)
    return [LogRow(*row) for row in session.execute(page)]


def homes_of_deliveries(session: Session, delivery_ids: list[str]) -> list[CoveredHome]:
    """Return the households that these deliveries (a page) speak to."""
    columns = (
        col(DeliveryHousehold.delivery_id),
        col(DeliveryHousehold.message_id),
        col(DeliveryHousehold.dwelling_id),
        col(DeliveryHousehold.day),
    )
    chosen = select(*columns).where(col(DeliveryHousehold.delivery_id).in_(delivery_ids))
    return [CoveredHome(*row) for row in session.execute(chosen)]


def doorstep_log(session: Session, estate_id: str) -> list[DoorstepRow]:
    """Return every entry that an estate's doorstep list ever had."""
    columns = (
        col(DoorstepEntry.ballot_id),
        col(DoorstepEntry.dwelling_id),
        col(DoorstepEntry.is_reminder),
        col(DoorstepEntry.reason),
        col(DoorstepEntry.created_at),
    )
    chosen = select(*columns).where(col(DoorstepEntry.estate_id) == estate_id)
    return [DoorstepRow(*row) for row in session.execute(chosen.order_by(col(DoorstepEntry.id)))]


def next_due(session: Session) -> datetime | None:
    """Return when the next waiting delivery may leave, None when nothing waits."""
    chosen = select(func.min(col(Delivery.next_try_at))).where(text(WAITING))
    found: datetime | None = session.execute(chosen).scalar_one()
    return found
