"""Uploads: the raw file in, its hash out; nothing can be read back except through what refers to it."""

from __future__ import annotations

from flask import Blueprint
from pydantic import BaseModel

from backend.infra.uploads import accept, received_file
from backend.infra.web import current_context, endpoint, staff

door = Blueprint("staff_files", __name__, url_prefix="/api/v1/staff/files")


class FileOut(BaseModel):
    """A stored file: refer to it by its hash."""

    sha256: str
    size: int
    media_type: str


@door.post("")
@endpoint(staff(is_upload=True, limit="300/minute"), {201: FileOut}, tags=["files"])
def upload_file() -> tuple[FileOut, int]:
    """Store a file sent as the raw request body (20 MB at most)."""
    content, media_type = accept(received_file())
    return FileOut(
        sha256=current_context().storage.put(content), size=len(content), media_type=media_type
    ), 201
