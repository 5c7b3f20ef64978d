"""Closing a survey: every estate is recounted from its responses, and the result stands."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.surveys import errors
from backend.surveys.repository import responses, surveys
from backend.surveys.rules.counts import by_question, counts_of, difference
from backend.surveys.rules.questions import Form, form_of
from backend.surveys.service.arriving import held_of_struck
from backend.surveys.service.loading import load_survey, tell
from backend.surveys.tables import Survey, SurveyResponse
from backend.tally.small_groups import FEWEST, may_show

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
        result, digest = recount(ctx, row, estate.estate_id)
        surveys.change_estate(ctx.session, estate, result=result, responses_sha256=digest)
        if not result["held_back"]:
            responses.release_rest(ctx.session, row.id, estate.estate_id, now)
        hashes.append(f"{estate.estate_id}:{digest}")
    if not surveys.change_survey(ctx.session, row, row.version, state="closed", closed_at=now):
        raise errors.changed()
    surveys.forget_drafts(ctx.session, row.id)
    tell(ctx, row, "closed", {"results": sorted(hashes)})


def recount(ctx: Context, row: Survey, estate_id: str) -> tuple[dict[str, Any], str]:
    """Return an estate's result from its standing responses, and their hash.

    Result: ``responses``, ``overall`` (answer → number), ``questions`` (id → code → number), ``held_back``: how
    many answers are not in ``questions``, and ``struck``: how many struck ones still are, since what was said
    by one household cannot leave the sums alone. Held back are the ones that had not joined the sums when there are one
    to four of them in the estate: otherwise the result minus the last sums before the close would tell what they
    said. What the gate judges is always exact. The hash is over one line per response by id: id, fingerprint of
    what was sent, overall answer.
    """
    form = form_of(row.form)
    overall: Counter[str] = Counter()
    sums: Counter[tuple[str, str]] = Counter()
    waiting: list[SurveyResponse] = []
    digest = sha256()
    number = 0
    for response in responses.standing_in(ctx.session, row.id, estate_id):
        number += 1
        if response.overall is not None:
            overall[response.overall] += 1
        if response.released_at is None and len(waiting) < FEWEST:
            waiting.append(response)
        sums.update(counts_of(form, response.answers, response.channel))
        digest.update(f"{response.id} {response.request_sha256} {response.overall or ''}\n".encode())
    held_back = 0 if may_show(len(waiting)) else len(waiting)
    struck = responses.unsettled(ctx.session, row.id, estate_id)
    if held_back:
        sums.update(_undone(ctx, row, form, waiting))
    if struck:
        kept = [counts_of(form, each.answers, each.channel) for each in held_of_struck(ctx, struck)]
        sums.update(_inexact(row, form, difference(kept, ())))
    result = {
        "responses": number,
        "overall": dict(overall),
        "questions": by_question(sums),
        "held_back": held_back,
        "struck": len(struck),
    }
    return result, digest.hexdigest()


def _undone(
    ctx: Context, row: Survey, form: Form, waiting: Sequence[SurveyResponse]
) -> dict[tuple[str, str], int]:
    """Return what takes the sums back to before these answers came; nothing of the question the gate publishes."""
    former = [each.subtracts_id for each in waiting if each.subtracts_id is not None]
    gone = responses.responses_by_id(ctx.session, former) if former else []
    said, replaced = (
        [counts_of(form, each.answers, each.channel) for each in rows] for rows in (waiting, gone)
    )
    return _inexact(row, form, difference(replaced, said))


def _inexact(row: Survey, form: Form, change: Mapping[tuple[str, str], int]) -> dict[tuple[str, str], int]:
    """Return a change without the question that the gate publishes: what it judges is always exact."""
    exact = form.overall.id if form.overall is not None and row.rule_id is not None else None
    return {key: number for key, number in change.items() if key[0] != exact}
