"""Works of an estate and their warranties for staff."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, expected_version, idempotency_key, staff
from backend.kernel.access import Permission
from backend.rectification import service
from backend.staff_api.schemas import works as schemas

door = Blueprint("staff_works", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff works"]
_READ = staff(Permission.RECTIFICATION_READ)
_WRITE_KEY = staff(Permission.RECTIFICATION_WRITE, needs_idempotency_key=True)
_WRITE_VERSION = staff(Permission.RECTIFICATION_WRITE, needs_version=True)


@door.get("/works-items")
@endpoint(_READ, {200: schemas.WorksListOut}, tags=_TAGS)
def list_works_items(query: schemas.WorksQuery) -> schemas.WorksListOut:
    """List the works in the caller's area with their warranties, newest first."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    ctx = current_context()
    found = service.list_works(ctx, query.wanted(), size, before, expires_within=query.expires_within)
    return schemas.WorksListOut.of(found, query.limit)


@door.post("/works-items")
@endpoint(_WRITE_KEY, {201: schemas.WorksOut}, tags=_TAGS)
def create_works_item(json: schemas.CreateWorksIn) -> tuple[schemas.WorksOut, int]:
    """Write down a piece of works; with the day of acceptance its warranty runs."""
    card = service.create_works(current_context(), json.command(idempotency_key()))
    return schemas.WorksOut.of(card), 201


@door.get("/works-items/<id:works_item_id>")
@endpoint(_READ, {200: schemas.WorksOut}, tags=_TAGS)
def show_works_item(works_item_id: str) -> schemas.WorksOut:
    """Show a piece of works with the terms of its warranty."""
    return schemas.WorksOut.of(service.show_works(current_context(), works_item_id))


@door.put("/works-items/<id:works_item_id>")
@endpoint(_WRITE_VERSION, {200: schemas.WorksOut}, tags=_TAGS)
def update_works_item(works_item_id: str, json: schemas.UpdateWorksIn) -> schemas.WorksOut:
    """Replace the facts and reckon the warranty anew; ``If-Match`` carries the version."""
    command = json.command(works_item_id, expected_version())
    return schemas.WorksOut.of(service.update_works(current_context(), command))


@door.get("/warranty-kinds")
@endpoint(_READ, {200: schemas.WarrantyKindListOut}, tags=_TAGS)
def list_warranty_kinds(query: schemas.KindQuery) -> schemas.WarrantyKindListOut:
    """List every kind of warranty with the length in force, its clause and the documents behind it."""
    found = service.warranty_kinds(current_context(), query.organisation)
    return schemas.WarrantyKindListOut.of(found)
