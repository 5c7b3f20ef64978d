"""How answers join the sums and texts the list: by the rule of five, while a survey is open and at its close."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime

from backend.infra.context import Context
from backend.surveys.repository import responses, sums, surveys, texts
from backend.surveys.repository.texts import Writer
from backend.surveys.rules.counts import Counts, counts_of, difference
from backend.surveys.rules.joining import due, settle
from backend.surveys.rules.questions import Form
from backend.surveys.tables import SurveyResponse
from backend.tally.small_groups import FEWEST


def join_sums(
    ctx: Context, form: Form, at: tuple[str, str, str], now: datetime, *, kept: int = FEWEST
) -> None:
    """Let answers that wait in (survey, estate, pool) join the sums, and struck ones leave them.

    The pool is held, or the survey closes.
    """
    waiting = responses.pending(ctx.session, at[0], at[2])
    joining = due(waiting, is_new, kept=kept)
    if not joining:
        return
    former = [each.subtracts_id for each in joining if each.subtracts_id is not None]
    gone = list(responses.responses_by_id(ctx.session, former)) if former else []
    struck = responses.unsettled(ctx.session, *at)
    gone += held_of_struck(ctx, struck)
    responses.mark_settled(ctx.session, [each.id for each in struck], now)
    change = difference(_counts(form, joining), _counts(form, gone))
    new = answered_anew(form, joining)
    touched = {*new, *(question for question, _ in change)}
    into, held = settle(change, new, sums.held_sums(ctx.session, at, touched))
    responses.mark_released(ctx.session, [each.id for each in joining], now)
    sums.add_sums(ctx.session, at, into)
    sums.hold_sums(ctx.session, at, held)


def held_of_struck(ctx: Context, struck: Sequence[SurveyResponse]) -> list[SurveyResponse]:
    """Return whose counts the sums hold of struck answers: their own, or those they were to take the place of."""
    own = [each for each in struck if each.released_at is not None]
    former = [each.subtracts_id for each in struck if each.released_at is None and each.subtracts_id]
    return own + list(responses.responses_by_id(ctx.session, former) if former else [])


def is_new(row: SurveyResponse) -> bool:
    """Tell whether nothing that its respondent ever said is in the sums."""
    return row.subtracts_id is None


def answered_anew(form: Form, rows: Sequence[SurveyResponse]) -> Counter[str]:
    """Return question → how many of these answered it of whom nothing is in the sums."""
    found: Counter[str] = Counter()
    for row in rows:
        if is_new(row):
            found.update({question for question, _ in counts_of(form, row.answers, row.channel)})
    return found


def _counts(form: Form, rows: Sequence[SurveyResponse]) -> list[Counts]:
    return [counts_of(form, row.answers, row.channel) for row in rows]


def show_texts(ctx: Context, survey_id: str, estate_id: str, *, kept: int = FEWEST) -> None:
    """Let texts that wait in an estate appear, and with them those vanish whose writers have written anew.

    The estate is held: two arrivals at once would each let a batch through, and one of them might be small.
    """
    surveys.hold_estate(ctx.session, survey_id, estate_id)
    waiting = texts.waiting_writers(ctx.session, survey_id, estate_id)
    known = texts.shown_writers(ctx.session, survey_id, estate_id, [each.respondent for each in waiting])

    def has_never_been_shown(each: Writer) -> bool:
        return each.respondent not in known

    joining = due(waiting, has_never_been_shown, kept=kept)
    if joining:
        texts.hide_replaced_texts(ctx.session, survey_id, estate_id)
        texts.show_texts(ctx.session, [each.response_id for each in joining])
