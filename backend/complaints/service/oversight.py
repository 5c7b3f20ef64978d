"""Supervision, mediation, merging duplicates, reopening: what others than the party do to a running case."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from backend.complaints import errors
from backend.complaints.repository import complaints as repository
from backend.complaints.rules.states import OPEN, Action, Doer
from backend.complaints.rules.visibility import View, view_of
from backend.complaints.service.follow_up import reopen
from backend.complaints.service.loading import check_mediator, concern_of, load_for, viewer_of
from backend.complaints.service.photos import MEDIATION, hang
from backend.complaints.service.steps import Step, take_step
from backend.complaints.tables import Complaint, Mediation
from backend.infra.context import Context
from backend.kernel.clock import local_date
from backend.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class SuperviseComplaint:
    """Put a case under supervision (督办) with an instruction."""

    complaint_id: str
    version: int | None
    words: str


@dataclass(frozen=True, slots=True)
class MergeComplaint:
    """Merge a duplicate into the case that goes on."""

    complaint_id: str
    version: int | None
    into_id: str


@dataclass(frozen=True, slots=True)
class RecordMediation:
    """A mediation that was held: who took part, who mediated, what was agreed."""

    complaint_id: str
    version: int | None
    held_on: date
    parties: str = field(repr=False)
    mediator: str = field(repr=False)
    is_agreed: bool
    agreement: str = field(default="", repr=False)
    media_ids: tuple[str, ...] = ()


def supervise_complaint(ctx: Context, command: SuperviseComplaint) -> Complaint:
    """Supervise; the mark stays until the case has ended, further instructions may follow."""
    row = load_for(ctx, command.complaint_id, Action.SUPERVISE, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明督办要求。")
    step = Step(Action.SUPERVISE, Doer.STAFF, command.words, values={"is_supervised": True})
    return take_step(ctx, row, step)


def reopen_complaint(ctx: Context, complaint_id: str, version: int | None, words: str) -> Complaint:
    """Have the work done over, on a supervisor's word."""
    row = load_for(ctx, complaint_id, Action.REOPEN, version)
    if not words.strip():
        raise errors.wrong("words", "请写明重新办理的理由。")
    return reopen(ctx, row, Doer.STAFF, words)


def merge_complaint(ctx: Context, command: MergeComplaint) -> Complaint:
    """Merge a duplicate; its reporter follows the case it went into, whose reporter stays unknown to them.

    Both are locked before anything is asked of them: of two merges the other way round one finds its case merged.
    """
    repository.lock(ctx.session, (command.complaint_id, command.into_id))
    row = load_for(ctx, command.complaint_id, Action.MERGE, command.version)
    into = repository.find(ctx.session, command.into_id)
    if into is None or view_of(viewer_of(ctx, into), concern_of(into)) is not View.STAFF:
        raise errors.merge_impossible()
    is_open = into.state in OPEN and into.id != row.id
    if not is_open or into.organisation_id != row.organisation_id:
        raise errors.merge_impossible()
    if row.is_restricted or into.is_restricted or repository.merged_into(ctx.session, row.id):
        raise errors.merge_impossible()
    values = {"merged_into_id": into.id}
    facts = {"into": into.number}
    step = Step(Action.MERGE, Doer.STAFF, is_told=True, values=values, facts=facts)
    return take_step(ctx, row, step)


def record_mediation(ctx: Context, command: RecordMediation) -> Complaint:
    """Write a mediation down (调解); names and agreement are sealed, the history says only how it ended."""
    row = load_for(ctx, command.complaint_id, Action.MEDIATE, command.version)
    check_mediator(ctx, row)
    if command.held_on > local_date(ctx.clock.now()):
        raise errors.wrong("held_on", "调解日期不能晚于今天。")
    if command.is_agreed and not command.agreement.strip():
        raise errors.wrong("agreement", "达成协议的，请写明协议内容。")
    outcome = "agreed" if command.is_agreed else "failed"
    held = new_id()
    ctx.session.add(
        Mediation(
            id=held,
            complaint_id=row.id,
            held_on=command.held_on,
            parties_sealed=ctx.vault.seal(command.parties, "complaint_mediation.parties"),
            mediator_sealed=ctx.vault.seal(command.mediator, "complaint_mediation.mediator"),
            outcome=outcome,
            agreement_sealed=_sealed_agreement(ctx, command),
            recorded_by=ctx.actor.account_id or "system",
            recorded_at=ctx.clock.now(),
        )
    )
    hang(ctx, row, command.media_ids, MEDIATION, held)
    facts = {"outcome": outcome, "held_on": command.held_on.isoformat()}
    return take_step(ctx, row, Step(Action.MEDIATE, Doer.STAFF, is_told=True, facts=facts))


def _sealed_agreement(ctx: Context, command: RecordMediation) -> str | None:
    if not command.is_agreed:
        return None
    return ctx.vault.seal(command.agreement, "complaint_mediation.agreement")
