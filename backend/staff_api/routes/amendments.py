"""Corrections of a frozen roll, and proof that the notice was served."""

from __future__ import annotations

from flask import Blueprint

from backend.ballots.service import amendments, serving
from backend.ballots.service.amendment_rows import ProposeAmendment
from backend.infra.paging import PageQuery, decode_cursor, encode_cursor
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import amendments as schemas

door = Blueprint("staff_amendments", __name__, url_prefix="/api/v1/staff")

_ROLL = ["staff roll"]
_SERVICE = ["staff service"]


@door.get("/ballots/<id:ballot_id>/amendments")
@endpoint(staff(Permission.BALLOT_READ), {200: schemas.AmendmentListOut}, tags=_ROLL)
def list_amendments(ballot_id: str, query: PageQuery) -> schemas.AmendmentListOut:
    """List the corrections of a ballot's roll."""
    rows = amendments.list_amendments(
        current_context(), ballot_id, decode_cursor(query.cursor), query.limit + 1
    )
    page, rest = rows[: query.limit], rows[query.limit :]
    following = encode_cursor((page[-1].proposed_at, page[-1].id) if rest else None)
    return schemas.AmendmentListOut(items=[schemas.AmendmentOut.of(row) for row in page], next=following)


@door.post("/ballots/<id:ballot_id>/amendments")
@endpoint(staff(Permission.ROLL_AMEND), {201: schemas.AmendmentOut}, tags=_ROLL)
def propose_amendment(ballot_id: str, json: schemas.AmendmentIn) -> tuple[schemas.AmendmentOut, int]:
    """Propose a correction of the frozen roll, with a reason."""
    command = ProposeAmendment(
        ballot_id=ballot_id,
        change=json.change,
        reason=json.reason,
        entry_id=json.entry,
        dwelling_id=json.dwelling,
        area_centi=json.area_centi,
        is_household=json.is_household,
        same_owner_as=json.same_owner_as,
    )
    return schemas.AmendmentOut.of(amendments.propose_amendment(current_context(), command)), 201


@door.post("/amendments/<id:amendment_id>/confirm")
@endpoint(staff(Permission.ROLL_AMEND_CONFIRM), {200: schemas.AmendmentOut}, tags=_ROLL)
def confirm_amendment(amendment_id: str) -> schemas.AmendmentOut:
    """Apply a correction, as a second person."""
    return schemas.AmendmentOut.of(amendments.confirm_amendment(current_context(), amendment_id))


@door.post("/amendments/<id:amendment_id>/withdraw")
@endpoint(staff(Permission.ROLL_AMEND), {200: schemas.AmendmentOut}, tags=_ROLL)
def withdraw_amendment(amendment_id: str) -> schemas.AmendmentOut:
    """Take back a proposal."""
    return schemas.AmendmentOut.of(amendments.withdraw_amendment(current_context(), amendment_id))


@door.post("/ballots/<id:ballot_id>/service-proofs")
@endpoint(staff(Permission.PAPER_ENTER), {201: schemas.ServedOut}, tags=_SERVICE)
def record_service(ballot_id: str, json: schemas.ServiceIn) -> tuple[schemas.ServedOut, int]:
    """Record how the notice reached dwellings or a building."""
    command = serving.RecordService(
        ballot_id, json.method, json.dwellings, json.building, json.note, json.evidence
    )
    return schemas.ServedOut(recorded=serving.record_service(current_context(), command)), 201


@door.get("/ballots/<id:ballot_id>/unserved")
@endpoint(staff(Permission.PAPER_ENTER), {200: schemas.UnservedOut}, tags=_SERVICE)
def list_unserved(ballot_id: str, query: schemas.UnservedQuery) -> schemas.UnservedOut:
    """List the doors the notice has yet to reach, building by building."""
    ctx = current_context()
    steps, following = serving.list_unserved(ctx, ballot_id, query.building, query.cursor or "", query.limit)
    numbers = serving.unserved_by_building(ctx, ballot_id)
    return schemas.UnservedOut(
        buildings=[
            schemas.BuildingServiceOut(building=building, dwellings=total, unserved=unserved)
            for building, total, unserved in numbers
        ],
        items=[schemas.DoorstepOut.of(step) for step in steps],
        next=following,
    )
