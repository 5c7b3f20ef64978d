"""Notices and objections for staff."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.notices import service
from backend.notices.queries import ObjectionFilter
from backend.notices.service import ReplyObjection
from backend.staff_api.schemas import notices as schemas

door = Blueprint("staff_notices", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff notices"]


@door.get("/notices")
@endpoint(staff(Permission.BALLOT_READ), {200: schemas.StaffNoticeListOut}, tags=_TAGS)
def list_staff_notices(query: schemas.StaffNoticeQuery) -> schemas.StaffNoticeListOut:
    """List an estate's notices, newest first."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_notices(current_context(), query.estate, size, before, query.kind)
    return schemas.StaffNoticeListOut.of(found, query.limit)


@door.post("/notices")
@endpoint(staff(Permission.NOTICE_PUBLISH), {201: schemas.StaffNoticeOut}, tags=_TAGS)
def publish_written_notice(json: schemas.PublishNoticeIn) -> tuple[schemas.StaffNoticeOut, int]:
    """Publish a notice of the roll or a correction; those of a ballot come from the ballot."""
    ctx = current_context()
    found = service.publish_written_notice(ctx, json.estate, json.kind, json.title, json.body)
    return schemas.StaffNoticeOut.of(found), 201


@door.get("/objections")
@endpoint(staff(Permission.OBJECTION_READ), {200: schemas.StaffObjectionListOut}, tags=_TAGS)
def list_staff_objections(query: schemas.StaffObjectionQuery) -> schemas.StaffObjectionListOut:
    """List an estate's objections, newest first."""
    wanted = ObjectionFilter(query.estate, query.state, query.about, query.ballot)
    before = decode_cursor(query.cursor)
    found = service.list_objections(current_context(), wanted, query.limit + 1, before)
    return schemas.StaffObjectionListOut.of(found, query.limit)


@door.post("/objections/<id:objection_id>/reply")
@endpoint(staff(Permission.OBJECTION_REPLY), {200: schemas.StaffObjectionOut}, tags=_TAGS)
def reply_objection(objection_id: str, json: schemas.ReplyObjectionIn) -> schemas.StaffObjectionOut:
    """Answer an objection in words; it can be answered once."""
    command = ReplyObjection(objection_id, json.upheld, json.words)
    return schemas.StaffObjectionOut.of(service.reply_objection(current_context(), command))
