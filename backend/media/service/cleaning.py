"""From the bytes that came to those that are kept; needs no database, so nothing waits for it."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.pictures import FULL_SIDE, clean_picture, format_of
from backend.media import errors
from backend.media.rules.addresses import Variant
from backend.media.rules.kinds import looks_like_video, name_of
from backend.media.rules.limits import MAX_PHOTO_BYTES, THUMB_SIDE, MediaKind
from backend.media.rules.mp4 import clean_film


@dataclass(frozen=True, slots=True)
class Cleaned:
    """What is kept of an upload: variant → bytes, and its measures (pixels, ms)."""

    kind: MediaKind
    content_type: str
    variants: dict[str, bytes]
    width: int
    height: int
    duration_ms: int | None


def clean(content: bytes) -> Cleaned:
    """Return a photo re-encoded with its thumbnail, or a video stripped to what plays; raises refusals."""
    if not content:
        raise errors.empty_file()
    if format_of(content) is not None:
        return _photo(content)
    if not looks_like_video(content):
        raise errors.file_kind(name_of(content))
    film = clean_film(content)
    variants = {Variant.FULL.value: film.content}
    return Cleaned(MediaKind.VIDEO, "video/mp4", variants, film.width, film.height, film.duration_ms)


def _photo(content: bytes) -> Cleaned:
    if len(content) > MAX_PHOTO_BYTES:
        raise errors.photo_size(MAX_PHOTO_BYTES)
    full, thumb = clean_picture(content, FULL_SIDE, THUMB_SIDE)
    variants = {Variant.FULL.value: full.content, Variant.THUMB.value: thumb.content}
    return Cleaned(MediaKind.PHOTO, full.media_type, variants, full.width, full.height, None)
