"""From dispatch to result: dispatched, taken or sent back, worked on, resolved."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from backend.complaints import errors
from backend.complaints.repository import complaints as repository
from backend.complaints.repository import parties
from backend.complaints.rules.intake import is_conduct
from backend.complaints.rules.states import Action, Doer, State
from backend.complaints.rules.statistics import minutes_between
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.rules.words import grams
from backend.complaints.service import clocks
from backend.complaints.service.follow_up import ask_question
from backend.complaints.service.loading import load_for, serving_party
from backend.complaints.service.steps import Step, safe_words, take_step, unit_doer
from backend.complaints.tables import Complaint
from backend.infra.context import Context


@dataclass(frozen=True, slots=True)
class DispatchComplaint:
    """Hand a complaint to the responsible party.

    ``wording``: what the party reads of a hidden reporter's words, where the masks alone leave too much.
    """

    complaint_id: str
    version: int | None
    party_id: str
    words: str = ""
    wording: str | None = None


@dataclass(frozen=True, slots=True)
class HandleComplaint:
    """What the responsible party does: take, note, send back, resolve; ``media_ids`` are the evidence."""

    complaint_id: str
    version: int | None
    words: str = ""
    is_told: bool = False
    media_ids: tuple[str, ...] = ()


def dispatch_complaint(ctx: Context, command: DispatchComplaint) -> Complaint:
    """Dispatch to a party of the area; a restricted case, or one about conduct, never goes to the unit it is about.

    Nobody hands a case to a unit they act for themselves.
    """
    row = load_for(ctx, command.complaint_id, Action.DISPATCH, command.version)
    party = serving_party(ctx, row, command.party_id)
    if not party.is_active:
        raise errors.party_unsuitable()
    if (row.is_restricted or is_conduct(row.category)) and party.id == row.about_party_id:
        raise errors.about_itself()
    members = parties.members_of(ctx.session, [party.id])
    if ctx.actor.account_id in {member.account_id for member in members}:
        raise errors.conflict_of_interest()
    if row.is_restricted and row.about_account_id in {member.account_id for member in members}:
        raise errors.about_itself()
    values = {"party_id": party.id, "dispatched_at": ctx.clock.now(), **_worded(ctx, row, command)}
    return take_step(ctx, row, Step(Action.DISPATCH, Doer.STAFF, command.words, values=values))


def _worded(ctx: Context, row: Complaint, command: DispatchComplaint) -> dict[str, Any]:
    if command.wording is None:
        return {}
    text = safe_words(ctx, row, command.wording)
    if row.disclosure == Disclosure.NAMED or len(text) < 2:
        raise errors.wrong(
            "wording", "只有保密、匿名的反映可以另写转述；请写明情况，不写能认出反映人的内容。"
        )
    return {"words_for_party": text, "grams": grams(f"{text} {row.place_words}")}


def start_complaint(ctx: Context, command: HandleComplaint) -> Complaint:
    """Take a dispatched complaint: from now on the party answers for it."""
    row = load_for(ctx, command.complaint_id, Action.START, command.version)
    return take_step(ctx, row, Step(Action.START, unit_doer(row), command.words))


def contest_dispatch(ctx: Context, command: HandleComplaint) -> Complaint:
    """Send a wrong dispatch back, in time and once per party; the first receiver answers for it again."""
    row = load_for(ctx, command.complaint_id, Action.CONTEST, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明退回的理由和应办单位。")
    assert row.dispatched_at is not None and row.party_id is not None  # a constraint holds it
    period = clocks.limits_for(ctx, row.organisation_id).contest
    until = clocks.ends_at(ctx, period, row.dispatched_at)
    is_over = ctx.clock.now() >= until or repository.has_contested(ctx.session, row.id, row.party_id)
    # Of a restricted case it is no dispute: who may see it takes it from a unit that may not.
    if is_over and not row.is_restricted:
        raise errors.contest_over()
    return take_step(ctx, row, Step(Action.CONTEST, unit_doer(row), command.words))


def note_progress(ctx: Context, command: HandleComplaint) -> Complaint:
    """Write down what was done, for the reporter to read where ``is_told``."""
    row = load_for(ctx, command.complaint_id, Action.NOTE, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明办理情况。")
    return take_step(ctx, row, _step(row, Action.NOTE, command))


def resolve_complaint(ctx: Context, command: HandleComplaint) -> Complaint:
    """State the result and ask the reporter; the clock stops here and a pause ends."""
    row = load_for(ctx, command.complaint_id, Action.RESOLVE, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明办理结果，反映人会看到。")
    step, now = _step(row, Action.RESOLVE, command), ctx.clock.now()
    paused = clocks.paused_seconds(row, now)
    values = {
        "resolved_at": now,
        "paused_seconds": paused,
        "minutes_to_resolve": minutes_between(row.registered_at, now, paused),
        "paused_at": None,
        "pause_reason": None,
        "is_solved": None,
        "is_satisfied": None,
    }
    row = take_step(ctx, row, replace(step, is_told=True, values=values))
    assert row.state == State.RESOLVED
    ask_question(ctx, row)
    return row


def _step(row: Complaint, action: Action, command: HandleComplaint) -> Step:
    return Step(
        action, unit_doer(row), command.words, is_told=command.is_told, media_ids=tuple(command.media_ids)
    )
