"""Files from outside: known kinds only, pictures re-encoded without metadata, sizes and pixels limited."""

from __future__ import annotations

import io
import warnings

from PIL import Image, ImageOps

from backend.kernel.errors import TooLarge, Unprocessable

MAX_PIXELS = 40_000_000
_MAX_SIDE = 3000
_PICTURES = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_ZIP = b"PK\x03\x04"


def accept(content: bytes) -> tuple[bytes, str]:
    """Return the bytes to store and their media type; raises Unprocessable, TooLarge.

    Pictures are decoded and written anew: what hides behind or beside the picture does not survive.
    """
    if not content:
        raise Unprocessable("empty_file", "文件是空的，请重新选择。")
    for magic, kind in _PICTURES.items():
        if content.startswith(magic):
            return _re_encode(content, kind), "image/jpeg"
    if content.startswith(b"%PDF-"):
        return content, "application/pdf"
    if content.startswith(_ZIP):
        return content, "application/zip"
    if _is_text(content):
        return content, "text/plain"
    raise Unprocessable("file_kind", "只能上传 JPG、PNG 图片，PDF、Excel（xlsx）、Word（docx）或纯文本文件。")


def _re_encode(content: bytes, kind: str) -> bytes:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=[kind])
            if picture.width * picture.height > MAX_PIXELS:
                raise TooLarge("picture_size", "图片太大，请缩小到 4000 万像素以内再上传。")
            upright = ImageOps.exif_transpose(picture).convert("RGB")
    except (
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombWarning,
        Image.DecompressionBombError,
    ) as error:
        raise Unprocessable("broken_picture", "图片打不开或已损坏，请重新拍照上传。") from error
    upright.thumbnail((_MAX_SIDE, _MAX_SIDE))
    out = io.BytesIO()
    upright.save(out, "JPEG", quality=85)
    return out.getvalue()


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
