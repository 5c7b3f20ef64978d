"""What reporters see and do: their own complaints, taking one back, having one done over, the public tracker."""

from __future__ import annotations

from backend.complaints import errors, queries
from backend.complaints.repository import complaints as repository
from backend.complaints.repository import proceedings
from backend.complaints.rules import numbers
from backend.complaints.rules.states import Action, Doer, State
from backend.complaints.service import clocks
from backend.complaints.service.follow_up import reopen
from backend.complaints.service.loading import check_state, load_by_code, load_reported
from backend.complaints.service.photos import Pictures, pictures_of
from backend.complaints.service.steps import Step, take_step
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import require_resident
from backend.kernel.errors import NotFound


def my_complaints(ctx: Context, limit: int, before: Position | None = None) -> list[queries.OwnComplaint]:
    """Return the caller's own complaints, newest first; anonymous ones are nobody's own."""
    return queries.complaints_of_account(ctx.session, require_resident(ctx.actor), limit, before)


def my_complaint(ctx: Context, complaint_id: str) -> tuple[queries.OwnCase, Pictures]:
    """Return one of the caller's own complaints with everything they were told."""
    return _own(ctx, load_reported(ctx, complaint_id))


def tracked_case(ctx: Context, number: str, code: str) -> tuple[queries.OwnCase, Pictures]:
    """Return an anonymous complaint to whoever has its number and code; wrong ones are all alike."""
    return _own(ctx, load_by_code(ctx, number, code))


def track(ctx: Context, number: str) -> queries.Tracked:
    """Return where a complaint stands, to anybody with its number: coarse place, no words, no person.

    What is restricted does not exist here.
    """
    parsed = numbers.parse_number(number)
    row = None if parsed is None else repository.find_by_number(ctx.session, parsed)
    if row is None or row.is_restricted:
        raise NotFound
    return queries.tracked(ctx.session, row)


def withdraw_complaint(ctx: Context, complaint_id: str, words: str = "") -> Complaint:
    """Take one's own complaint back while it is open; withdrawn already is as good.

    Not while others were merged into it: theirs would end with it.
    """
    repository.lock(ctx.session, (load_reported(ctx, complaint_id).id,))
    row = load_reported(ctx, complaint_id)
    if row.state == State.WITHDRAWN:
        return row
    check_state(row, Action.WITHDRAW)
    if repository.merged_into(ctx.session, row.id):
        raise errors.others_follow()
    return take_step(ctx, row, Step(Action.WITHDRAW, Doer.REPORTER, words, is_told=True))


def reopen_own(ctx: Context, complaint_id: str, words: str) -> Complaint:
    """Have one's own complaint done over, within the time for it after the result or the closing."""
    row = load_reported(ctx, complaint_id)
    check_state(row, Action.REOPEN)
    if not words.strip():
        raise errors.wrong("words", "请写明还有什么问题。")
    since = row.closed_at or row.resolved_at
    assert since is not None  # the three states come after a result
    period = clocks.limits_for(ctx, row.organisation_id).reopen
    if ctx.clock.now() >= clocks.ends_at(ctx, period, since):
        raise errors.reopen_over()
    return reopen(ctx, row, Doer.REPORTER, words)


def _own(ctx: Context, row: Complaint) -> tuple[queries.OwnCase, Pictures]:
    case = queries.own_case(ctx.session, row, is_asked=_is_asked(ctx, row))
    return case, pictures_of(ctx, row.id, [step.id for step in case.steps])


def _is_asked(ctx: Context, row: Complaint) -> bool:
    if row.state != State.RESOLVED:
        return False
    question = proceedings.waiting_question(ctx.session, row.id)
    return question is not None and question.expires_at > ctx.clock.now()
