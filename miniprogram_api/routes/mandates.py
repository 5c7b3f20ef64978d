"""Mandates for residents: see who may vote for one's home, and end it."""

from __future__ import annotations

from flask import Blueprint

from backend.ballots.service import proxies
from backend.infra.web import current_context, endpoint, resident
from miniprogram_api.schemas import mandates as schemas

door = Blueprint("mini_mandates", __name__, url_prefix="/api/v1/mandates")


@door.get("")
@endpoint(resident(), {200: schemas.MandateListOut}, tags=["mandates"])
def list_my_mandates() -> schemas.MandateListOut:
    """List the mandates given for the caller's own dwellings, newest first."""
    rows = proxies.my_mandates(current_context())
    return schemas.MandateListOut(items=[schemas.MandateOut.of(row) for row in rows])


@door.post("/<id:mandate_id>/revoke")
@endpoint(resident(), {200: schemas.MandateOut}, tags=["mandates"])
def revoke_mandate(mandate_id: str) -> schemas.MandateOut:
    """End a mandate for one's own dwelling; a vote already cast under it stands."""
    return schemas.MandateOut.of(proxies.revoke_mandate(current_context(), mandate_id))


@door.get("/held")
@endpoint(resident(), {200: schemas.MandateListOut}, tags=["mandates"])
def list_mandates_held() -> schemas.MandateListOut:
    """List the mandates given to the caller, newest first: the entry to vote for and its ballot."""
    rows = proxies.mandates_held(current_context())
    return schemas.MandateListOut(items=[schemas.MandateOut.of(row) for row in rows])
