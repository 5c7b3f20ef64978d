"""Surveys for staff: drafting, opening, cancelling and closing."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import PageQuery, decode_cursor
from backend.infra.web import current_context, endpoint, expected_version, idempotency_key, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import surveys as schemas
from backend.surveys import service
from backend.surveys.rules.templates import load_catalogues, load_templates

door = Blueprint("staff_surveys", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff surveys"]
_READ = staff(Permission.SURVEY_READ)
_OPEN_VERSION = staff(Permission.SURVEY_OPEN, needs_version=True)
_ONE = "/surveys/<id:survey_id>"


def _page(survey_id: str) -> schemas.SurveyPageOut:
    return schemas.SurveyPageOut.of(service.show_survey(current_context(), survey_id))


@door.get("/survey-templates")
@endpoint(staff(Permission.SURVEY_PREPARE), {200: schemas.TemplateListOut}, tags=_TAGS)
def list_survey_templates() -> schemas.TemplateListOut:
    """List the questionnaires and the catalogues of works that come with the product."""
    return schemas.TemplateListOut(
        templates=[schemas.TemplateOut.of(found) for found in load_templates().values()],
        catalogues=[schemas.CatalogueOut.of(found) for found in load_catalogues().values()],
    )


@door.get("/surveys")
@endpoint(_READ, {200: schemas.SurveyListOut}, tags=_TAGS)
def list_surveys(query: PageQuery) -> schemas.SurveyListOut:
    """List the surveys in the caller's area, newest first."""
    found = service.list_surveys(current_context(), query.limit + 1, decode_cursor(query.cursor))
    return schemas.SurveyListOut.of(found, query.limit)


@door.post("/surveys")
@endpoint(
    staff(Permission.SURVEY_PREPARE, needs_idempotency_key=True), {201: schemas.SurveyPageOut}, tags=_TAGS
)
def create_survey(json: schemas.CreateSurveyIn) -> tuple[schemas.SurveyPageOut, int]:
    """Draft a survey from a template; the same ``Idempotency-Key`` drafts it once."""
    made = service.create_survey(current_context(), json.command(idempotency_key()))
    return _page(made.id), 201


@door.get(_ONE)
@endpoint(_READ, {200: schemas.SurveyPageOut}, tags=_TAGS)
def show_survey(survey_id: str) -> schemas.SurveyPageOut:
    """Show a survey with its questionnaire and the estates in the caller's area."""
    return _page(survey_id)


@door.put(_ONE)
@endpoint(staff(Permission.SURVEY_PREPARE, needs_version=True), {200: schemas.SurveyPageOut}, tags=_TAGS)
def edit_survey(survey_id: str, json: schemas.EditSurveyIn) -> schemas.SurveyPageOut:
    """Replace title, introduction and questions of a draft; ``If-Match`` carries its version."""
    service.edit_survey(current_context(), json.command(survey_id, expected_version()))
    return _page(survey_id)


@door.post(f"{_ONE}/open")
@endpoint(_OPEN_VERSION, {200: schemas.SurveyPageOut}, tags=_TAGS)
def open_survey(survey_id: str, json: schemas.OpenSurveyIn) -> schemas.SurveyPageOut:
    """Freeze questionnaire and census and take answers until a deadline; ``If-Match`` carries the version."""
    service.open_survey(current_context(), survey_id, json.closes_at, expected_version())
    return _page(survey_id)


@door.post(f"{_ONE}/cancel")
@endpoint(_OPEN_VERSION, {200: schemas.SurveyPageOut}, tags=_TAGS)
def cancel_survey(survey_id: str, json: schemas.CancelSurveyIn) -> schemas.SurveyPageOut:
    """Cancel a draft or a running survey with a reason; ``If-Match`` carries its version."""
    service.cancel_survey(current_context(), survey_id, expected_version(), json.reason)
    return _page(survey_id)


@door.post(f"{_ONE}/close")
@endpoint(staff(Permission.SURVEY_OPEN), {200: schemas.SurveyPageOut}, tags=_TAGS)
def close_survey(survey_id: str) -> schemas.SurveyPageOut:
    """Close a survey whose deadline has passed, where the bot has not done so yet."""
    service.close_survey(current_context(), survey_id)
    return _page(survey_id)
