"""How the queue fares, for ``gongjue doctor``: numbers only."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, text
from sqlmodel import Session, col, select

from backend.notifications.repository import channels
from backend.notifications.tables import WAITING, Delivery, Room

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class QueueHealth:
    """``overdue``: due before the given instant and not sent; ``unknown``: ended so within a day.

    ``resting``: channels that nobody may use now; ``rooms``: active ones; ``templates``: (channel, purpose)
    that WeChat does not take.
    """

    overdue: int
    unknown: int
    resting: tuple[str, ...]
    rooms: int
    templates: tuple[tuple[str, str], ...] = ()


def queue_health(session: Session, now: datetime, due_before: datetime) -> QueueHealth:
    """Return the numbers; deliveries of a resting channel wait rightly and are not overdue."""
    breakers = channels.breakers(session, now)
    resting = tuple(sorted(breakers.resting))
    overdue = select(func.count()).select_from(Delivery).where(text(WAITING))
    overdue = overdue.where(
        col(Delivery.next_try_at) < due_before, col(Delivery.channel).not_in(resting or ("",))
    )
    lost = select(func.count()).select_from(Delivery)
    lost = lost.where(Delivery.state == "unknown", col(Delivery.finished_at) > now - _DAY)
    rooms = select(func.count()).select_from(Room).where(col(Room.is_active).is_(True))
    counts = [int(session.exec(chosen).one()) for chosen in (overdue, lost, rooms)]
    return QueueHealth(counts[0], counts[1], resting, counts[2], tuple(sorted(breakers.templates)))


def missing_templates(session: Session, channel: str, purposes: Collection[str]) -> list[str]:
    """Return the purposes for which a channel has no template."""
    known = {purpose for name, purpose in channels.templates(session) if name == channel}
    return [purpose for purpose in purposes if purpose not in known]
