"""The audit trail: events of a subtree, and one ballot as its auditor sees it."""

from __future__ import annotations

from flask import Blueprint

from backend.ballots.service import records
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import audit as schemas

door = Blueprint("staff_audit", __name__, url_prefix="/api/v1/staff")


@door.get("/audit/events")
@endpoint(staff(Permission.AUDIT_READ), {200: schemas.EventListOut}, tags=["audit"])
def list_audit_events(query: schemas.EventsQuery) -> schemas.EventListOut:
    """List the events of an organisation and everything below it, newest first."""
    wanted = records.ListEvents(query.organisation_id, query.before, query.limit + 1, query.type)
    return schemas.EventListOut.of(records.list_events(current_context(), wanted), query.limit)


@door.get("/ballots/<id:ballot_id>/audit")
@endpoint(staff(Permission.AUDIT_READ), {200: schemas.BallotAuditOut}, tags=["audit"])
def show_ballot_audit(ballot_id: str, query: schemas.AuditQuery) -> schemas.BallotAuditOut:
    """Show a ballot's checkpoints, who handled how many sheets, and the sample to call back."""
    return schemas.BallotAuditOut.of(
        records.audit_ballot(current_context(), ballot_id, query.seed, query.size)
    )
