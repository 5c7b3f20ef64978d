"""Records of ballots for staff: the public one, and the audit one with a reason."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.ballots.service import records
from backend.infra.web import current_context, endpoint, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas.records import AuditExportIn

door = Blueprint("staff_records", __name__, url_prefix="/api/v1/staff/ballots")

ZIP = "application/zip"


@door.get("/<id:ballot_id>/record")
@endpoint(
    staff(Permission.RECORD_PUBLIC, limit="20/minute"), {200: None}, tags=["records"], responses_raw=ZIP
)
def download_public_record(ballot_id: str) -> Response:
    """Download the public record of a published result (zip)."""
    ctx = current_context()
    content = records.as_bytes(lambda path: records.export_public(ctx, ballot_id, path))
    headers = {"Content-Disposition": f"attachment; filename={ballot_id}-public.zip"}
    return Response(content, mimetype=ZIP, headers=headers)


@door.post("/<id:ballot_id>/record/audit")
@endpoint(staff(Permission.RECORD_AUDIT, limit="6/minute"), {200: None}, tags=["records"], responses_raw=ZIP)
def export_audit_record(ballot_id: str, json: AuditExportIn) -> Response:
    """Take out the audit record (zip): pseudonymous roll and papers, watermarked, logged with its reason."""
    ctx = current_context()
    content = records.as_bytes(
        lambda path: records.export_audit(ctx, records.ExportAudit(ballot_id, path, json.reason))
    )
    headers = {"Content-Disposition": f"attachment; filename={ballot_id}-audit.zip"}
    return Response(content, mimetype=ZIP, headers=headers)
