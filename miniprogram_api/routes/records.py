"""The public record for the residents of the estate."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.ballots.service import records
from backend.infra.web import current_context, endpoint, resident

door = Blueprint("mini_records", __name__, url_prefix="/api/v1")

ZIP = "application/zip"


@door.get("/ballots/<id:ballot_id>/record")
@endpoint(resident(limit="6/minute"), {200: None}, tags=["ballots"], responses_raw=ZIP)
def download_record(ballot_id: str) -> Response:
    """Download the public record of a published result (zip): sums, checkpoints and hashes, no entry's row."""
    ctx = current_context()
    content = records.as_bytes(lambda path: records.export_to_member(ctx, ballot_id, path))
    headers = {"Content-Disposition": f"attachment; filename={ballot_id}-public.zip"}
    return Response(content, mimetype=ZIP, headers=headers)
