"""What other capabilities may ask: facts for messages, and whom to tell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from backend.complaints.tables import Complaint, ComplaintReporter, FollowUp
from backend.identity.queries import holders_at
from backend.kernel.access import ROLE_PERMISSIONS, Permission

# Who decides about restricted cases, not who only reads them.
_TRUSTED = frozenset(
    role
    for role, held in ROLE_PERMISSIONS.items()
    if {Permission.COMPLAINT_RESTRICTED, Permission.COMPLAINT_TRIAGE} <= held
)


@dataclass(frozen=True, slots=True)
class ComplaintFacts:
    """A complaint for messages: where, what, who answers for it; no words and no reporter."""

    id: str
    number: str
    organisation_path: str
    place_label: str
    category: str
    is_restricted: bool
    # Where those sit who may see it when it is restricted: the nearest above, without whom it is about.
    trusted_id: str | None
    # The staff account that answers for it, None where the system wrote it down.
    first_receiver_id: str | None
    due_at: datetime | None


def facts_of(session: Session, complaint_ids: Collection[str]) -> dict[str, ComplaintFacts]:
    """Return id → facts, in two queries."""
    if not complaint_ids:
        return {}
    found = session.exec(select(Complaint).where(col(Complaint.id).in_(set(complaint_ids)))).all()
    chains = {row.id: row.organisation_path.strip("/").split("/") for row in found}
    holders = holders_at(session, _TRUSTED, {name for chain in chains.values() for name in chain})
    return {
        row.id: ComplaintFacts(
            row.id,
            row.number,
            row.organisation_path,
            row.place_label,
            row.category,
            row.is_restricted,
            _trusted(row, chains[row.id], holders),
            None if row.first_receiver_id == "system" else row.first_receiver_id,
            row.due_at,
        )
        for row in found
    }


def _trusted(row: Complaint, chain: Sequence[str], holders: Mapping[str, set[str]]) -> str | None:
    concerned = {row.about_account_id, row.handed_up_about_id}
    fit = (name for name in reversed(chain) if holders.get(name) and not holders[name] & concerned)
    return next(fit, None)


@dataclass(frozen=True, slots=True)
class ReporterAccounts:
    """Who follows a complaint: its own reporter, and those whose duplicates were merged into it."""

    own: str | None = None
    followers: tuple[str, ...] = ()

    @property
    def everybody(self) -> tuple[str, ...]:
        """Return all of them, nobody twice."""
        return self.followers if self.own is None else (self.own, *self.followers)


def reporter_accounts(session: Session, complaint_ids: Collection[str]) -> dict[str, ReporterAccounts]:
    """Return id → the accounts to tell; for sending and nothing else."""
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
    rows = [(row, into, str(account_id)) for row, into, account_id in session.exec(query)]
    own = {row: account_id for row, _, account_id in rows}
    found = {}
    for name in wanted:
        others = dict.fromkeys(account_id for _, into, account_id in rows if into == name)
        followers = tuple(each for each in others if each != own.get(name))
        found[name] = ReporterAccounts(own.get(name), followers)
    return found


@dataclass(frozen=True, slots=True)
class Questioned:
    """A question after the work that waits for its answer, and whom it goes to.

    ``account_id`` where the reporter has one, else ``reporter_id`` where they left a phone, else neither: an
    anonymous reporter comes back with number and code.
    """

    round: int
    expires_at: datetime
    account_id: str | None
    reporter_id: str | None


def questioned(session: Session, complaint_ids: Collection[str]) -> dict[str, Questioned]:
    """Return id → the question that waits, in one query."""
    if not complaint_ids:
        return {}
    query = (
        select(FollowUp, ComplaintReporter)
        .outerjoin(ComplaintReporter, col(ComplaintReporter.complaint_id) == col(FollowUp.complaint_id))
        .where(
            col(FollowUp.complaint_id).in_(set(complaint_ids)),
            col(FollowUp.answered_at).is_(None),
            col(FollowUp.ended_at).is_(None),
        )
    )
    return {asked.complaint_id: _questioned(asked, reporter) for asked, reporter in session.exec(query)}


def _questioned(asked: FollowUp, reporter: ComplaintReporter | None) -> Questioned:
    account_id = None if reporter is None else reporter.account_id
    has_phone = reporter is not None and account_id is None and reporter.phone_sealed is not None
    reporter_id = reporter.id if reporter is not None and has_phone else None
    return Questioned(asked.round, asked.expires_at, account_id, reporter_id)
