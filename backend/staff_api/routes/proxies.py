"""Mandates for staff: register from the signed document, confirm as a second person, revoke."""

from __future__ import annotations

from flask import Blueprint

from backend.ballots.service import proxies
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import proxies as schemas

door = Blueprint("staff_proxies", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff proxies"]


@door.get("/ballots/<id:ballot_id>/mandates")
@endpoint(staff(Permission.PROXY_REGISTER), {200: schemas.MandateListOut}, tags=_TAGS)
def list_mandates(ballot_id: str, query: schemas.MandateQuery) -> schemas.MandateListOut:
    """List a ballot's mandates, revoked ones included."""
    views, following = proxies.list_mandates(current_context(), ballot_id, query.cursor or "", query.limit)
    return schemas.MandateListOut(items=[schemas.MandateOut.of(view) for view in views], next=following)


@door.post("/ballots/<id:ballot_id>/mandates")
@endpoint(staff(Permission.PROXY_REGISTER), {201: schemas.MandateOut}, tags=_TAGS)
def register_mandate(ballot_id: str, json: schemas.MandateIn) -> tuple[schemas.MandateOut, int]:
    """Register a mandate; it counts once a second person confirmed it."""
    command = proxies.RegisterMandate(
        ballot_id, json.entry, json.proxy, json.powers, json.document, json.valid_from, json.valid_until
    )
    return schemas.MandateOut.of(proxies.register_mandate(current_context(), command)), 201


@door.post("/mandates/<id:mandate_id>/confirm")
@endpoint(staff(Permission.PROXY_REGISTER), {200: schemas.MandateOut}, tags=_TAGS)
def confirm_mandate(mandate_id: str) -> schemas.MandateOut:
    """Confirm a mandate against its document, as a second person."""
    return schemas.MandateOut.of(proxies.confirm_mandate(current_context(), mandate_id))


@door.post("/mandates/<id:mandate_id>/revoke")
@endpoint(staff(Permission.PROXY_REGISTER), {200: schemas.MandateOut}, tags=_TAGS)
def revoke_mandate(mandate_id: str) -> schemas.MandateOut:
    """End a mandate; a vote already cast under it stands."""
    return schemas.MandateOut.of(proxies.revoke_mandate(current_context(), mandate_id))
