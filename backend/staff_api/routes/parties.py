"""Responsible parties for staff."""

from __future__ import annotations

from flask import Blueprint

from backend.complaints import service
from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, expected_version, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import parties as schemas

door = Blueprint("staff_parties", __name__, url_prefix="/api/v1/staff/parties")

_TAGS = ["staff complaints"]
_WRITE = staff(Permission.PARTY_WRITE)
_WRITE_VERSION = staff(Permission.PARTY_WRITE, needs_version=True)


@door.get("")
@endpoint(staff(Permission.COMPLAINT_READ), {200: schemas.PartyListOut}, tags=_TAGS)
def list_parties(query: schemas.PartyQuery) -> schemas.PartyListOut:
    """List the parties of one's area, or those to which an organisation's cases can be dispatched."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_parties(current_context(), query.organisation, size, before)
    return schemas.PartyListOut.of(found, query.limit)


@door.post("")
@endpoint(_WRITE, {201: schemas.PartyOut}, tags=_TAGS)
def create_party(json: schemas.CreatePartyIn) -> tuple[schemas.PartyOut, int]:
    """Add a party; its name makes repeating harmless."""
    return schemas.PartyOut.of(service.create_party(current_context(), json.command())), 201


@door.put("/<id:party_id>")
@endpoint(_WRITE_VERSION, {200: schemas.PartyOut}, tags=_TAGS)
def change_party(party_id: str, json: schemas.ChangePartyIn) -> schemas.PartyOut:
    """Rename a party or let it act no more; ``If-Match`` carries its version."""
    command = json.command(party_id, expected_version())
    return schemas.PartyOut.of(service.change_party(current_context(), command))


@door.post("/<id:party_id>/members")
@endpoint(_WRITE, {200: schemas.PartyOut}, tags=_TAGS)
def add_party_member(party_id: str, json: schemas.MemberIn) -> schemas.PartyOut:
    """Let a staff account act for the party."""
    return schemas.PartyOut.of(service.add_member(current_context(), party_id, json.account))


@door.delete("/<id:party_id>/members/<id:account_id>")
@endpoint(_WRITE, {200: schemas.PartyOut}, tags=_TAGS)
def remove_party_member(party_id: str, account_id: str) -> schemas.PartyOut:
    """Let a staff account act no more for the party, from this second on."""
    return schemas.PartyOut.of(service.remove_member(current_context(), party_id, account_id))
