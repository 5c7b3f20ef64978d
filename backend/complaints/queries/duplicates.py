"""Duplicates: the same matter at the same place in like words, among the newest open complaints."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction

from sqlalchemy import and_, or_
from sqlmodel import Session, col, select

from backend.complaints.rules.duplicates import ALIKE, Traits, likeness_of
from backend.complaints.rules.states import OPEN
from backend.complaints.tables import Complaint

_CANDIDATES = 200
_SHOWN = 10
_WINDOW = timedelta(days=60)


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A complaint that may be the same, and how alike they are (0 to 1)."""

    row: Complaint
    likeness: Fraction


def possible_duplicates(session: Session, row: Complaint) -> list[Duplicate]:
    """Return the open complaints most like this one, the likest first; restricted ones are never shown."""
    near = and_(
        col(Complaint.estate_id).is_not_distinct_from(row.estate_id),
        col(Complaint.organisation_id) == row.organisation_id,
    )
    same = near if row.ticket_number is None else or_(near, col(Complaint.ticket_number) == row.ticket_number)
    query = select(Complaint).where(
        same,
        col(Complaint.organisation_id) == row.organisation_id,
        col(Complaint.id) != row.id,
        col(Complaint.is_restricted).is_(False),
        col(Complaint.state).in_(OPEN),
        col(Complaint.registered_at) > row.registered_at - _WINDOW,
    )
    order = (col(Complaint.registered_at).desc(), col(Complaint.id).desc())
    newest = session.exec(query.order_by(*order).limit(_CANDIDATES))
    found = [Duplicate(other, likeness_of(_traits(row), _traits(other))) for other in newest]
    alike = [each for each in found if each.likeness >= ALIKE]
    return sorted(alike, key=lambda each: (-each.likeness, each.row.id))[:_SHOWN]


def _traits(row: Complaint) -> Traits:
    point = None if row.lat_e6 is None or row.lon_e6 is None else (row.lat_e6, row.lon_e6)
    return Traits(row.category, row.building_id, point, row.ticket_number, tuple(row.grams))
