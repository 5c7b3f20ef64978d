"""Photos and videos of staff, and deciding about those of residents."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import decode_cursor
from backend.infra.uploads import received_file
from backend.infra.web import current_context, endpoint, idempotency_key, staff
from backend.kernel.access import Permission
from backend.media import service
from backend.media.rules.limits import MAX_VIDEO_BYTES
from backend.staff_api.schemas import media as schemas

door = Blueprint("staff_media", __name__, url_prefix="/api/v1/staff/media")

_TAGS = ["media"]
_UPLOAD = staff(
    Permission.MEDIA_UPLOAD,
    is_upload=True,
    max_body=MAX_VIDEO_BYTES + 65_536,
    limit="120/minute",
    needs_idempotency_key=True,
)


@door.post("")
@endpoint(_UPLOAD, {201: schemas.StaffMediaOut}, tags=_TAGS)
def upload_staff_media(query: schemas.StaffMediaUploadQuery) -> tuple[schemas.StaffMediaOut, int]:
    """Take in a photo (20 MB) or an MP4 video (50 MB, 60 s), as the raw body or the part ``file`` of a form."""
    command = service.Upload(received_file(), idempotency_key(), query.estate)
    return schemas.StaffMediaOut.of(service.upload_media(current_context(), command)), 201


@door.get("")
@endpoint(staff(Permission.MEDIA_REVIEW), {200: schemas.StaffMediaListOut}, tags=_TAGS)
def list_media_reviews(query: schemas.MediaReviewQuery) -> schemas.StaffMediaListOut:
    """List an estate's files that wait for a person, the oldest first."""
    after, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_reviews(current_context(), query.estate, query.state, size, after)
    return schemas.StaffMediaListOut.of(found, query.limit)


@door.post("/<id:file_id>/decision")
@endpoint(staff(Permission.MEDIA_REVIEW), {200: schemas.StaffMediaOut}, tags=_TAGS)
def decide_media(file_id: str, json: schemas.DecideMediaIn) -> schemas.StaffMediaOut:
    """Pass a file that waits for a person, or refuse it with a reason."""
    command = service.DecideMedia(file_id, json.passed, json.reason)
    return schemas.StaffMediaOut.of(service.decide_media(current_context(), command))
