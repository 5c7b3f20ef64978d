"""Lawful written demands to be shown how one dwelling voted: two people, every look logged."""

from __future__ import annotations

from flask import Blueprint

from backend.ballots.service import disclosures
from backend.infra.paging import PageQuery, decode_cursor
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import disclosures as schemas

door = Blueprint("staff_disclosures", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff disclosures"]
_DISCLOSE = staff(Permission.CHOICE_DISCLOSE, limit="20/minute")


@door.get("/ballots/<id:ballot_id>/disclosures")
@endpoint(_DISCLOSE, {200: schemas.DisclosureListOut}, tags=_TAGS)
def list_disclosures(ballot_id: str, query: PageQuery) -> schemas.DisclosureListOut:
    """List the demands concerning a ballot; never a choice."""
    before = decode_cursor(query.cursor)
    views = disclosures.list_disclosures(current_context(), ballot_id, before, query.limit + 1)
    return schemas.DisclosureListOut.of(views, query.limit)


@door.post("/ballots/<id:ballot_id>/disclosures")
@endpoint(_DISCLOSE, {201: schemas.DisclosureOut}, tags=_TAGS)
def propose_disclosure(ballot_id: str, json: schemas.DisclosureIn) -> tuple[schemas.DisclosureOut, int]:
    """Register a written demand for one dwelling's choice."""
    command = disclosures.ProposeDisclosure(ballot_id, json.dwelling, json.demand, json.document)
    return schemas.DisclosureOut.of(disclosures.propose_disclosure(current_context(), command)), 201


@door.post("/disclosures/<id:disclosure_id>/confirm")
@endpoint(_DISCLOSE, {200: schemas.DisclosureOut}, tags=_TAGS)
def confirm_disclosure(disclosure_id: str) -> schemas.DisclosureOut:
    """Confirm a demand against its document, as a second person."""
    return schemas.DisclosureOut.of(disclosures.confirm_disclosure(current_context(), disclosure_id))


@door.post("/disclosures/<id:disclosure_id>/withdraw")
@endpoint(_DISCLOSE, {200: schemas.DisclosureOut}, tags=_TAGS)
def withdraw_disclosure(disclosure_id: str) -> schemas.DisclosureOut:
    """Take back or turn down a demand."""
    return schemas.DisclosureOut.of(disclosures.withdraw_disclosure(current_context(), disclosure_id))


@door.post("/disclosures/<id:disclosure_id>/show")
@endpoint(_DISCLOSE, {200: schemas.ShownChoiceOut}, tags=_TAGS)
def show_choice(disclosure_id: str) -> schemas.ShownChoiceOut:
    """Show the choice to one of the two who handled the demand; the look is recorded."""
    return schemas.ShownChoiceOut.of(disclosures.show_choice(current_context(), disclosure_id))
