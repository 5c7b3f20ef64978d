"""The responsible party's part, mediation, and who reported: asked for by itself and logged."""

from __future__ import annotations

from flask import Blueprint

from backend.complaints import service
from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, expected_version, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import cases
from backend.staff_api.schemas import complaints as schemas

door = Blueprint("staff_handling", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff complaints"]
_READ = staff(Permission.COMPLAINT_HANDLE)
_HANDLE = staff(Permission.COMPLAINT_HANDLE, needs_version=True)
_MEDIATE = staff(Permission.COMPLAINT_MEDIATE, needs_version=True)
_STATE = {200: cases.ComplaintStateOut}
_ONE = "/assigned-complaints/<id:complaint_id>"
_CASE = "/complaints/<id:complaint_id>"


@door.get("/assigned-complaints")
@endpoint(_READ, {200: cases.ComplaintListOut}, tags=_TAGS)
def list_assigned(query: schemas.ComplaintQuery) -> cases.ComplaintListOut:
    """List the complaints dispatched to the units one acts for, newest first."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_complaints(current_context(), query.filter(only_assigned=True), size, before)
    return cases.ComplaintListOut.of(found, query.limit, by_due=query.order == "due")


@door.get(_ONE)
@endpoint(_READ, {200: cases.CaseOut}, tags=_TAGS)
def show_assigned(complaint_id: str) -> cases.CaseOut:
    """Show a complaint as the unit that handles it may read it."""
    return cases.CaseOut.of(service.show_complaint(current_context(), complaint_id))


@door.post(f"{_ONE}/start")
@endpoint(_HANDLE, _STATE, tags=_TAGS)
def start_complaint(complaint_id: str, json: schemas.HandleIn) -> cases.ComplaintStateOut:
    """Take a dispatched complaint."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.start_complaint(current_context(), command))


@door.post(f"{_ONE}/contest")
@endpoint(_HANDLE, _STATE, tags=_TAGS)
def contest_dispatch(complaint_id: str, json: schemas.HandleIn) -> cases.ComplaintStateOut:
    """Send a wrong dispatch back, with the reason."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.contest_dispatch(current_context(), command))


@door.post(f"{_ONE}/notes")
@endpoint(_HANDLE, _STATE, tags=_TAGS)
def note_progress(complaint_id: str, json: schemas.HandleIn) -> cases.ComplaintStateOut:
    """Write down what was done."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.note_progress(current_context(), command))


@door.post(f"{_ONE}/extension-request")
@endpoint(_HANDLE, _STATE, tags=_TAGS)
def request_extension(complaint_id: str, json: schemas.ExtensionIn) -> cases.ComplaintStateOut:
    """Ask for more time, before the time is over."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.request_extension(current_context(), command))


@door.post(f"{_ONE}/resolve")
@endpoint(_HANDLE, _STATE, tags=_TAGS)
def resolve_complaint(complaint_id: str, json: schemas.HandleIn) -> cases.ComplaintStateOut:
    """State the result; the reporter is asked whether it is one."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.resolve_complaint(current_context(), command))


@door.post(f"{_ONE}/reporter-views")
@endpoint(_READ, {200: cases.ReporterOut}, tags=_TAGS)
def reveal_reporter_to_party(complaint_id: str, json: schemas.ViewReasonIn) -> cases.ReporterOut:
    """Show a reporter who chose to be named to the unit that handles the case, unless the case is about it."""
    return cases.ReporterOut.of(service.reveal_reporter(current_context(), complaint_id, json.reason))


@door.post(f"{_CASE}/reporter-views")
@endpoint(staff(Permission.COMPLAINT_REPORTER), {200: cases.ReporterOut}, tags=_TAGS)
def reveal_reporter(complaint_id: str, json: schemas.ViewReasonIn) -> cases.ReporterOut:
    """Show who reported, for a stated reason; confidential reporters need a permission of their own."""
    return cases.ReporterOut.of(service.reveal_reporter(current_context(), complaint_id, json.reason))


@door.post(f"{_CASE}/mediations")
@endpoint(_MEDIATE, _STATE, tags=_TAGS)
def record_mediation(complaint_id: str, json: schemas.MediationIn) -> cases.ComplaintStateOut:
    """Write down a mediation: parties, mediator, agreement."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.record_mediation(current_context(), command))


@door.post(f"{_CASE}/mediation-views")
@endpoint(staff(Permission.COMPLAINT_MEDIATE), {200: cases.MediationListOut}, tags=_TAGS)
def show_mediations(complaint_id: str) -> cases.MediationListOut:
    """Show the mediations with their people; the reading is logged."""
    return cases.MediationListOut.of(service.list_mediations(current_context(), complaint_id))
