"""What outsiders may list of complaints: no words, no person, the estate and nothing nearer, as the tracker tells it.

Confidential reporters' cases, accusations and everything restricted do not exist here.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Row, and_, func, or_, select, text
from sqlmodel import Session, col

from backend.complaints.queries.own import PUBLIC_STEPS
from backend.complaints.tables import Complaint, ComplaintRelay, ComplaintStep
from backend.complaints.tables.complaints import NEWS, PUBLISHED

_IS_PUBLISHED = text(PUBLISHED)
_IS_NEWS = text(NEWS)
_COLUMNS: tuple[Any, ...] = (
    Complaint.id,
    Complaint.number,
    Complaint.state,
    Complaint.category,
    Complaint.organisation_id,
    Complaint.estate_id,
    Complaint.place_label,
    Complaint.registered_at,
    Complaint.due_at,
)
_NEWS_COLUMNS: tuple[Any, ...] = (
    ComplaintStep.id,
    Complaint.number,
    ComplaintStep.action,
    ComplaintStep.to_state,
    ComplaintStep.at,
)


@dataclass(frozen=True, slots=True)
class PublishedFilter:
    """Which complaints: registered from ``since`` to ``until`` (both included), below an organisation."""

    since: datetime
    until: datetime
    organisation_path: str | None = None
    categories: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Published:
    """A complaint as outsiders may know it."""

    number: str
    state: str
    category: str
    organisation_id: str
    estate_id: str | None
    place: str
    registered_at: datetime
    updated_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class News:
    """One step of a complaint that outsiders may know."""

    id: str
    number: str
    action: str
    to_state: str
    at: datetime


def published_page(
    session: Session, wanted: PublishedFilter, limit: int, offset: int = 0
) -> Sequence[Published]:
    """Return a page of what was registered in a span of time, newest first; two queries."""
    at = col(Complaint.registered_at)
    query = select(*_COLUMNS).where(_IS_PUBLISHED, at >= wanted.since, at <= wanted.until)
    for clause in _clauses(wanted):
        query = query.where(clause)
    query = query.order_by(at.desc(), col(Complaint.id).desc()).limit(limit).offset(offset)
    return _published(session, session.execute(query).all())


def published_by_numbers(
    session: Session, numbers: Collection[str], key_id: str | None = None
) -> dict[str, Published]:
    """Return number → complaint of those that outsiders may know, and those that this key filed itself.

    Who filed a confidential report knows of it; of a restricted one nobody outside is told anything.
    """
    own: list[ColumnElement[bool]] = []
    if key_id is not None:
        filed = select(col(ComplaintRelay.complaint_id)).where(
            col(ComplaintRelay.key_id) == key_id, col(ComplaintRelay.complaint_id) == col(Complaint.id)
        )
        own.append(and_(col(Complaint.is_restricted).is_(False), filed.exists()))
    query = select(*_COLUMNS).where(col(Complaint.number).in_(set(numbers)), or_(_IS_PUBLISHED, *own))
    found = _published(session, session.execute(query).all())
    return {row.number: row for row in found}


def published_news(session: Session, wanted: PublishedFilter, limit: int, offset: int = 0) -> Sequence[News]:
    """Return a page of what happened in a span of time to complaints that outsiders may know, newest first."""
    at = col(ComplaintStep.at)
    query = (
        select(*_NEWS_COLUMNS)
        .join(Complaint, col(Complaint.id) == col(ComplaintStep.complaint_id))
        .where(_IS_NEWS, _IS_PUBLISHED, at >= wanted.since, at <= wanted.until)
    )
    for clause in _clauses(wanted):
        query = query.where(clause)
    query = query.order_by(at.desc(), col(ComplaintStep.id).desc()).limit(limit).offset(offset)
    return [News(*row) for row in session.execute(query)]


def _clauses(wanted: PublishedFilter) -> list[ColumnElement[bool]]:
    clauses: list[ColumnElement[bool]] = []
    if wanted.organisation_path is not None:
        # Ids are Crockford base 32 and slashes: nothing in a path means anything to LIKE.
        clauses.append(col(Complaint.organisation_path).like(wanted.organisation_path + "%"))
    if wanted.categories:
        clauses.append(col(Complaint.category).in_(wanted.categories))
    if wanted.states:
        clauses.append(col(Complaint.state).in_(wanted.states))
    return clauses


def _published(session: Session, rows: Sequence[Row[Any]]) -> list[Published]:
    ids = [row.id for row in rows]
    last = {each[0]: each[1] for each in _last_steps(session, ids)} if ids else {}
    return [
        Published(
            number=row.number,
            state=row.state,
            category=row.category,
            organisation_id=row.organisation_id,
            estate_id=row.estate_id,
            place=row.place_label.partition(" ")[0],
            registered_at=row.registered_at,
            updated_at=last.get(row.id, row.registered_at),
            due_at=row.due_at,
        )
        for row in rows
    ]


def _last_steps(session: Session, ids: list[str]) -> Sequence[Any]:
    query = (
        select(col(ComplaintStep.complaint_id), func.max(col(ComplaintStep.at)))
        .where(col(ComplaintStep.complaint_id).in_(ids), col(ComplaintStep.action).in_(PUBLIC_STEPS))
        .group_by(col(ComplaintStep.complaint_id))
    )
    return session.execute(query).all()
