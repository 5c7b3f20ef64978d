"""One's own account: name, phone, consents, sessions, export, erasure."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.identity import service
from backend.identity.rules.consents import NOTICE_VERSION
from backend.infra.web import current_context, endpoint, public, resident
from miniprogram_api.schemas import me as schemas
from miniprogram_api.schemas.bindings import BindingsOut
from miniprogram_api.schemas.session import RunningSessionsOut

door = Blueprint("mini_me", __name__, url_prefix="/api/v1")


@door.get("/privacy-notice")
@endpoint(public(), {200: schemas.PrivacyNoticeOut}, tags=["me"])
def show_privacy_notice() -> schemas.PrivacyNoticeOut:
    """Show the current privacy notice, before anything personal is asked."""
    return schemas.PrivacyNoticeOut(version=NOTICE_VERSION, text=service.privacy_notice())


@door.get("/me")
@endpoint(resident(), {200: schemas.MeOut}, tags=["me"])
def show_me() -> schemas.MeOut:
    """Show one's own account."""
    return schemas.MeOut.of(service.me(current_context()))


@door.patch("/me")
@endpoint(resident(), {200: schemas.MeOut}, tags=["me"])
def rename_me(json: schemas.RenameIn) -> schemas.MeOut:
    """Set one's own name."""
    ctx = current_context()
    service.rename(ctx, json.name)
    return schemas.MeOut.of(service.me(ctx))


@door.post("/me/phone")
@endpoint(resident(limit="10/minute"), {200: schemas.MeOut}, tags=["me"])
def add_my_phone(json: schemas.PhoneIn) -> schemas.MeOut:
    """Keep the number WeChat vouches for; needs the consent ``phone`` first."""
    ctx = current_context()
    # Asked before the session's first statement: no lock is held while WeChat thinks.
    service.add_phone(ctx, service.exchange_phone_code(ctx.ports, json.code))
    return schemas.MeOut.of(service.me(ctx))


@door.get("/me/consents")
@endpoint(resident(), {200: schemas.ConsentsOut}, tags=["me"])
def list_my_consents() -> schemas.ConsentsOut:
    """Show where one stands on every purpose."""
    return schemas.ConsentsOut.of(service.list_consents(current_context()))


@door.post("/me/consents")
@endpoint(resident(), {200: schemas.ConsentsOut}, tags=["me"])
def record_my_consent(json: schemas.ConsentIn) -> schemas.ConsentsOut:
    """Give a consent or take it back."""
    ctx = current_context()
    service.record_consent(ctx, json.purpose, json.notice_version, is_given=json.given)
    return schemas.ConsentsOut.of(service.list_consents(ctx))


@door.get("/me/export")
@endpoint(resident(limit="10/minute"), {200: schemas.ExportOut}, tags=["me"])
def export_me() -> schemas.ExportOut:
    """Hand out everything held about the caller."""
    return schemas.ExportOut(**service.export_my_data(current_context()))


@door.post("/me/erase")
@endpoint(resident(limit="5/minute"), {204: None}, tags=["me"])
def erase_me(json: schemas.EraseIn) -> Response:
    """Forget the caller; ballots stay, under an account nobody can be found behind."""
    service.erase_me(current_context())
    return Response(status=204)


@door.get("/me/sessions")
@endpoint(resident(), {200: RunningSessionsOut}, tags=["me"])
def list_my_sessions() -> RunningSessionsOut:
    """List where one is logged in."""
    return RunningSessionsOut.of(service.list_sessions(current_context()))


@door.delete("/me/sessions/<id:session_id>")
@endpoint(resident(), {204: None}, tags=["me"])
def end_my_session(session_id: str) -> Response:
    """End one of one's own sessions at once."""
    service.end_session(current_context(), session_id)
    return Response(status=204)


@door.delete("/me/sessions")
@endpoint(resident(), {204: None}, tags=["me"])
def end_all_my_sessions() -> Response:
    """Log out everywhere, here too: for a lost phone."""
    service.log_out_everywhere(current_context())
    return Response(status=204)


@door.get("/me/activity")
@endpoint(resident(), {200: BindingsOut}, tags=["me"])
def show_activity() -> BindingsOut:
    """Show who is or was bound to one's own dwellings, masked, newest first."""
    return BindingsOut.of(service.activity(current_context()))
