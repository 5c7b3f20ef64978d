"""Keys of outside systems (Open311) for staff."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.identity import service
from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import api_keys as schemas

door = Blueprint("staff_api_keys", __name__, url_prefix="/api/v1/staff/api-keys")

_TAGS = ["staff API keys"]
_WRITE = staff(Permission.API_KEY_WRITE)


@door.get("")
@endpoint(_WRITE, {200: schemas.ApiKeyListOut}, tags=_TAGS)
def list_api_keys(query: schemas.ApiKeyQuery) -> schemas.ApiKeyListOut:
    """List the keys of one's area, also those that have ended; never the keys themselves."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_api_keys(current_context(), query.organisation, size, before)
    return schemas.ApiKeyListOut.page(found, query.limit)


@door.post("")
@endpoint(_WRITE, {201: schemas.IssuedApiKeyOut}, tags=_TAGS)
def create_api_key(json: schemas.CreateApiKeyIn) -> tuple[schemas.IssuedApiKeyOut, int]:
    """Make a key for an outside system; the answer is the only place that ever shows it."""
    made = service.create_api_key(current_context(), json.command())
    return schemas.IssuedApiKeyOut.issued(made), 201


@door.delete("/<id:key_id>")
@endpoint(_WRITE, {204: None}, tags=_TAGS)
def revoke_api_key(key_id: str) -> Response:
    """End a key at once."""
    service.revoke_api_key(current_context(), key_id)
    return Response(status=204)
