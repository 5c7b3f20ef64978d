"""Complaints for residents, and the tracker for anybody with a number."""

from __future__ import annotations

from flask import Blueprint

from backend.complaints import service
from backend.infra.paging import PageQuery, decode_cursor
from backend.infra.web import current_context, endpoint, idempotency_key, public, resident
from backend.rectification import service as rectification
from miniprogram_api.schemas import complaints as schemas

door = Blueprint("mini_complaints", __name__, url_prefix="/api/v1")

_TAGS = ["complaints"]
_ONE = "/complaints/<id:complaint_id>"
_TRIES = public(limit="20/minute")


@door.get("/complaint-choices")
@endpoint(public(), {200: schemas.ComplaintChoicesOut}, tags=_TAGS)
def list_complaint_choices() -> schemas.ComplaintChoicesOut:
    """List the categories, and how far one can let oneself be known."""
    return schemas.ComplaintChoicesOut.all()


@door.get("/complaints")
@endpoint(resident(), {200: schemas.MyComplaintListOut}, tags=_TAGS)
def list_my_complaints(query: PageQuery) -> schemas.MyComplaintListOut:
    """List one's own complaints, newest first; anonymous ones are nobody's own."""
    before = decode_cursor(query.cursor)
    found = service.my_complaints(current_context(), query.limit + 1, before)
    return schemas.MyComplaintListOut.of(found, query.limit)


@door.post("/complaints")
@endpoint(resident(limit="10/minute", needs_idempotency_key=True), {201: schemas.RegisteredOut}, tags=_TAGS)
def register_complaint(json: schemas.RegisterComplaintIn) -> tuple[schemas.RegisteredOut, int]:
    """Report something on one's own estate; the same ``Idempotency-Key`` reports it once."""
    made = service.register_complaint(current_context(), json.command(idempotency_key()))
    rectification.check_works(current_context(), json.works_item, json.estate)
    return schemas.RegisteredOut.of(made), 201


@door.get(_ONE)
@endpoint(resident(), {200: schemas.MyCaseOut}, tags=_TAGS)
def show_my_complaint(complaint_id: str) -> schemas.MyCaseOut:
    """Show one's own complaint with everything one was told."""
    return schemas.MyCaseOut.of(service.my_complaint(current_context(), complaint_id))


@door.post(f"{_ONE}/withdraw")
@endpoint(resident(), {200: schemas.MovedOut}, tags=_TAGS)
def withdraw_complaint(complaint_id: str, json: schemas.RemarkIn) -> schemas.MovedOut:
    """Take one's own complaint back while it is open."""
    return schemas.MovedOut.of(service.withdraw_complaint(current_context(), complaint_id, json.words))


@door.post(f"{_ONE}/reopen")
@endpoint(resident(limit="10/minute"), {200: schemas.MovedOut}, tags=_TAGS)
def reopen_my_complaint(complaint_id: str, json: schemas.WordsIn) -> schemas.MovedOut:
    """Have one's own complaint done over, within the time for it."""
    return schemas.MovedOut.of(service.reopen_own(current_context(), complaint_id, json.words))


@door.post(f"{_ONE}/dispute")
@endpoint(resident(limit="10/minute"), {200: schemas.MovedOut}, tags=_TAGS)
def dispute_my_complaint(complaint_id: str, json: schemas.WordsIn) -> schemas.MovedOut:
    """Have the declining of one's own report looked at further up, once and in time."""
    return schemas.MovedOut.of(service.dispute_own(current_context(), complaint_id, json.words))


@door.post(f"{_ONE}/follow-up")
@endpoint(resident(limit="10/minute"), {200: schemas.MovedOut}, tags=_TAGS)
def answer_my_follow_up(complaint_id: str, json: schemas.AnswerIn) -> schemas.MovedOut:
    """Answer the question after the work, once; "no" reopens."""
    return schemas.MovedOut.of(service.answer_own(current_context(), complaint_id, json.answer()))


@door.post("/complaint-follow-ups")
@endpoint(_TRIES, {200: schemas.MovedOut}, tags=_TAGS)
def answer_follow_up(json: schemas.TokenAnswerIn) -> schemas.MovedOut:
    """Answer the question after the work with the one-time token of a message."""
    return schemas.MovedOut.of(service.answer_by_token(current_context(), json.token, json.answer()))


@door.get("/complaint-tracker")
@endpoint(_TRIES, {200: schemas.TrackedOut}, tags=_TAGS)
def track_complaint(query: schemas.TrackerQuery) -> schemas.TrackedOut:
    """Tell where a complaint stands: coarse place, no words, no person."""
    return schemas.TrackedOut.of(service.track(current_context(), query.number))


@door.post("/complaint-tracker/case")
@endpoint(_TRIES, {200: schemas.MyCaseOut}, tags=_TAGS)
def show_anonymous_complaint(json: schemas.CodeIn) -> schemas.MyCaseOut:
    """Show an anonymous complaint to whoever has its number and code."""
    return schemas.MyCaseOut.of(service.tracked_case(current_context(), json.number, json.code))


@door.post("/complaint-tracker/dispute")
@endpoint(_TRIES, {200: schemas.MovedOut}, tags=_TAGS)
def dispute_anonymous_complaint(json: schemas.CodeWordsIn) -> schemas.MovedOut:
    """Have the declining of an anonymous report looked at further up, once and in time."""
    done = service.dispute_by_code(current_context(), json.number, json.code, json.words)
    return schemas.MovedOut.of(done)


@door.post("/complaint-tracker/follow-up")
@endpoint(_TRIES, {200: schemas.MovedOut}, tags=_TAGS)
def answer_anonymous_follow_up(json: schemas.CodeAnswerIn) -> schemas.MovedOut:
    """Answer the question after the work on an anonymous complaint."""
    done = service.answer_by_code(current_context(), json.number, json.code, json.answer())
    return schemas.MovedOut.of(done)
