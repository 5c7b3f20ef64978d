"""Photos and videos: taking them in from residents, and answering signed addresses."""

from __future__ import annotations

from flask import Blueprint, Response, request
from werkzeug.exceptions import RequestedRangeNotSatisfiable

from backend.infra.uploads import received_file
from backend.infra.web import current_context, endpoint, idempotency_key, public, resident
from backend.media import service
from backend.media.rules.limits import MAX_VIDEO_BYTES
from miniprogram_api.schemas import media as schemas

door = Blueprint("mini_media", __name__)

_TAGS = ["media"]
_UPLOAD = resident(
    is_upload=True, max_body=MAX_VIDEO_BYTES + 65_536, limit="30/minute", needs_idempotency_key=True
)


@door.post("/api/v1/media")
@endpoint(_UPLOAD, {201: schemas.MediaOut}, tags=_TAGS)
def upload_media(query: schemas.MediaUploadQuery) -> tuple[schemas.MediaOut, int]:
    """Take in a photo (20 MB) or an MP4 video (50 MB, 60 s), as the raw body or the part ``file`` of a form."""
    command = service.Upload(
        received_file(), idempotency_key(), query.estate, is_proof=query.purpose == "proof"
    )
    return schemas.MediaOut.of(service.upload_media(current_context(), command)), 201


@door.get("/api/v1/media/<id:file_id>")
@endpoint(resident(), {200: schemas.MediaOut}, tags=_TAGS)
def show_my_media(file_id: str) -> schemas.MediaOut:
    """Show where one's own file stands, with fresh addresses."""
    return schemas.MediaOut.of(service.my_media(current_context(), file_id))


@door.get("/media/<id:file_id>/<variant>")
@endpoint(public(limit="1200/minute"), {200: None, 206: None}, tags=_TAGS, responses_raw="image/jpeg")
def serve_media(file_id: str, variant: str, query: schemas.AddressQuery) -> Response:
    """Answer a signed address with the file, or with the stretch a player asks for."""
    found = service.open_address(current_context(), file_id, variant, query.expires, query.sig)
    start, end, status = _stretch(found.size, f'"{file_id}-{variant}"')
    response = Response(found.stretch(start, end), status, mimetype=found.content_type)
    response.headers |= {
        "Content-Length": str(end - start),
        "Content-Disposition": f'inline; filename="{file_id}.{found.content_type.partition("/")[2]}"',
        # Beside the site's own policy: opened by itself, nothing in the file may run or load.
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Cache-Control": "private, max-age=900, immutable",
        "Accept-Ranges": "bytes",
        "ETag": f'"{file_id}-{variant}"',
    }
    if status == 206:
        response.headers["Content-Range"] = f"bytes {start}-{end - 1}/{found.size}"
    return response


def _stretch(size: int, etag: str) -> tuple[int, int, int]:
    """Return start, end and status of what is asked for; several ranges at once get the whole file."""
    wanted = request.range
    same = request.if_range.etag is None and request.if_range.date is None
    if wanted is None or len(wanted.ranges) != 1 or not (same or request.if_range.etag == etag.strip('"')):
        return 0, size, 200
    found = wanted.range_for_length(size)
    if found is None:
        raise RequestedRangeNotSatisfiable(size)
    return found[0], found[1], 206
