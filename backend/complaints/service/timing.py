"""Pausing, resuming and extending the clock, each with its recorded reason."""

from __future__ import annotations

from dataclasses import dataclass

from backend.complaints import errors
from backend.complaints.repository import proceedings
from backend.complaints.rules.states import RUNNING, Action, Doer
from backend.complaints.rules.vocabulary import PAUSE_TITLES, PauseReason
from backend.complaints.service import clocks
from backend.complaints.service.loading import load_for
from backend.complaints.service.steps import Step, safe_words, take_step, unit_doer
from backend.complaints.tables import Complaint, ComplaintExtension
from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.policies.rules.clocks import Period, parse_period
from backend.policies.rules.hotline import TimeClass


@dataclass(frozen=True, slots=True)
class PauseComplaint:
    """Stop the clock for one of the known reasons; the words are told to the reporter."""

    complaint_id: str
    version: int | None
    reason: PauseReason
    words: str


@dataclass(frozen=True, slots=True)
class ResumeComplaint:
    """Let the clock go on."""

    complaint_id: str
    version: int | None
    words: str = ""


@dataclass(frozen=True, slots=True)
class RequestExtension:
    """Ask for more time before the time is over; ``period`` like ``5wd``, None for as much as one may add."""

    complaint_id: str
    version: int | None
    reason: str
    period: str | None = None


@dataclass(frozen=True, slots=True)
class DecideExtension:
    """Grant or refuse the extension that waits; the words are told to the reporter."""

    complaint_id: str
    version: int | None
    is_granted: bool
    words: str


def pause_complaint(ctx: Context, command: PauseComplaint) -> Complaint:
    """Pause a running clock; a deadline that has passed cannot be paused away."""
    row = load_for(ctx, command.complaint_id, Action.PAUSE, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明暂停的具体情况，反映人会看到。")
    clock, now = clocks.clock_of(row), ctx.clock.now()
    if clock is None or row.paused_at is not None or row.due_at is None or now >= row.due_at:
        raise errors.already_paused()
    values, left = clocks.pause_columns(ctx, row, command.reason, now), clocks.left_of(ctx, row, clock, now)
    words = f"{PAUSE_TITLES[command.reason]}：{command.words}"
    facts = {"reason": command.reason.value, "left": left, "unit": clock.unit.value}
    step = Step(Action.PAUSE, Doer.STAFF, words, is_told=True, values=values, facts=facts)
    return take_step(ctx, row, step)


def resume_complaint(ctx: Context, command: ResumeComplaint) -> Complaint:
    """Resume a paused clock with what was left."""
    row = load_for(ctx, command.complaint_id, Action.RESUME, command.version)
    clock = clocks.clock_of(row)
    if clock is None or row.paused_at is None:
        raise errors.not_paused()
    now = ctx.clock.now()
    values = clocks.resume_columns(ctx, row, clock, now) | {"paused_seconds": clocks.paused_seconds(row, now)}
    return take_step(ctx, row, Step(Action.RESUME, Doer.STAFF, command.words, is_told=True, values=values))


def request_extension(ctx: Context, command: RequestExtension) -> Complaint:
    """Ask for an extension up to the last instant of the period, as often and as far as the policy allows."""
    row = load_for(ctx, command.complaint_id, Action.REQUEST_EXTENSION, command.version)
    if not command.reason.strip():
        raise errors.wrong("reason", "请写明延期的理由，反映人会看到。")
    if row.paused_at is not None or row.due_at is None or ctx.clock.now() >= row.due_at:
        raise errors.extension_impossible("期限已过或计时已暂停，不能申请延期。")
    period = _period(ctx, row, command.period)
    if proceedings.open_extension(ctx.session, row.id) is not None:
        raise errors.extension_impossible("已有一个延期申请等待决定。")
    ctx.session.add(
        ComplaintExtension(
            id=new_id(),
            complaint_id=row.id,
            period=str(period),
            reason=safe_words(ctx, row, command.reason),
            requested_by=ctx.actor.account_id or "system",
            requested_at=ctx.clock.now(),
        )
    )
    facts = {"period": str(period)}
    step = Step(Action.REQUEST_EXTENSION, unit_doer(row), command.reason, facts=facts)
    return take_step(ctx, row, step)


def decide_extension(ctx: Context, command: DecideExtension) -> Complaint:
    """Decide an extension; granted, it counts on from the former due date, also when decided after it.

    Whoever asked in time is not late because the decision is.
    """
    action = Action.GRANT_EXTENSION if command.is_granted else Action.REFUSE_EXTENSION
    row = load_for(ctx, command.complaint_id, action, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明理由，反映人和热线会看到。")
    waiting = proceedings.open_extension(ctx.session, row.id)
    if waiting is None:
        raise errors.extension_impossible("没有等待决定的延期申请。")
    decided_by = ctx.actor.account_id or "system"
    if decided_by == waiting.requested_by:
        raise errors.conflict_of_interest()
    values = {}
    if command.is_granted:
        values = _extended(ctx, row, waiting)
    decision = {
        "state": "granted" if command.is_granted else "refused",
        "decided_by": decided_by,
        "decided_at": ctx.clock.now(),
        "decision_words": safe_words(ctx, row, command.words),
    }
    if not proceedings.decide_extension(ctx.session, waiting.id, decision):
        raise errors.changed()
    facts = {"period": waiting.period}
    step = Step(action, Doer.STAFF, command.words, is_told=command.is_granted, values=values, facts=facts)
    return take_step(ctx, row, step)


def _extended(ctx: Context, row: Complaint, waiting: ComplaintExtension) -> dict[str, object]:
    clock, period = clocks.clock_of(row), parse_period(waiting.period)
    if row.state not in RUNNING or clock is None or period is None or row.paused_at is not None:
        raise errors.extension_impossible("计时已暂停或已停止，请先恢复计时再决定延期。")
    values = clocks.extension_columns(ctx, row, clock, period)
    return {**values, "extensions": row.extensions + 1}


def _period(ctx: Context, row: Complaint, asked: str | None) -> Period:
    limits = clocks.limits_for(ctx, row.organisation_id)
    most = limits.classes[TimeClass(row.time_class)].extension
    if row.extensions >= limits.extensions:
        raise errors.extension_impossible(f"每件最多延期 {limits.extensions} 次。")
    if most.unit != row.clock_unit:  # the locality changed the unit while this clock was running
        raise errors.extension_impossible("时限的计算单位已变更，这一件不能延期。")
    if asked is None:
        return most
    found = parse_period(asked)
    if found is None or found.unit is not most.unit or found.amount > most.amount:
        raise errors.wrong("period", f"延期应以同一单位计算，最多{most.title}。")
    return found
