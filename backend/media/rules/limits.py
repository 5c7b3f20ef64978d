"""How much of what may be uploaded, by whom, and how many files one thing may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from backend.media import errors


class MediaKind(StrEnum):
    """What a file is."""

    PHOTO = "photo"
    VIDEO = "video"


KIND_TITLES = {MediaKind.PHOTO: "照片", MediaKind.VIDEO: "视频"}

MAX_PHOTO_BYTES = 20 << 20
MAX_VIDEO_BYTES = 50 << 20
MAX_VIDEO_SECONDS = 60
MAX_VIDEO_SIDE = 4096
THUMB_SIDE = 320

MOST_PHOTOS = 9
MOST_VIDEOS = 1

DAY = timedelta(days=1)
# An upload that nothing refers to after a day was given up by whoever made it.
UNATTACHED_LIFE = timedelta(days=1)

_PER_DAY = {
    ("resident", MediaKind.PHOTO): 30,
    ("resident", MediaKind.VIDEO): 3,
    ("staff", MediaKind.PHOTO): 300,
    ("staff", MediaKind.VIDEO): 30,
}


def check_day(uploader: str, kind: MediaKind, uploaded: int) -> None:
    """Refuse one more file of a kind after ``uploaded`` within a day; ``uploader`` is resident | staff."""
    most = _PER_DAY[uploader, kind]
    if uploaded >= most:
        raise errors.too_many_today(KIND_TITLES[kind], most)


@dataclass(frozen=True, slots=True)
class Held:
    """What a thing has already: the kinds of its files and the places they stand in."""

    kinds: tuple[MediaKind, ...] = ()
    taken: frozenset[int] = frozenset()


def positions(held: Held, wanted: Sequence[MediaKind], limit: int) -> list[int]:
    """Return the places of the new files, in their order; refuse more than nine photos or one video.

    ``limit`` may narrow the photos further. A video stands alone in place 0. Places that were given up are
    taken again.
    """
    kinds = [*held.kinds, *wanted]
    most = min(limit, MOST_PHOTOS)
    allowed = min(limit, MOST_VIDEOS) if MediaKind.VIDEO in kinds else most
    free = [place for place in range(MOST_PHOTOS) if place not in held.taken]
    if len(kinds) > allowed or len(wanted) > len(free):
        raise errors.too_many_attached(most)
    return free[: len(wanted)]
