"""Staff accounts, invite letters and bindings."""

from __future__ import annotations

from collections.abc import Iterator

from flask import Blueprint, Response

from backend.identity import service
from backend.identity.letters import print_letters
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.media.service import show_proofs
from backend.staff_api.schemas import identity as schemas

door = Blueprint("staff_identity", __name__, url_prefix="/api/v1/staff")

_PAGE = 50
_READ = staff(Permission.STAFF_READ)
_WRITE = staff(Permission.STAFF_WRITE, limit="60/minute")
_INVITE = staff(Permission.INVITE_ISSUE, limit="60/minute")
_DECIDE = staff(Permission.BINDING_DECIDE)


@door.get("/accounts")
@endpoint(_READ, {200: schemas.StaffListOut}, tags=["staff accounts"])
def list_staff(query: schemas.AfterQuery) -> schemas.StaffListOut:
    """List the staff with roles in one's subtree."""
    return schemas.StaffListOut.of(service.list_staff(current_context(), query.cursor), _PAGE)


@door.post("/accounts")
@endpoint(_WRITE, {201: schemas.StaffOut}, tags=["staff accounts"])
def create_staff(json: schemas.CreateStaffIn) -> tuple[schemas.StaffOut, int]:
    """Create a staff account with a first role."""
    command = service.CreateStaff(json.username, json.name, json.password, json.grant.command())
    return schemas.StaffOut.of(service.create_staff(current_context(), command)), 201


@door.get("/accounts/<id:account_id>")
@endpoint(_READ, {200: schemas.StaffOut}, tags=["staff accounts"])
def show_staff(account_id: str) -> schemas.StaffOut:
    """Show one staff member."""
    return schemas.StaffOut.of(service.show_staff(current_context(), account_id))


@door.post("/accounts/<id:account_id>/grants")
@endpoint(_WRITE, {201: schemas.GrantOut}, tags=["staff accounts"])
def grant_role(account_id: str, json: schemas.GrantIn) -> tuple[schemas.GrantOut, int]:
    """Give a role, never to oneself."""
    return schemas.GrantOut.of(service.grant_role(current_context(), account_id, json.command())), 201


@door.delete("/grants/<id:grant_id>")
@endpoint(_WRITE, {204: None}, tags=["staff accounts"])
def revoke_grant(grant_id: str) -> Response:
    """Take a role away at once."""
    service.revoke_grant(current_context(), grant_id)
    return Response(status=204)


@door.post("/accounts/<id:account_id>/disable")
@endpoint(_WRITE, {200: schemas.StaffOut}, tags=["staff accounts"])
def disable_staff(account_id: str) -> schemas.StaffOut:
    """Close an account and end its sessions at once."""
    ctx = current_context()
    service.disable_staff(ctx, account_id)
    return schemas.StaffOut.of(service.show_staff(ctx, account_id))


@door.delete("/accounts/<id:account_id>/sessions")
@endpoint(_WRITE, {200: schemas.EndedSessionsOut}, tags=["staff accounts"])
def end_staff_sessions(account_id: str) -> schemas.EndedSessionsOut:
    """Log a staff member out everywhere."""
    return schemas.EndedSessionsOut(ended=service.end_staff_sessions(current_context(), account_id))


@door.post("/estates/<id:estate_id>/invites")
@endpoint(_INVITE, {200: None}, tags=["invites"], responses_raw="application/pdf")
def issue_invites(estate_id: str, json: schemas.IssueInvitesIn) -> Response:
    """Issue letters and return them for printing, once; ``X-Invite-Batch`` names the batch.

    ``X-Invite-Skipped``: how many doors get none (产权单位, firms, unsold).
    """
    ctx = current_context()
    issued = service.issue_invites(ctx, json.command(estate_id))
    pages = _print_after_commit(issued, ctx.ports.settings.public_base_url)
    headers = {
        "X-Invite-Batch": issued.batch,
        "X-Invite-Skipped": str(issued.skipped),
        "Content-Disposition": 'attachment; filename="letters.pdf"',
    }
    return Response(pages, 200, headers, mimetype="application/pdf")


