"""Striking what staff wrote down for a household that says it never answered so."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backend.infra.context import Context
from backend.notices.hooks import Answered
from backend.surveys import errors
from backend.surveys.repository import census, responses, surveys
from backend.surveys.rules.outcomes import BY_HAND
from backend.surveys.rules.questions import form_of
from backend.surveys.service.arriving import is_covering
from backend.surveys.service.closing import recount
from backend.surveys.service.loading import tell
from backend.surveys.tables import Survey, SurveyHousehold, SurveyResponse


def answer_objection(ctx: Context, answered: Answered) -> None:
    """Strike what an upheld objection is about: written down by staff before it was raised, and standing now.

    Struck answers stay in the history and are counted nowhere; the household is on the worklist again. After the
    close the estate is recounted, with the former and the new hash in the event. Two people: who wrote the answers
    down answers no objection to them. A second answer finds nothing standing and changes nothing.
    """
    household = census.hold_household(ctx.session, answered.subject_id)
    # Alone: a close or another strike would recount without this one.
    survey = surveys.hold_survey(ctx.session, household.survey_id, to_close=True)
    assert survey is not None
    entered = responses.entered_for(ctx.session, household.id, sorted(BY_HAND), answered.raised_at)
    if any(row.entered_by == ctx.actor.account_id for row in entered):
        raise errors.own_entry()
    standing = [row for row in entered if row.state == "standing"]
    if not answered.is_upheld or not standing:
        return
    now, pool = ctx.clock.now(), standing[0].pool
    for row in standing:
        responses.strike(ctx.session, row, now, answered.objection_id)
    _unreach(ctx, survey, household, pool)
    tell(ctx, survey, "answers_struck", {"household": household.dwelling_id, "answers": len(standing)})
    if survey.state == "closed":
        _correct(ctx, survey, household.estate_id)


def _unreach(ctx: Context, survey: Survey, household: SurveyHousehold, pool: str) -> None:
    """Take back the coverage of household and building, as far as nobody else's answer holds it."""
    left = responses.standing_of_household(ctx.session, household.id)
    was_answered, was_covered = household.answered_at is not None, household.covered_at is not None
    covered_at = _covered_since(ctx, survey, household, left)
    answered_at = min((row.arrived_at for row in left), default=None)
    is_untouched, building = answered_at is None and household.tries == 0, household.building_id
    census.change_household(ctx.session, household, answered_at=answered_at, covered_at=covered_at)
    place = census.hold_building(ctx.session, survey.id, pool, building)
    change = (
        int(answered_at is not None) - int(was_answered),
        int(covered_at is not None) - int(was_covered),
        -int(is_untouched and was_answered),
    )
    census.move_place(ctx.session, place, *change)


def _covered_since(
    ctx: Context, survey: Survey, household: SurveyHousehold, left: Sequence[SurveyResponse]
) -> datetime | None:
    form = form_of(survey.form)
    covering = [row for row in left if is_covering(ctx, survey, form, household.estate_id, row.overall)]
    return min((row.arrived_at for row in covering), default=None)


def _correct(ctx: Context, survey: Survey, estate_id: str) -> None:
    estate = surveys.find_estate(ctx.session, survey.id, estate_id)
    assert estate is not None
    before = estate.responses_sha256
    _, digest = recount(ctx, survey, estate)
    tell(ctx, survey, "corrected", {"estate": estate_id, "before": before, "after": digest})
