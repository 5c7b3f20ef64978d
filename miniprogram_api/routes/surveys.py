"""Surveys for residents: what is asked, one's own answers, drafts, results after the close."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import PageQuery, decode_cursor
from backend.infra.web import current_context, endpoint, idempotency_key, resident
from backend.notices.rules import words_of
from backend.surveys import service
from miniprogram_api.schemas import surveys as schemas
from miniprogram_api.schemas.notices import ObjectionOut

door = Blueprint("mini_surveys", __name__, url_prefix="/api/v1/surveys")

_TAGS = ["surveys"]


@door.get("")
@endpoint(resident(), {200: schemas.MySurveyListOut}, tags=_TAGS)
def list_my_surveys(query: PageQuery) -> schemas.MySurveyListOut:
    """List the surveys in the caller's estates, newest first, with the homes that are asked."""
    ctx = current_context()
    found = service.my_surveys(ctx, query.limit + 1, decode_cursor(query.cursor))
    homes = service.my_households(ctx, [card.survey for card in found])
    return schemas.MySurveyListOut.of(found, homes, query.limit)


@door.get("/<id:survey_id>")
@endpoint(resident(), {200: schemas.MySurveyPageOut}, tags=_TAGS)
def show_my_survey(survey_id: str) -> schemas.MySurveyPageOut:
    """Show one survey with its questionnaire."""
    ctx = current_context()
    card = service.my_survey(ctx, survey_id)
    return schemas.MySurveyPageOut.of(card, service.my_households(ctx, [card.survey])[survey_id])


@door.get("/<id:survey_id>/answers")
@endpoint(resident(), {200: schemas.MyAnswersOut}, tags=_TAGS)
def show_my_answers(survey_id: str, query: schemas.HomeQuery) -> schemas.MyAnswersOut:
    """Show what stands for one's own home, by whatever channel, and one's draft."""
    return schemas.MyAnswersOut.of(service.own_answers(current_context(), survey_id, query.dwelling))


@door.put("/<id:survey_id>/draft")
@endpoint(resident(), {200: schemas.DraftSavedOut}, tags=_TAGS)
def save_survey_draft(survey_id: str, json: schemas.AnswerSurveyIn) -> schemas.DraftSavedOut:
    """Keep what one has begun to answer."""
    saved_at = service.save_draft(current_context(), survey_id, json.dwelling, json.answers)
    return schemas.DraftSavedOut(saved_at=saved_at)


@door.post("/<id:survey_id>/answers")
@endpoint(resident(limit="60/minute", needs_idempotency_key=True), {201: schemas.AnsweredOut}, tags=_TAGS)
def answer_survey(survey_id: str, json: schemas.AnswerSurveyIn) -> tuple[schemas.AnsweredOut, int]:
    """Answer for one's own home; until the close the last answer stands."""
    row = service.answer_survey(current_context(), survey_id, json.dwelling, json.answers, idempotency_key())
    return schemas.AnsweredOut.of(row), 201


@door.post("/<id:survey_id>/objections")
@endpoint(resident(limit="30/minute", needs_idempotency_key=True), {201: ObjectionOut}, tags=["notices"])
def object_to_answers(survey_id: str, json: schemas.ObjectToAnswersIn) -> tuple[ObjectionOut, int]:
    """Object to answers that staff wrote down in the caller's household's name."""
    words = words_of("survey", json.text)
    command = service.ObjectToAnswers(survey_id, json.dwelling, words, idempotency_key())
    return ObjectionOut.of(service.object_to_answers(current_context(), command)), 201


@door.get("/<id:survey_id>/results")
@endpoint(resident(), {200: schemas.MyResultsOut}, tags=_TAGS)
def show_my_results(survey_id: str) -> schemas.MyResultsOut:
    """Show the result of a closed survey in the caller's estates."""
    return schemas.MyResultsOut.of(service.my_results(current_context(), survey_id))
