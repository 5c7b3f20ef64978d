"""Staff log in by password and out again."""

from __future__ import annotations

from flask import Blueprint, Response, request

from backend.identity import service
from backend.infra.web import current_context, endpoint, public, staff
from backend.staff_api.schemas import session as schemas

door = Blueprint("staff_session", __name__, url_prefix="/api/v1/staff")


@door.post("/session")
@endpoint(public(limit="20/minute"), {201: schemas.StaffSessionOut}, tags=["staff session"])
def log_in_staff(json: schemas.StaffLogInIn) -> tuple[schemas.StaffSessionOut, int]:
    """Log in; unknown user, wrong password and wrong one-time code get one answer."""
    command = service.StaffLogIn(
        json.username, json.password, str(request.remote_addr), json.totp, json.device
    )
    return schemas.StaffSessionOut.of(service.log_in_staff(current_context(), command)), 201


@door.get("/session")
@endpoint(staff(), {200: schemas.StaffMeOut}, tags=["staff session"])
def show_staff_session() -> schemas.StaffMeOut:
    """Show who is logged in, with which roles and permissions."""
    ctx = current_context()
    return schemas.StaffMeOut.of(service.staff_me(ctx), ctx.actor)


@door.delete("/session")
@endpoint(staff(), {204: None}, tags=["staff session"])
def log_out_staff() -> Response:
    """End this session at once."""
    service.log_out(current_context())
    return Response(status=204)


@door.post("/session/password")
@endpoint(staff(limit="10/minute"), {204: None}, tags=["staff session"])
def change_staff_password(json: schemas.StaffPasswordIn) -> Response:
    """Change one's own password; one's other sessions end."""
    service.change_password(current_context(), json.old, json.new)
    return Response(status=204)


@door.get("/sessions")
@endpoint(staff(), {200: schemas.StaffRunningSessionsOut}, tags=["staff session"])
def list_staff_sessions() -> schemas.StaffRunningSessionsOut:
    """List where one is logged in."""
    return schemas.StaffRunningSessionsOut.of(service.list_sessions(current_context()))


@door.delete("/sessions/<id:session_id>")
@endpoint(staff(), {204: None}, tags=["staff session"])
def end_staff_session(session_id: str) -> Response:
    """End one of one's own sessions at once."""
    service.end_session(current_context(), session_id)
    return Response(status=204)
