"""Reports filed by outside systems: what came before, and how much today."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from backend.complaints.tables import Complaint, ComplaintRelay


def find(session: Session, complaint_id: str) -> ComplaintRelay | None:
    """Return how a complaint came from outside, None when it did not."""
    return session.get(ComplaintRelay, complaint_id)


def find_same(
    session: Session, key_id: str, body_indexes: Collection[str], since: datetime
) -> Complaint | None:
    """Return what the same key filed with the very same content since then, the first of it."""
    wanted = (
        select(Complaint)
        .join(ComplaintRelay, col(ComplaintRelay.complaint_id) == col(Complaint.id))
        .where(
            ComplaintRelay.key_id == key_id,
            col(ComplaintRelay.body_index).in_(body_indexes),
            col(ComplaintRelay.received_at) > since,
        )
        .order_by(col(ComplaintRelay.received_at))
    )
    return session.exec(wanted.limit(1)).first()


def count_since(session: Session, key_id: str, since: datetime) -> int:
    """Return how many reports a key has filed since then."""
    wanted = (
        select(func.count())
        .select_from(ComplaintRelay)
        .where(ComplaintRelay.key_id == key_id, col(ComplaintRelay.received_at) > since)
    )
    return session.exec(wanted).one()
