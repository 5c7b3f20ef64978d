"""Closing a survey: every estate is recounted from its responses, and the result stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.surveys import errors
from backend.surveys.repository import responses, surveys
from backend.surveys.repository import sums as joined
from backend.surveys.rules.counts import ANSWERED, CHANNEL, by_question, counts_of
from backend.surveys.rules.joining import NEW
from backend.surveys.rules.questions import Form, form_of
from backend.surveys.service.joining import answered_anew, join_sums, show_texts
from backend.surveys.service.loading import load_survey, tell
from backend.surveys.tables import Survey, SurveyEstate, SurveyResponse
from backend.tally.small_groups import FEWEST

MOST_AT_ONCE = 200


def due_surveys(ctx: Context) -> list[str]:
    """Return the surveys whose deadline has passed by the database's clock."""
    return surveys.due_surveys(ctx.session, ctx.clock.now(), MOST_AT_ONCE)


def close_survey(ctx: Context, survey_id: str) -> Survey:
    """Close a survey whose deadline has passed; closing it again changes nothing.

    Answers that arrived in time are finished first. A survey is never closed early: whoever watches the rates
    could choose the moment.
    """
    load_survey(ctx, survey_id, Permission.SURVEY_OPEN)
    row = surveys.hold_survey(ctx.session, survey_id, to_close=True)
    assert row is not None
    if row.state == "closed":
        return row
    now = ctx.clock.now()
    if row.state != "open" or row.closes_at is None or now < row.closes_at:
        raise errors.not_due()
    _close(ctx, row, now)
    return row


def _close(ctx: Context, row: Survey, now: datetime) -> None:
    hashes = []
    for estate in surveys.estates_of(ctx.session, [row.id]):
        estate_id = estate.estate_id
        result, digest = recount(ctx, row, estate)
        hashes.append(f"{estate_id}:{digest}")
        _settle(ctx, row, estate_id, now)
        if not result["held_back"]:
            responses.release_rest(ctx.session, row.id, estate_id, now)
        if not result["struck"]:
            gone = responses.unsettled(ctx.session, row.id, estate_id)
            responses.mark_settled(ctx.session, [each.id for each in gone], now)
    if not surveys.change_survey(ctx.session, row, row.version, state="closed", closed_at=now):
        raise errors.changed()
    surveys.forget_drafts(ctx.session, row.id)
    tell(ctx, row, "closed", {"results": sorted(hashes)})


def _settle(ctx: Context, row: Survey, estate_id: str, now: datetime) -> None:
    """Let what still waits join the sums of its building and the list of texts, where five or more wait."""
    form = form_of(row.form)
    for pool in responses.pending_pools(ctx.session, row.id, estate_id):
        join_sums(ctx, form, (row.id, estate_id, pool), now, kept=0)
    show_texts(ctx, row.id, estate_id, kept=0)


def recount(ctx: Context, row: Survey, estate: SurveyEstate) -> tuple[dict[str, Any], str]:
    """Write down an estate's result from its standing responses and their hash, and return both.

    Result: ``responses``, ``overall`` (answer → number), ``questions`` (id → code → number), ``held_back``: how
    many answers are not in ``questions``, and ``struck``: how many struck ones still are. What the gate judges is
    always exact, and so is every question that five respondents at least answered who are not in what is shown of
    it; of any other the result is what is shown already: its difference from that would tell what one to four said.
    The hash is over one line per response by id: id, fingerprint of what was sent, overall answer.
    """
    form, estate_id = form_of(row.form), estate.estate_id
    overall: Counter[str] = Counter()
    sums: Counter[tuple[str, str]] = Counter()
    waiting: list[SurveyResponse] = []
    digest = sha256()
    number = 0
    for response in responses.standing_in(ctx.session, row.id, estate_id):
        number += 1
        if response.overall is not None:
            overall[response.overall] += 1
        if response.released_at is None:
            waiting.append(response)
        sums.update(counts_of(form, response.answers, response.channel))
        digest.update(f"{response.id} {response.request_sha256} {response.overall or ''}\n".encode())
    left = _left_as_shown(ctx, form, estate, None if row.state == "closed" else waiting)
    questions = by_question(sums) | left
    if row.rule_id is not None and form.overall is not None:
        questions[form.overall.id] = by_question(sums).get(form.overall.id, {})
    counted = sum(questions.get(CHANNEL, {}).values())
    struck = len(responses.unsettled(ctx.session, row.id, estate_id)) if CHANNEL in left else 0
    result = {
        "responses": number,
        "overall": dict(overall),
        "questions": {question: counts for question, counts in questions.items() if counts},
        "held_back": number - (counted - struck),
        "struck": struck,
    }
    surveys.change_estate(ctx.session, estate, result=result, responses_sha256=digest.hexdigest())
    return result, digest.hexdigest()


def _left_as_shown(
    ctx: Context, form: Form, estate: SurveyEstate, waiting: Sequence[SurveyResponse] | None
) -> dict[str, dict[str, int]]:
    """Return question → code → number, as it is shown, of every question that too few would move.

    ``waiting`` is None after the close, when nothing waits: what changes then changes the exact question alone.
    """
    new: Counter[str] = Counter()
    if waiting is None:
        shown = estate.result["questions"]
    else:
        at = (estate.survey_id, estate.estate_id)
        shown = joined.sums_of(ctx.session, *at)
        new.update(answered_anew(form, waiting))
        answers = joined.held_in(ctx.session, *at, ANSWERED)
        held = joined.held_in(ctx.session, *at, NEW)
        new.update({question: min(number, answers.get(question, 0)) for question, number in held.items()})
    asked = (CHANNEL, *(question.id for _, question in form.questions()))
    return {question: dict(shown.get(question, {})) for question in asked if new[question] < FEWEST}
