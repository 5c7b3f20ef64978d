"""Surveys for staff: coverage, results, worklists, answers entered by hand, the workbook."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, idempotency_key, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import survey_results as results
from backend.staff_api.schemas import survey_work as schemas
from backend.surveys import service

door = Blueprint("staff_survey_work", __name__, url_prefix="/api/v1/staff/surveys/<id:survey_id>")

_TAGS = ["staff surveys"]
_READ = staff(Permission.SURVEY_READ)
_ENTER = staff(Permission.SURVEY_ENTER)
_ENTER_ONCE = staff(Permission.SURVEY_ENTER, needs_idempotency_key=True)
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HOUSEHOLD = "/households/<id:household_id>"


@door.get("/coverage")
@endpoint(_READ, {200: results.CoverageOut}, tags=_TAGS)
def show_coverage(survey_id: str, query: schemas.MaybePlaceQuery) -> results.CoverageOut:
    """Show live coverage by estate, or by the buildings of one estate."""
    ctx = current_context()
    if query.estate is None:
        return results.CoverageOut.of(service.coverage(ctx, survey_id))
    return results.CoverageOut.of(service.coverage_of_estate(ctx, survey_id, query.estate))


@door.get("/results")
@endpoint(_READ, {200: results.ResultsOut}, tags=_TAGS)
def show_results(survey_id: str, query: schemas.MaybePlaceQuery) -> results.ResultsOut:
    """Show every question's result with its chart, and after the close what the rule says of each estate."""
    return results.ResultsOut.of(service.results(current_context(), survey_id, query.estate))


@door.get("/breakdown")
@endpoint(_READ, {200: results.BreakdownOut}, tags=_TAGS)
def show_breakdown(survey_id: str, query: schemas.BreakdownQuery) -> results.BreakdownOut:
    """Show one question by estate, or by the buildings of one; groups smaller than five stay hidden."""
    found = service.breakdown(current_context(), survey_id, query.question, query.estate)
    return results.BreakdownOut.of(found)


@door.get("/responses")
@endpoint(staff(Permission.SURVEY_ENTRIES), {200: schemas.ResponseListOut}, tags=_TAGS)
def list_responses(survey_id: str, query: schemas.ResponseQuery) -> schemas.ResponseListOut:
    """List who entered which household's answers, when and how; never what was said."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_responses(current_context(), survey_id, query.estate, size, before)
    return schemas.ResponseListOut.of(found, query.limit)


@door.get("/texts")
@endpoint(staff(Permission.SURVEY_TEXTS), {200: schemas.TextListOut}, tags=_TAGS)
def list_texts(survey_id: str, query: schemas.TextQuery) -> schemas.TextListOut:
    """Search an estate's free texts, personal data masked."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_texts(current_context(), query.filter(survey_id), size, before)
    return schemas.TextListOut.of(found, query.limit)


@door.post("/export")
@endpoint(staff(Permission.SURVEY_TEXTS, limit="5/minute"), {200: None}, tags=_TAGS, responses_raw=_XLSX)
def export_survey(survey_id: str) -> Response:
    """Take the results out as an Excel workbook; that is an event."""
    headers = {"Content-Disposition": 'attachment; filename="survey.xlsx"'}
    return Response(service.export_survey(current_context(), survey_id), 200, headers, mimetype=_XLSX)


@door.get("/worklist")
@endpoint(_ENTER, {200: schemas.TodoOut}, tags=_TAGS)
def show_worklist(survey_id: str, query: schemas.TodoQuery) -> schemas.TodoOut:
    """List the households not yet covered, in walking order; a steward names their building."""
    found = service.worklist(current_context(), query.query(survey_id))
    return schemas.TodoOut.of(found, query.limit)


@door.get("/households")
@endpoint(_ENTER, {200: schemas.HouseholdOut}, tags=_TAGS)
def find_household(survey_id: str, query: schemas.DoorQuery) -> schemas.HouseholdOut:
    """Find the household behind a door, covered or not."""
    found = service.find_household(current_context(), survey_id, query.estate, query.door)
    return schemas.HouseholdOut.of(found)


@door.get(_HOUSEHOLD)
@endpoint(_ENTER, {200: schemas.HouseholdPageOut}, tags=_TAGS)
def show_household(survey_id: str, household_id: str) -> schemas.HouseholdPageOut:
    """Show a household with the tries at it."""
    return schemas.HouseholdPageOut.of(*service.household_tries(current_context(), survey_id, household_id))


@door.post(f"{_HOUSEHOLD}/responses")
@endpoint(_ENTER_ONCE, {201: schemas.EnteredOut}, tags=_TAGS)
def enter_answers(
    survey_id: str, household_id: str, json: schemas.EnterAnswersIn
) -> tuple[schemas.EnteredOut, int]:
    """Write down what a household said at the door, on the telephone or on paper."""
    command = json.command(survey_id, household_id, idempotency_key())
    return schemas.EnteredOut.of(service.enter_answers(current_context(), command)), 201


@door.post(f"{_HOUSEHOLD}/tries")
@endpoint(_ENTER_ONCE, {201: schemas.HouseholdOut}, tags=_TAGS)
def note_try(survey_id: str, household_id: str, json: schemas.NoteTryIn) -> tuple[schemas.HouseholdOut, int]:
    """Note a try that brought no answer."""
    command = json.command(survey_id, household_id, idempotency_key())
    return schemas.HouseholdOut.of(service.note_try(current_context(), command)), 201
