"""Closing a survey: every estate is recounted from its responses, and the result stands."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from hashlib import sha256
from typing import Any

from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.surveys import errors
from backend.surveys.repository import responses, surveys
from backend.surveys.rules.counts import counts_of
from backend.surveys.rules.questions import Form, form_of
from backend.surveys.service.loading import load_survey, tell
from backend.surveys.tables import Survey

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
    form = form_of(row.form)
    hashes = []
    for estate in surveys.estates_of(ctx.session, [row.id]):
        result, digest = recount(ctx, form, row.id, estate.estate_id)
        surveys.change_estate(ctx.session, estate, result=result, responses_sha256=digest)
        hashes.append(f"{estate.estate_id}:{digest}")
    if not surveys.change_survey(ctx.session, row, row.version, state="closed", closed_at=now):
        raise errors.changed()
    surveys.forget_drafts(ctx.session, row.id)
    tell(ctx, row, "closed", {"results": sorted(hashes)})


def recount(ctx: Context, form: Form, survey_id: str, estate_id: str) -> tuple[dict[str, Any], str]:
    """Return an estate's result from its standing responses, and their hash.

    Result: ``responses``, ``overall`` (answer → number) and ``questions`` (id → code → number). The hash is
    over one line per response by id: id, fingerprint of what was sent, overall answer.
    """
    overall: Counter[str] = Counter()
    questions: dict[str, Counter[str]] = {}
    digest = sha256()
    number = 0
    for response in responses.standing_in(ctx.session, survey_id, estate_id):
        number += 1
        if response.overall is not None:
            overall[response.overall] += 1
        for (question, code), count in counts_of(form, response.answers, response.channel).items():
            questions.setdefault(question, Counter())[code] += count
        digest.update(f"{response.id} {response.request_sha256} {response.overall or ''}\n".encode())
    result = {
        "responses": number,
        "overall": dict(overall),
        "questions": {name: dict(counts) for name, counts in questions.items()},
    }
    return result, digest.hexdigest()
