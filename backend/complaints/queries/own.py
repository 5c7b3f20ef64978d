"""One complaint as its reporter and the public read it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from sqlmodel import Session, col, select

from backend.complaints.queries.cases import StepView, step_view
from backend.complaints.repository import complaints as repository
from backend.complaints.repository import parties
from backend.complaints.rules.states import Action
from backend.complaints.tables import Complaint, ComplaintReporter, ComplaintStep
from backend.infra.paging import Position, older_than


@dataclass(frozen=True, slots=True)
class OwnComplaint:
    """One's own complaint in a list."""

    id: str
    number: str
    state: str
    category: str
    place_label: str
    words: str
    registered_at: datetime
    due_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnCase:
    """A complaint for the person who reported it: what they said and everything they were told."""

    line: OwnComplaint
    disclosure: str
    is_due_provisional: bool
    paused_at: datetime | None
    party_name: str | None
    merged_into: str | None
    is_asked: bool
    steps: tuple[StepView, ...]


@dataclass(frozen=True, slots=True)
class Tracked:
    """A complaint for anybody with its number: no words, no person, the estate and nothing nearer."""

    number: str
    state: str
    category: str
    place: str
    registered_at: datetime
    due_at: datetime | None
    is_due_provisional: bool
    resolved_at: datetime | None
    closed_at: datetime | None
    merged_into: str | None
    steps: tuple[tuple[datetime, str, str], ...] = field(default=())


# What the public may know happened; requests, notes and mediations are between the people concerned.
PUBLIC_STEPS = frozenset(
    {
        Action.REGISTER,
        Action.ACCEPT,
        Action.TRANSFER,
        Action.DECLINE,
        Action.DISPATCH,
        Action.START,
        Action.GRANT_EXTENSION,
        Action.PAUSE,
        Action.RESUME,
        Action.MERGE,
        Action.RESOLVE,
        Action.CLOSE,
        Action.REOPEN,
        Action.WITHDRAW,
    }
)


def own_case(session: Session, row: Complaint, *, is_asked: bool) -> OwnCase:
    """Return a complaint for its reporter; staff appear as offices, never by name or account."""
    names = parties.names_of(session, [row.party_id] if row.party_id else [])
    steps = [step for step in repository.steps_of(session, row.id) if _concerns_reporter(step)]
    return OwnCase(
        line=own_line(row),
        disclosure=row.disclosure,
        is_due_provisional=row.is_due_provisional,
        paused_at=row.paused_at,
        party_name=names.get(row.party_id or ""),
        merged_into=_number_of(session, row.merged_into_id),
        is_asked=is_asked,
        steps=tuple(_told(step) for step in steps),
    )


def tracked(session: Session, row: Complaint) -> Tracked:
    """Return what anybody may know of a complaint."""
    shown = [step for step in repository.steps_of(session, row.id) if step.action in PUBLIC_STEPS]
    return Tracked(
        number=row.number,
        state=row.state,
        category=row.category,
        place=row.place_label.partition(" ")[0],
        registered_at=row.registered_at,
        due_at=row.due_at,
        is_due_provisional=row.is_due_provisional,
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        merged_into=_number_of(session, row.merged_into_id),
        steps=tuple((step.at, step.action, step.to_state) for step in shown),
    )


def own_line(row: Complaint) -> OwnComplaint:
    """Return one's own complaint as a line."""
    return OwnComplaint(
        row.id,
        row.number,
        row.state,
        row.category,
        row.place_label,
        row.words,
        row.registered_at,
        row.due_at,
    )


def complaints_of_account(
    session: Session, account_id: str, limit: int, before: Position | None
) -> list[OwnComplaint]:
    """Return the complaints of a resident's account, newest first, before a position."""
    query = (
        select(Complaint)
        .join(ComplaintReporter, col(ComplaintReporter.complaint_id) == col(Complaint.id))
        .where(
            ComplaintReporter.account_id == account_id,
            older_than(col(Complaint.registered_at), col(Complaint.id), before),
        )
        .order_by(col(Complaint.registered_at).desc(), col(Complaint.id).desc())
    )
    return [own_line(row) for row in session.exec(query.limit(limit))]


def own_reports(session: Session, account_id: str) -> Sequence[Complaint]:
    """Return every complaint of an account, oldest first, at most a thousand."""
    query = (
        select(Complaint)
        .join(ComplaintReporter, col(ComplaintReporter.complaint_id) == col(Complaint.id))
        .where(ComplaintReporter.account_id == account_id)
        .order_by(col(Complaint.registered_at), col(Complaint.id))
    )
    return session.exec(query.limit(1000)).all()


def _concerns_reporter(step: ComplaintStep) -> bool:
    return step.is_told or step.action in PUBLIC_STEPS


def _told(step: ComplaintStep) -> StepView:
    """Return a step without who took it; the words where they were meant for the reporter."""
    facts = {name: value for name, value in (step.facts or {}).items() if name in ("outcome", "into")}
    words = step.words if step.is_told else ""
    return replace(step_view(step, is_trusted=False), actor_id=None, words=words, facts=facts)


def _number_of(session: Session, complaint_id: str | None) -> str | None:
    if complaint_id is None:
        return None
    return session.exec(select(Complaint.number).where(Complaint.id == complaint_id)).first()
