"""What other capabilities may ask: facts for messages and the rectification register, whom to tell."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from backend.complaints.tables import Complaint, ComplaintReporter, ResponsibleParty


@dataclass(frozen=True, slots=True)
class ComplaintFacts:
    """A complaint for those who build on it: where, what, who is responsible; no words and no person."""

    id: str
    number: str
    organisation_id: str
    organisation_path: str
    estate_id: str | None
    building_id: str | None
    place_label: str
    category: str
    nature: str
    state: str
    party_id: str | None
    party_name: str | None
    works_item_id: str | None
    is_restricted: bool
    registered_at: datetime
    due_at: datetime | None


def facts_of(session: Session, complaint_ids: Collection[str]) -> dict[str, ComplaintFacts]:
    """Return id → facts, in one query."""
    if not complaint_ids:
        return {}
    query = (
        select(Complaint, ResponsibleParty.name)
        .outerjoin(ResponsibleParty, col(ResponsibleParty.id) == col(Complaint.party_id))
        .where(col(Complaint.id).in_(set(complaint_ids)))
    )
    return {row.id: _facts(row, name) for row, name in session.exec(query)}


def facts_by_number(session: Session, number: str) -> ComplaintFacts | None:
    """Return the facts of the complaint with this number, None when there is none."""
    found = session.exec(select(Complaint.id).where(Complaint.number == number)).first()
    return None if found is None else facts_of(session, [found])[found]


def reporter_accounts(session: Session, complaint_ids: Collection[str]) -> dict[str, list[str]]:
    """Return id → the accounts to tell, those of duplicates merged into it too; for sending and nothing else."""
    wanted = set(complaint_ids)
    if not wanted:
        return {}
    query = (
        select(Complaint.id, Complaint.merged_into_id, ComplaintReporter.account_id)
        .join(ComplaintReporter, col(ComplaintReporter.complaint_id) == col(Complaint.id))
        .where(
            col(Complaint.id).in_(wanted) | col(Complaint.merged_into_id).in_(wanted),
            col(ComplaintReporter.account_id).is_not(None),
        )
        .order_by(col(Complaint.id))
    )
    found: dict[str, list[str]] = {}
    for complaint_id, into, account_id in session.exec(query):
        for target in {complaint_id, into} & wanted:
            if target is not None and account_id not in found.setdefault(target, []):
                found[target].append(str(account_id))
    return found


def party_card(session: Session, party_id: str) -> tuple[str, str, str] | None:
    """Return ``(name, kind, organisation path)`` of a responsible party, None when there is none."""
    found = session.exec(
        select(ResponsibleParty.name, ResponsibleParty.kind, ResponsibleParty.organisation_path).where(
            ResponsibleParty.id == party_id
        )
    ).first()
    return None if found is None else (found[0], found[1], found[2])


def _facts(row: Complaint, party_name: str | None) -> ComplaintFacts:
    return ComplaintFacts(
        row.id,
        row.number,
        row.organisation_id,
        row.organisation_path,
        row.estate_id,
        row.building_id,
        row.place_label,
        row.category,
        row.nature,
        row.state,
        row.party_id,
        party_name,
        row.works_item_id,
        row.is_restricted,
        row.registered_at,
        row.due_at,
    )
