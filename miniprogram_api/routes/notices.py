"""Notices and objections for residents."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import PageQuery, decode_cursor
from backend.infra.web import current_context, endpoint, idempotency_key, resident
from backend.notices import service
from miniprogram_api.schemas import notices as schemas

door = Blueprint("mini_notices", __name__, url_prefix="/api/v1")

_TAGS = ["notices"]


@door.get("/notices")
@endpoint(resident(), {200: schemas.NoticeListOut}, tags=_TAGS)
def list_my_notices(query: schemas.NoticeQuery) -> schemas.NoticeListOut:
    """List the notices of the caller's estates, newest first."""
    before = decode_cursor(query.cursor)
    found = service.my_notices(current_context(), query.limit + 1, before, query.kind)
    return schemas.NoticeListOut.of(found, query.limit)


@door.get("/notices/<id:notice_id>")
@endpoint(resident(), {200: schemas.NoticeOut}, tags=_TAGS)
def show_my_notice(notice_id: str) -> schemas.NoticeOut:
    """Show one notice."""
    return schemas.NoticeOut.of(service.my_notice(current_context(), notice_id))


@door.get("/objections")
@endpoint(resident(), {200: schemas.ObjectionListOut}, tags=_TAGS)
def list_my_objections(query: PageQuery) -> schemas.ObjectionListOut:
    """List the caller's own objections with their answers."""
    before = decode_cursor(query.cursor)
    found = service.my_objections(current_context(), query.limit + 1, before)
    return schemas.ObjectionListOut.of(found, query.limit)


@door.post("/objections")
@endpoint(resident(limit="30/minute", needs_idempotency_key=True), {201: schemas.ObjectionOut}, tags=_TAGS)
def raise_objection(json: schemas.RaiseObjectionIn) -> tuple[schemas.ObjectionOut, int]:
    """Raise an objection from one's own dwelling; the same ``Idempotency-Key`` raises it once."""
    raised = service.raise_objection(current_context(), json.command(idempotency_key()))
    return schemas.ObjectionOut.of(raised), 201


@door.post("/objections/<id:objection_id>/withdraw")
@endpoint(resident(), {200: schemas.ObjectionOut}, tags=_TAGS)
def withdraw_objection(objection_id: str) -> schemas.ObjectionOut:
    """Withdraw one's own objection while it is unanswered."""
    return schemas.ObjectionOut.of(service.withdraw_objection(current_context(), objection_id))
