"""The hotline for staff: taking in, triage, dispatch, time, follow-up; every action carries ``If-Match``."""

from __future__ import annotations

from flask import Blueprint

from backend.complaints import service
from backend.complaints.service import (
    DeclineComplaint,
    MergeComplaint,
    ResumeComplaint,
    SuperviseComplaint,
)
from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, expected_version, idempotency_key, staff
from backend.kernel.access import Permission
from backend.rectification import service as rectification
from backend.staff_api.schemas import cases
from backend.staff_api.schemas import complaints as schemas

door = Blueprint("staff_complaints", __name__, url_prefix="/api/v1/staff/complaints")

_TAGS = ["staff complaints"]
_READ = staff(Permission.COMPLAINT_READ)
_REGISTER = staff(Permission.COMPLAINT_REGISTER, limit="120/minute", needs_idempotency_key=True)
_TRIAGE = staff(Permission.COMPLAINT_TRIAGE, needs_version=True)
_DISPATCH = staff(Permission.COMPLAINT_DISPATCH, needs_version=True)
_SUPERVISE = staff(Permission.COMPLAINT_SUPERVISE, needs_version=True)
_FOLLOW_UP = staff(Permission.COMPLAINT_FOLLOW_UP, needs_version=True)
_STATE = {200: cases.ComplaintStateOut}
_ONE = "/<id:complaint_id>"


@door.get("")
@endpoint(_READ, {200: cases.ComplaintListOut}, tags=_TAGS)
def list_complaints(query: schemas.ComplaintQuery) -> cases.ComplaintListOut:
    """List the complaints of one's area, newest first; search by words, number or ticket."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_complaints(current_context(), query.filter(), size, before)
    return cases.ComplaintListOut.of(found, query.limit, by_due=query.order == "due")


@door.post("")
@endpoint(_REGISTER, {201: cases.RegisteredOut}, tags=_TAGS)
def record_complaint(json: schemas.RecordComplaintIn) -> tuple[cases.RegisteredOut, int]:
    """Write down what was reported; the same ``Idempotency-Key`` writes it once."""
    made = service.record_complaint(current_context(), json.command(idempotency_key()))
    rectification.check_works(current_context(), json.works_item, json.estate)
    return cases.RegisteredOut.of(made), 201


@door.get(_ONE)
@endpoint(_READ, {200: cases.CaseOut}, tags=_TAGS)
def show_complaint(complaint_id: str) -> cases.CaseOut:
    """Show a complaint with its history; whoever acts for its party reads it as the party."""
    return cases.CaseOut.of(service.show_complaint(current_context(), complaint_id))


@door.post(f"{_ONE}/accept")
@endpoint(_TRIAGE, _STATE, tags=_TAGS)
def accept_complaint(complaint_id: str, json: schemas.AcceptIn) -> cases.ComplaintStateOut:
    """Take a matter on: the clock starts."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.accept_complaint(current_context(), command))


@door.post(f"{_ONE}/reclassify")
@endpoint(_TRIAGE, _STATE, tags=_TAGS)
def reclassify_complaint(complaint_id: str, json: schemas.AcceptIn) -> cases.ComplaintStateOut:
    """Correct category, class of time limits or whom it is about."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.reclassify_complaint(current_context(), command))


@door.post(f"{_ONE}/hand-up")
@endpoint(_TRIAGE, _STATE, tags=_TAGS)
def hand_up_complaint(complaint_id: str, json: schemas.HandUpIn) -> cases.ComplaintStateOut:
    """Tell those who decide that a case may be about staff; it goes on and is hidden from nobody until they do."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.hand_up_complaint(current_context(), command))


