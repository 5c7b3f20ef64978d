"""What the bot does: warn before a deadline, tell when it has passed, close what nobody answered, recompute.

Each step looks again at the row it is about, in a transaction of its own, and doing it twice tells once.
"""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session

from backend.complaints.repository import complaints as repository
from backend.complaints.repository import proceedings
from backend.complaints.rules.states import OPEN, Action, Doer
from backend.complaints.service import clocks
from backend.complaints.service.steps import Step, append, take_step
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.infra.database import db_now
from backend.kernel.clock import iso

MOST = 1000


def to_warn(session: Session) -> Sequence[str]:
    """Return the complaints whose deadline comes near."""
    return repository.due_ids(session, "warn", db_now(session), MOST)


def overdue(session: Session) -> Sequence[str]:
    """Return the complaints whose deadline has passed and was not told yet."""
    return repository.due_ids(session, "overdue", db_now(session), MOST)


def long_paused(session: Session) -> Sequence[str]:
    """Return the complaints whose clock has stood still for as long as is to be reminded of."""
    return repository.due_ids(session, "pause", db_now(session), MOST)


def unanswered(session: Session) -> Sequence[str]:
    """Return the complaints whose first answer is late and was not told yet."""
    return repository.due_ids(session, "respond", db_now(session), MOST)


def expired(session: Session) -> Sequence[str]:
    """Return the complaints whose question after the work nobody answered."""
    return proceedings.expired_questions(session, db_now(session), MOST)


def provisional(session: Session) -> Sequence[str]:
    """Return the complaints whose dates may change with a calendar that was loaded."""
    return repository.provisional_ids(session, MOST)


def warn(ctx: Context, complaint_id: str) -> bool:
    """Tell that a deadline comes near, once for each due date."""
    row, now = repository.find(ctx.session, complaint_id), ctx.clock.now()
    if row is None or not _is_running(row) or row.due_at is None or row.warn_at is None:
        return False
    if row.warned_for == row.due_at or not row.warn_at <= now < row.due_at:
        return False
    was = {"due_at": row.due_at, "warned_for": row.warned_for}
    if not repository.mark(ctx.session, row.id, was, {"warned_for": row.due_at}):
        return False
    append(ctx, row, "due_soon", _payload(row))
    return True


def tell_overdue(ctx: Context, complaint_id: str) -> bool:
    """Tell that a deadline has passed, once for each due date."""
    row, now = repository.find(ctx.session, complaint_id), ctx.clock.now()
    if row is None or not _is_running(row) or row.due_at is None or now < row.due_at:
        return False
    if row.overdue_for == row.due_at:
        return False
    was = {"due_at": row.due_at, "overdue_for": row.overdue_for}
    if not repository.mark(ctx.session, row.id, was, {"overdue_for": row.due_at}):
        return False
    append(ctx, row, "overdue", _payload(row))
    return True


def tell_long_pause(ctx: Context, complaint_id: str) -> bool:
    """Remind of a pause that goes on, again and again until the clock does."""
    row, now = repository.find(ctx.session, complaint_id), ctx.clock.now()
    if row is None or row.state not in OPEN or row.paused_at is None or row.warn_at is None:
        return False
    if now < row.warn_at:
        return False
    was = {"paused_at": row.paused_at, "warn_at": row.warn_at}
    if not repository.mark(ctx.session, row.id, was, {"warn_at": clocks.remind_at(ctx, row, now)}):
        return False
    append(ctx, row, "paused_long", _payload(row))
    return True


def tell_unanswered(ctx: Context, complaint_id: str) -> bool:
    """Tell that nobody has answered the reporter in time, once."""
    row, now = repository.find(ctx.session, complaint_id), ctx.clock.now()
    if row is None or row.state not in OPEN or row.responded_at is not None or now < row.respond_by_at:
        return False
    was = {"responded_at": None, "is_response_overdue": False}
    if not repository.mark(ctx.session, row.id, was, {"is_response_overdue": True}):
        return False
    append(ctx, row, "response_overdue", _payload(row))
    return True


def recompute(ctx: Context, complaint_id: str) -> bool:
    """Count provisional dates again; False while the year's calendar is still missing and nothing moves."""
    row = repository.find(ctx.session, complaint_id)
    if row is None or row.state not in OPEN:
        return False
    done = _recompute_response(ctx, row)
    clock = clocks.clock_of(row)
    if clock is None or row.paused_at is not None or not row.is_due_provisional:
        return done
    values = clocks.clock_columns(ctx, clock, clocks.course_of(row))
    if values["due_at"] == row.due_at and values["is_due_provisional"]:
        return done
    take_step(ctx, row, Step(Action.RECOMPUTE, Doer.SYSTEM, values=values))
    return True


def _recompute_response(ctx: Context, row: Complaint) -> bool:
    if not row.is_respond_provisional:
        return False
    limits = clocks.class_limits(ctx, row.organisation_id, row.time_class)
    values = clocks.response_columns(ctx, limits.respond, clocks.asked_at(row))
    if values["is_respond_provisional"] and values["respond_by_at"] == row.respond_by_at:
        return False
    return repository.mark(ctx.session, row.id, {"respond_by_at": row.respond_by_at}, values)


def _is_running(row: Complaint) -> bool:
    return row.state in OPEN and row.paused_at is None


def _payload(row: Complaint) -> dict[str, object]:
    return {
        "state": row.state,
        "category": row.category,
        "party": row.party_id,
        "due_at": None if row.due_at is None else iso(row.due_at),
        "respond_by_at": iso(row.respond_by_at),
        "supervised": row.is_supervised,
    }
