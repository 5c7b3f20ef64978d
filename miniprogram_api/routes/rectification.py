"""Rectification and warranties for residents: 销号 is visible to those whose estate it is."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, resident
from backend.rectification import service
from miniprogram_api.schemas import rectification as schemas

door = Blueprint("mini_rectification", __name__, url_prefix="/api/v1")

_TAGS = ["rectification"]


@door.get("/rectification")
@endpoint(resident(), {200: schemas.PublicItemListOut}, tags=_TAGS)
def list_my_rectification(query: schemas.RectificationQuery) -> schemas.PublicItemListOut:
    """List what is being put right, or is closed out, in the caller's estates, newest first."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.my_items(current_context(), query.estate, query.kind, size, before)
    return schemas.PublicItemListOut.of(found, query.limit)


@door.get("/works-items")
@endpoint(resident(), {200: schemas.MyWorksListOut}, tags=_TAGS)
def list_my_works(query: schemas.MyWorksQuery) -> schemas.MyWorksListOut:
    """List the works of the caller's estates with the last day of each warranty."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.my_works(current_context(), query.estate, size, before)
    return schemas.MyWorksListOut.of(found, query.limit)