@door.post(f"{_ONE}/transfer")
@endpoint(_TRIAGE, _STATE, tags=_TAGS)
def transfer_complaint(complaint_id: str, json: schemas.TransferIn) -> cases.ComplaintStateOut:
    """Pass a petition, an accusation or a lawsuit on in writing."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.transfer_complaint(current_context(), command))


@door.post(f"{_ONE}/dispute")
@endpoint(_SUPERVISE, _STATE, tags=_TAGS)
def dispute_declining(complaint_id: str, json: schemas.WordsIn) -> cases.ComplaintStateOut:
    """Take a declined report up again: triage is for who supervises and did not decline it."""
    done = service.dispute_declining(current_context(), complaint_id, expected_version(), json.words)
    return cases.ComplaintStateOut.of(done)


@door.post(f"{_ONE}/decline")
@endpoint(staff(Permission.COMPLAINT_DECLINE, needs_version=True), _STATE, tags=_TAGS)
def decline_complaint(complaint_id: str, json: schemas.WordsIn) -> cases.ComplaintStateOut:
    """Not take a matter on; the reason is told to the reporter."""
    command = DeclineComplaint(complaint_id, expected_version(), json.words)
    return cases.ComplaintStateOut.of(service.decline_complaint(current_context(), command))


@door.get(f"{_ONE}/duplicates")
@endpoint(staff(Permission.COMPLAINT_DISPATCH), {200: cases.DuplicateListOut}, tags=_TAGS)
def list_duplicates(complaint_id: str) -> cases.DuplicateListOut:
    """List open complaints that may be the same: by place, category and words."""
    return cases.DuplicateListOut.of(service.list_duplicates(current_context(), complaint_id))


@door.post(f"{_ONE}/merge")
@endpoint(_DISPATCH, _STATE, tags=_TAGS)
def merge_complaint(complaint_id: str, json: schemas.MergeIn) -> cases.ComplaintStateOut:
    """Merge a duplicate into the case that goes on."""
    command = MergeComplaint(complaint_id, expected_version(), json.into)
    return cases.ComplaintStateOut.of(service.merge_complaint(current_context(), command))


@door.post(f"{_ONE}/dispatch")
@endpoint(_DISPATCH, _STATE, tags=_TAGS)
def dispatch_complaint(complaint_id: str, json: schemas.DispatchIn) -> cases.ComplaintStateOut:
    """Hand a complaint to the responsible party."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.dispatch_complaint(current_context(), command))


@door.post(f"{_ONE}/pause")
@endpoint(_DISPATCH, _STATE, tags=_TAGS)
def pause_complaint(complaint_id: str, json: schemas.PauseIn) -> cases.ComplaintStateOut:
    """Stop the clock for a recorded reason."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.pause_complaint(current_context(), command))


@door.post(f"{_ONE}/resume")
@endpoint(_DISPATCH, _STATE, tags=_TAGS)
def resume_complaint(complaint_id: str, json: schemas.RemarkIn) -> cases.ComplaintStateOut:
    """Let the clock go on."""
    command = ResumeComplaint(complaint_id, expected_version(), json.words)
    return cases.ComplaintStateOut.of(service.resume_complaint(current_context(), command))


@door.post(f"{_ONE}/extension-decision")
@endpoint(_DISPATCH, _STATE, tags=_TAGS)
def decide_extension(complaint_id: str, json: schemas.ExtensionDecisionIn) -> cases.ComplaintStateOut:
    """Grant or refuse the extension that was asked for."""
    command = json.command(complaint_id, expected_version())
    return cases.ComplaintStateOut.of(service.decide_extension(current_context(), command))


@door.post(f"{_ONE}/supervise")
@endpoint(_SUPERVISE, _STATE, tags=_TAGS)
def supervise_complaint(complaint_id: str, json: schemas.WordsIn) -> cases.ComplaintStateOut:
    """Put a case under supervision (督办)."""
    command = SuperviseComplaint(complaint_id, expected_version(), json.words)
    return cases.ComplaintStateOut.of(service.supervise_complaint(current_context(), command))


@door.post(f"{_ONE}/reopen")
@endpoint(_SUPERVISE, _STATE, tags=_TAGS)
def reopen_complaint(complaint_id: str, json: schemas.WordsIn) -> cases.ComplaintStateOut:
    """Have the work done over."""
    done = service.reopen_complaint(current_context(), complaint_id, expected_version(), json.words)
    return cases.ComplaintStateOut.of(done)


@door.post(f"{_ONE}/follow-up")
@endpoint(_FOLLOW_UP, _STATE, tags=_TAGS)
def record_follow_up(complaint_id: str, json: schemas.FollowUpIn) -> cases.ComplaintStateOut:
    """Write down what the reporter answered on the telephone; "no" reopens."""
    done = service.record_answer(current_context(), complaint_id, expected_version(), json.answer())
    return cases.ComplaintStateOut.of(done)


@door.post(f"{_ONE}/close")
@endpoint(_FOLLOW_UP, _STATE, tags=_TAGS)
def close_complaint(complaint_id: str) -> cases.ComplaintStateOut:
    """Close a case; one that nobody confirmed is closed as unanswered."""
    done = service.close_complaint(current_context(), complaint_id, expected_version())
    return cases.ComplaintStateOut.of(done)
