"""Records out of the database, the audit of the database, the audit trail."""

from backend.ballots.repository.records import announced_ballots
from backend.ballots.service.records.checking import check_ballot, describe_fault
from backend.ballots.service.records.export import (
    ExportAudit,
    ExportedAudit,
    as_bytes,
    export_audit,
    export_public,
    export_to_member,
)
from backend.ballots.service.records.trail import (
    BallotAudit,
    ListEvents,
    TrailEvent,
    audit_ballot,
    list_events,
)

__all__ = [
    "BallotAudit",
    "ExportAudit",
    "ExportedAudit",
    "ListEvents",
    "TrailEvent",
    "announced_ballots",
    "as_bytes",
    "audit_ballot",
    "check_ballot",
    "describe_fault",
    "export_audit",
    "export_public",
    "export_to_member",
    "list_events",
]
