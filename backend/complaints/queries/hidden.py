"""Restricted cases of which somebody may see nothing, with everything that pictures hang on."""

from __future__ import annotations

from sqlmodel import Session, col, or_, select

from backend.complaints.queries.access import seen_as_party
from backend.complaints.tables import Complaint, ComplaintStep, Mediation


def hidden_things(
    session: Session, estate_id: str, account_id: str, party_ids: frozenset[str]
) -> frozenset[str]:
    """Return the restricted complaints of an estate that are about this person or their units, with their steps
    and mediations: ids."""
    is_theirs = or_(col(Complaint.about_account_id) == account_id, seen_as_party(party_ids))
    cases = select(Complaint.id).where(
        Complaint.estate_id == estate_id, col(Complaint.is_restricted).is_(True), is_theirs
    )
    found = set(session.exec(cases))
    if not found:
        return frozenset()
    for row in (ComplaintStep, Mediation):
        found |= set(session.exec(select(row.id).where(col(row.complaint_id).in_(cases))))
    return frozenset(found)
