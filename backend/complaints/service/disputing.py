"""A declined report has a way up: disputed once by its reporter, or taken up by who supervises, and looked at again."""

from __future__ import annotations

from backend.complaints import errors
from backend.complaints.rules.states import Action, Doer
from backend.complaints.service import clocks
from backend.complaints.service.loading import check_state, load_by_code, load_for, load_reported
from backend.complaints.service.steps import Step, take_step
from backend.complaints.tables import Complaint
from backend.infra.context import Context


def dispute_own(ctx: Context, complaint_id: str, words: str) -> Complaint:
    """Have the declining of one's own report looked at further up (申请复核), once and in time."""
    return _disputed(ctx, load_reported(ctx, complaint_id), words)


def dispute_by_code(ctx: Context, number: str, code: str, words: str) -> Complaint:
    """Have the declining of an anonymous report looked at, with its number and code."""
    return _disputed(ctx, load_by_code(ctx, number, code), words)


def dispute_declining(ctx: Context, complaint_id: str, version: int | None, words: str) -> Complaint:
    """Take a declined report up again, on a supervisor's word."""
    return _back(ctx, load_for(ctx, complaint_id, Action.DISPUTE, version), Doer.STAFF, words)


def _disputed(ctx: Context, row: Complaint, words: str) -> Complaint:
    check_state(row, Action.DISPUTE)
    assert row.responded_at is not None  # declining is an answer
    period = clocks.limits_for(ctx, row.organisation_id).reopen
    is_over = ctx.clock.now() >= clocks.ends_at(ctx, period, row.responded_at)
    if row.disputed_at is not None or is_over:
        raise errors.dispute_over()
    return _back(ctx, row, Doer.REPORTER, words)


def _back(ctx: Context, row: Complaint, doer: Doer, words: str) -> Complaint:
    """Return the report to triage; it waits for its answer anew."""
    if not words.strip():
        raise errors.wrong("words", "请写明为什么应当受理。")
    now = ctx.clock.now()
    respond = clocks.class_limits(ctx, row.organisation_id, row.time_class).respond
    values = {
        "disputed_at": now,
        "responded_at": None,
        "is_response_overdue": False,
        **clocks.response_columns(ctx, respond, now),
    }
    return take_step(ctx, row, Step(Action.DISPUTE, doer, words, is_told=True, values=values))