def _print_after_commit(issued: service.IssuedBatch, public_base_url: str) -> Iterator[bytes]:
    """Print while the answer is sent: seconds of work that no write lock should wait for."""
    yield print_letters(issued, public_base_url)


@door.get("/estates/<id:estate_id>/invites")
@endpoint(_INVITE, {200: schemas.BatchListOut}, tags=["invites"])
def list_invites(estate_id: str, query: schemas.AfterQuery) -> schemas.BatchListOut:
    """List an estate's batches and what became of them."""
    return schemas.BatchListOut.of(service.list_batches(current_context(), estate_id, query.cursor), _PAGE)


@door.post("/estates/<id:estate_id>/invites/revoke")
@endpoint(_INVITE, {200: schemas.RevokedOut}, tags=["invites"])
def revoke_invites(estate_id: str, json: schemas.RevokeInvitesIn) -> schemas.RevokedOut:
    """Revoke unused letters of a batch or a dwelling."""
    command = service.RevokeInvites(estate_id, json.batch, json.dwelling_id)
    return schemas.RevokedOut(revoked=service.revoke_invites(current_context(), command))


@door.get("/estates/<id:estate_id>/bindings")
@endpoint(staff(Permission.BINDING_READ), {200: schemas.StaffBindingListOut}, tags=["bindings"])
def list_bindings(estate_id: str, query: schemas.BindingsQuery) -> schemas.StaffBindingListOut:
    """List an estate's bindings with masked names."""
    command = service.ListBindings(estate_id, query.state, query.building_id, query.cursor, query.waits_for)
    return schemas.StaffBindingListOut.of(service.list_bindings(current_context(), command), _PAGE)


@door.post("/bindings/<id:binding_id>/photos")
@endpoint(_DECIDE, {200: schemas.ProofPhotosOut}, tags=["bindings"])
def show_proof_photos(binding_id: str) -> schemas.ProofPhotosOut:
    """Show the photos a resident handed in, by addresses that soon end; the look is recorded."""
    return schemas.ProofPhotosOut.of(show_proofs(current_context(), binding_id))


@door.post("/bindings/<id:binding_id>/person")
@endpoint(_DECIDE, {200: schemas.PersonOut}, tags=["bindings"])
def reveal_person(binding_id: str) -> schemas.PersonOut:
    """Show who is behind a binding, for comparing with the proof; the look is recorded."""
    person = service.reveal_person(current_context(), binding_id)
    return schemas.PersonOut(name=person.name, phone=person.phone)


@door.post("/bindings/<id:binding_id>/decision")
@endpoint(_DECIDE, {200: schemas.StaffBindingOut}, tags=["bindings"])
def decide_binding(binding_id: str, json: schemas.DecideIn) -> schemas.StaffBindingOut:
    """Approve or refuse a pending binding."""
    ctx = current_context()
    row = service.decide_binding(ctx, service.DecideBinding(binding_id, json.approve, json.reason))
    return schemas.StaffBindingOut.of(service.view_of(ctx, row))


@door.post("/bindings/<id:binding_id>/end")
@endpoint(_DECIDE, {200: schemas.StaffBindingOut}, tags=["bindings"])
def end_binding(binding_id: str, json: schemas.EndIn) -> schemas.StaffBindingOut:
    """End a binding and all sessions behind it at once."""
    ctx = current_context()
    row = service.end_binding(ctx, service.EndBinding(binding_id, json.reason))
    return schemas.StaffBindingOut.of(service.view_of(ctx, row))


@door.delete("/bindings/<id:binding_id>/sessions")
@endpoint(_DECIDE, {200: schemas.EndedSessionsOut}, tags=["bindings"])
def end_binding_sessions(binding_id: str) -> schemas.EndedSessionsOut:
    """Log the person behind a binding out everywhere: a phone reported lost."""
    return schemas.EndedSessionsOut(ended=service.end_sessions_of(current_context(), binding_id))
