"""Answering: residents on their phones, staff at the door, on the telephone and from paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson

from backend.infra.context import Context
from backend.infra.database import hold
from backend.kernel.access import Home, require_resident
from backend.kernel.errors import NotFound
from backend.kernel.ids import new_id
from backend.media.service import MediaView
from backend.surveys import errors
from backend.surveys.repository import census, responses, surveys
from backend.surveys.rules.outcomes import BY_HAND, Channel, answering_relations
from backend.surveys.service.arriving import Arrival, arrive
from backend.surveys.service.loading import hold_open, load_household, named_person
from backend.surveys.service.photos import photos_at
from backend.surveys.tables import Survey, SurveyDraft, SurveyHousehold, SurveyResponse

DRAFT = "survey_draft.answers"


@dataclass(frozen=True, slots=True)
class EnterAnswers:
    """Answers that staff write down for a household; ``photo_sha256``: the paper sheet."""

    survey_id: str
    household_id: str
    channel: str
    answers: Mapping[str, Any]
    idempotency_key: str
    photo_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class OwnAnswers:
    """What stands for one's household (or oneself), and what was begun and not sent."""

    response_id: str | None
    channel: str | None
    arrived_at: datetime | None
    answers: Mapping[str, Any] | None
    draft: Mapping[str, Any] | None
    draft_saved_at: datetime | None
    photos: tuple[MediaView, ...] = ()


def answer_survey(
    ctx: Context, survey_id: str, dwelling_id: str, answers: Mapping[str, Any], key: str
) -> SurveyResponse:
    """Answer for one's own household; may be repeated until the close, and the last one counts.

    Who answers as a person counts once, in the home they first answered from, from whichever they answer again.
    """
    account_id = require_resident(ctx.actor)
    survey, household = own_household(ctx, survey_id, dwelling_id)
    row = arrive(
        ctx,
        Arrival(
            survey_id=survey_id,
            household_id=_counted_in(ctx, survey, account_id) or household.id,
            channel=Channel.ONLINE,
            answers=answers,
            entered_by=account_id,
            idempotency_key=key,
            respondent=account_id if survey.unit == "person" else None,
        ),
    )
    responses.forget_draft(ctx.session, household.id, account_id)
    return row


def _counted_in(ctx: Context, survey: Survey, account_id: str) -> str | None:
    """Return the household in which a person's answer counts already; another from another home waits for this one."""
    if survey.unit != "person":
        return None
    hold(ctx.session, f"survey {survey.id} {account_id}")
    former = responses.standing(ctx.session, survey.id, account_id)
    return None if former is None else former.household_id


def enter_answers(ctx: Context, command: EnterAnswers) -> SurveyResponse:
    """Write down what a household said at the door, on the telephone or on paper, in one's own name."""
    household = load_household(ctx, command.survey_id, command.household_id)
    person = named_person(ctx)
    channel = next((known for known in BY_HAND if known == command.channel), None)
    if channel is None:
        raise errors.unknown("channel", "没有这种填写方式。")
    survey = surveys.find_survey(ctx.session, command.survey_id)
    assert survey is not None
    return arrive(
        ctx,
        Arrival(
            survey_id=command.survey_id,
            household_id=household.id,
            channel=channel,
            answers=command.answers,
            entered_by=person,
            idempotency_key=command.idempotency_key,
            respondent=new_id() if survey.unit == "person" else None,
            photo_sha256=command.photo_sha256,
        ),
    )


def save_draft(ctx: Context, survey_id: str, dwelling_id: str, answers: Mapping[str, Any]) -> datetime:
    """Keep what one has begun to answer; the last save stands, by one person for one household."""
    account_id = require_resident(ctx.actor)
    _, household = own_household(ctx, survey_id, dwelling_id)
    census.hold_household(ctx.session, household.id)
    _, now = hold_open(ctx, survey_id)
    sealed = ctx.vault.seal(orjson.dumps(dict(answers)).decode(), DRAFT)
    draft = responses.find_draft(ctx.session, household.id, account_id)
    if draft is None:
        draft = SurveyDraft(
            id=new_id(),
            household_id=household.id,
            account_id=account_id,
            survey_id=survey_id,
            answers_sealed=sealed,
            saved_at=now,
        )
    draft.answers_sealed, draft.saved_at = sealed, now
    ctx.session.add(draft)
    ctx.session.flush()
    return now


def own_answers(ctx: Context, survey_id: str, dwelling_id: str) -> OwnAnswers:
    """Return what stands for one's own household and one's draft."""
    account_id = require_resident(ctx.actor)
    survey, household = own_household(ctx, survey_id, dwelling_id)
    respondent = account_id if survey.unit == "person" else household.id
    row = responses.standing(ctx.session, survey_id, respondent)
    draft = responses.find_draft(ctx.session, household.id, account_id)
    begun = None if draft is None else orjson.loads(ctx.vault.open(draft.answers_sealed, DRAFT))
    saved_at = None if draft is None else draft.saved_at
    if row is None:
        return OwnAnswers(None, None, None, None, begun, saved_at)
    photos = tuple(photos_at(ctx, [row])[row.id])
    return OwnAnswers(row.id, row.channel, row.arrived_at, full_answers(ctx, row), begun, saved_at, photos)


def full_answers(ctx: Context, row: SurveyResponse) -> dict[str, Any]:
    """Return the answers with their texts opened: for the respondent alone."""
    texts = (
        {} if row.texts_sealed is None else orjson.loads(ctx.vault.open(row.texts_sealed, responses.TEXTS))
    )
    return {**row.answers, **texts}


def own_household(ctx: Context, survey_id: str, dwelling_id: str) -> tuple[Survey, SurveyHousehold]:
    """Return a survey that has opened and the caller's household in its census; one answer for every other case."""
    home = next((home for home in ctx.actor.homes if home.dwelling_id == dwelling_id), None)
    survey = None if home is None else surveys.find_survey(ctx.session, survey_id)
    if (
        home is None
        or survey is None
        or survey.state not in ("open", "closed")
        or not may_answer(survey, home)
    ):
        raise NotFound
    household = census.household_of_dwelling(ctx.session, survey_id, dwelling_id)
    if household is None:
        raise NotFound
    return survey, household


def may_answer(survey: Survey, home: Home) -> bool:
    """Tell whether this member of a household may answer the survey."""
    wide = survey.tenants_answer or survey.unit == "person"
    return home.relation in answering_relations(tenants_answer=wide)
