"""Files from outside: known kinds only, pictures re-encoded without metadata, sizes and pixels limited."""

from __future__ import annotations

from flask import request
from werkzeug.exceptions import RequestEntityTooLarge

from backend.infra.pictures import FULL_SIDE, clean_picture, format_of
from backend.kernel.errors import TooLarge, Unprocessable

_ZIP = b"PK\x03\x04"


def received_file() -> bytes:
    """Return the file of this request: its raw body, or the part ``file`` of a form (what phones send).

    Raises TooLarge beyond the route's limit, Unprocessable for a form without that part.
    """
    try:
        if request.mimetype != "multipart/form-data":
            return request.get_data(cache=False)
        part = request.files.get("file")
    except RequestEntityTooLarge as error:
        most = (request.max_content_length or 0) >> 20
        raise TooLarge("file_size", f"文件超过 {most} MB，请压缩或剪短后再上传。") from error
    if part is None:
        raise Unprocessable("no_file", "没有收到文件，请把文件放在名为 file 的一项里上传。")
    content: bytes = part.read()
    return content


def accept(content: bytes) -> tuple[bytes, str]:
    """Return the bytes to store and their media type; raises Unprocessable, TooLarge.

    Pictures are decoded and written anew: what hides behind or beside the picture does not survive.
    """
    if not content:
        raise Unprocessable("empty_file", "文件是空的，请重新选择。")
    if format_of(content) is not None:
        picture = clean_picture(content, FULL_SIDE, flat=True)[0]
        return picture.content, picture.media_type
    media_type = media_type_of(content)
    if media_type is not None:
        return content, media_type
    raise Unprocessable(
        "file_kind", "只能上传 JPG、PNG、WebP、HEIC 图片，PDF、Excel（xlsx）、Word（docx）或纯文本文件。"
    )


def media_type_of(content: bytes) -> str | None:
    """Return what kind of file this is, as ``accept`` tells it of what it stores; None for an unknown kind."""
    picture = format_of(content)
    if picture is not None:
        return f"image/{picture.lower()}"
    if content.startswith(b"%PDF-"):
        return "application/pdf"
    if content.startswith(_ZIP):
        return "application/zip"
    return "text/plain" if _is_text(content) else None


def _is_text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    for encoding in ("utf-8", "gb18030"):
        try:
            content.decode(encoding)
        except UnicodeDecodeError:
            continue
        return True
    return False
