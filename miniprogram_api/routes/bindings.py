"""A resident's ways to their dwelling, and out of it."""

from __future__ import annotations

from flask import Blueprint, Response, request

from backend.identity import service
from backend.infra.web import current_context, endpoint, resident
from miniprogram_api.schemas.bindings import BindingOut, BindingsOut, InviteIn, RequestIn

door = Blueprint("mini_bindings", __name__, url_prefix="/api/v1/bindings")


@door.get("")
@endpoint(resident(), {200: BindingsOut}, tags=["bindings"])
def list_my_bindings() -> BindingsOut:
    """List one's own bindings, ended ones too."""
    return BindingsOut.of(service.my_bindings(current_context()))


@door.post("/invite")
@endpoint(resident(limit="20/minute"), {201: BindingOut}, tags=["bindings"])
def bind_by_invite(json: InviteIn) -> tuple[BindingOut, int]:
    """Bind by the code of a letter; five wrong ones in ten minutes block the account."""
    ctx = current_context()
    bound = service.bind_by_code(ctx, service.BindByCode(json.code, str(request.remote_addr)))
    return BindingOut.of(service.view_of(ctx, bound)), 201


@door.post("/phone")
@endpoint(resident(limit="10/minute"), {201: BindingsOut}, tags=["bindings"])
def bind_by_my_phone() -> tuple[BindingsOut, int]:
    """Bind every dwelling whose roll names one's number; they count after the waiting time."""
    ctx = current_context()
    bound = {row.id for row in service.bind_by_phone(ctx)}
    return BindingsOut.of([view for view in service.my_bindings(ctx) if view.id in bound]), 201


@door.post("/requests")
@endpoint(resident(limit="10/minute"), {201: BindingOut}, tags=["bindings"])
def ask_for_binding(json: RequestIn) -> tuple[BindingOut, int]:
    """Ask the community to confirm a binding on photos uploaded before (``purpose=proof``)."""
    ctx = current_context()
    asked = service.RequestBinding(json.estate_id, json.door, json.relation, tuple(json.photos))
    return BindingOut.of(service.view_of(ctx, service.request_binding(ctx, asked))), 201


@door.delete("/<id:binding_id>")
@endpoint(resident(), {204: None}, tags=["bindings"])
def leave_my_binding(binding_id: str) -> Response:
    """Give up one's own binding at once."""
    service.leave_binding(current_context(), binding_id)
    return Response(status=204)
