"""The question after the work, asked once: solved? satisfied? "No" reopens; silence closes, and says so."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.complaints import errors
from backend.complaints.repository import complaints as repository
from backend.complaints.repository import proceedings
from backend.complaints.rules import numbers
from backend.complaints.rules.follow_up import Verdict, must_supervise, verdict_of
from backend.complaints.rules.states import Action, Doer, State
from backend.complaints.rules.vocabulary import Outcome
from backend.complaints.service import clocks
from backend.complaints.service.loading import check_state, load_by_code, load_for, load_reported
from backend.complaints.service.steps import Step, nobody, safe_words, take_step
from backend.complaints.tables import Complaint, FollowUp
from backend.infra.context import Context
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id


@dataclass(frozen=True, slots=True)
class Answer:
    """The reporter's answer."""

    is_solved: bool
    is_satisfied: bool
    words: str = ""


def ask_question(ctx: Context, row: Complaint) -> FollowUp:
    """Ask about a result; the one-time token goes to the reporter and is readable for nobody else."""
    token, now = numbers.new_token(), ctx.clock.now()
    period = clocks.limits_for(ctx, row.organisation_id).follow_up
    question = FollowUp(
        id=new_id(),
        complaint_id=row.id,
        round=proceedings.next_round(ctx.session, row.id),
        token_sealed=ctx.vault.seal(token, "complaint_follow_up.token"),
        token_index=_token_indexes(ctx, token)[0],
        asked_at=now,
        expires_at=clocks.ends_at(ctx, period, now),
    )
    ctx.session.add(question)
    ctx.session.flush()
    return question


def answer_own(ctx: Context, complaint_id: str, answer: Answer) -> Complaint:
    """Answer about one's own complaint, in the mini-program."""
    row = load_reported(ctx, complaint_id)
    return _answered(ctx, row, proceedings.waiting_question(ctx.session, row.id), answer, "account")


def answer_by_token(ctx: Context, token: str, answer: Answer) -> Complaint:
    """Answer with the one-time token from a message; a wrong token and a used one are told apart by nobody."""
    question = proceedings.question_by_token(ctx.session, _token_indexes(ctx, token))
    row = None if question is None else repository.find(ctx.session, question.complaint_id)
    if question is None or row is None:
        raise NotFound
    return _answered(ctx, row, question, answer, "token")


def answer_by_code(ctx: Context, number: str, code: str, answer: Answer) -> Complaint:
    """Answer about an anonymous complaint with the code given out at its registration."""
    row = load_by_code(ctx, number, code)
    return _answered(ctx, row, proceedings.waiting_question(ctx.session, row.id), answer, "code")


def record_answer(ctx: Context, complaint_id: str, version: int | None, answer: Answer) -> Complaint:
    """Write down what the reporter said on the telephone (回访); the hotline asks, never the party."""
    row = load_for(ctx, complaint_id, Action.FOLLOW_UP, version)
    question = proceedings.waiting_question(ctx.session, row.id)
    return _answered(ctx, row, question, answer, "staff")


def close_complaint(ctx: Context, complaint_id: str, version: int | None) -> Complaint:
    """Close what was followed up, or what nobody answered in time; "closed" is told apart from "solved".

    Not while the reporter may still answer: their "no" would come too late.
    """
    row = load_for(ctx, complaint_id, Action.CLOSE, version)
    now = ctx.clock.now()
    doer = Doer.SYSTEM if ctx.actor.kind == "system" else Doer.STAFF
    outcome = Outcome.UNANSWERED
    if row.state == State.FOLLOWED_UP:
        outcome = Outcome.CONFIRMED if row.is_satisfied else Outcome.UNSATISFIED
    else:
        question = proceedings.waiting_question(ctx.session, row.id)
        if doer is Doer.STAFF and question is not None and question.expires_at > now:
            raise errors.question_waits()
        _end_question(ctx, row, now)
    values = {"closed_at": now, "outcome": outcome}
    facts = {"outcome": outcome.value}
    return take_step(ctx, row, Step(Action.CLOSE, doer, is_told=True, values=values, facts=facts))


def close_unanswered(ctx: Context, complaint_id: str) -> bool:
    """Close a complaint whose question expired; False when it was answered meanwhile."""
    row = repository.find(ctx.session, complaint_id)
    if row is None or row.state != State.RESOLVED:
        return False
    question = proceedings.waiting_question(ctx.session, row.id)
    if question is None or question.expires_at > ctx.clock.now():
        return False
    close_complaint(ctx, complaint_id, None)
    return True


def reopen(ctx: Context, row: Complaint, doer: Doer, words: str) -> Complaint:
    """Start the work anew with a fresh clock; from the second time on the case is supervised."""
    now = ctx.clock.now()
    _end_question(ctx, row, now)
    limits = clocks.class_limits(ctx, row.organisation_id, row.time_class)
    values: dict[str, Any] = clocks.start_columns(ctx, limits.resolve, now)
    values |= {
        "reopenings": row.reopenings + 1,
        "resolved_at": None,
        "minutes_to_resolve": None,
        "closed_at": None,
        "outcome": None,
        "extensions": 0,
        "is_supervised": row.is_supervised or must_supervise(row.reopenings + 1),
    }
    return take_step(ctx, row, Step(Action.REOPEN, doer, words, is_told=True, values=values))


def _answered(ctx: Context, row: Complaint, question: FollowUp | None, answer: Answer, via: str) -> Complaint:
    check_state(row, Action.FOLLOW_UP)
    now = ctx.clock.now()
    if question is None or question.expires_at <= now:
        raise errors.question_over()
    doer = Doer.STAFF if via == "staff" else Doer.REPORTER
    stored = {
        "answered_at": now,
        "via": via,
        "is_solved": answer.is_solved,
        "is_satisfied": answer.is_satisfied,
        "words": safe_words(ctx, row, answer.words),
        "recorded_by": ctx.actor.account_id if via == "staff" else None,
    }
    if not proceedings.answer(ctx.session, question.id, stored):
        raise errors.question_over()
    values = {"is_solved": answer.is_solved, "is_satisfied": answer.is_satisfied}
    facts = {"solved": answer.is_solved, "satisfied": answer.is_satisfied, "via": via}
    step = Step(Action.FOLLOW_UP, doer, answer.words, is_told=True, values=values, facts=facts)
    row = take_step(ctx, row, step)
    if (
        verdict_of(row.reopenings, is_solved=answer.is_solved, is_satisfied=answer.is_satisfied)
        is Verdict.AGAIN
    ):
        return reopen(ctx, row, doer, "")
    outcome = Outcome.CONFIRMED if answer.is_satisfied else Outcome.UNSATISFIED
    closing = {"closed_at": now, "outcome": outcome}
    closer = ctx if via == "staff" else nobody(ctx)
    told = Step(Action.CLOSE, Doer.SYSTEM, is_told=True, values=closing, facts={"outcome": outcome.value})
    return take_step(closer, row, told)


def _end_question(ctx: Context, row: Complaint, now: datetime) -> None:
    question = proceedings.waiting_question(ctx.session, row.id)
    if question is not None:
        proceedings.answer(ctx.session, question.id, {"ended_at": now})


def _token_indexes(ctx: Context, token: str) -> tuple[str, ...]:
    return ctx.vault.indexes(token.strip(), "complaint.follow_up")
