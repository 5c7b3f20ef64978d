"""Residents log in by WeChat and out again."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.identity import service
from backend.infra.web import current_context, endpoint, public, resident
from miniprogram_api.schemas.session import LogInIn, SessionOut

door = Blueprint("mini_session", __name__, url_prefix="/api/v1")


@door.post("/session")
@endpoint(public(limit="60/minute"), {201: SessionOut}, tags=["session"])
def log_in(json: LogInIn) -> tuple[SessionOut, int]:
    """Exchange a WeChat login code for a session; the first login creates the account."""
    ctx = current_context()
    # Asked before the session's first statement: no lock is held while WeChat thinks.
    openid, unionid = service.exchange_login_code(ctx.ports, json.code)
    opened = service.log_in(ctx, service.LogIn(openid, json.device, json.privacy_notice, unionid))
    return SessionOut.of(opened), 201


@door.delete("/session")
@endpoint(resident(), {204: None}, tags=["session"])
def log_out() -> Response:
    """End this session at once."""
    service.log_out(current_context())
    return Response(status=204)
