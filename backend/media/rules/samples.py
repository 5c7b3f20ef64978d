"""Which bytes of a film its tracks play; everything between them may be wiped."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

from backend.media import errors
from backend.media.rules.boxes import Box, number, only

# 60 s at 240 frames or 100 sound frames a second, with room.
_MOST_SAMPLES = 60_000
_ENTRY_SIZES = {b"stts": 8, b"ctts": 8, b"stss": 4, b"stsc": 12, b"stco": 4, b"co64": 8}

Stretch = tuple[int, int]


def check_tables(content: bytes | bytearray, found: Iterable[Box]) -> None:
    """Refuse tables whose length is not what their entries need: the rest could hold anything."""
    for box in found:
        entry = _ENTRY_SIZES.get(box.kind)
        if entry is not None and box.end - box.body != 8 + entry * _count(content, box.body + 4):
            raise errors.broken_video()


def stretches(content: bytes | bytearray, found: list[Box]) -> list[Stretch]:
    """Return where the samples of a track lie, chunk by chunk, from the children of its ``stbl``."""
    sizes = _sizes(content, only(found, b"stsz"))
    starts = list(accumulate(sizes, initial=0))
    result: list[Stretch] = []
    sample = 0
    for offset, count in zip(_offsets(content, found), _per_chunk(content, found), strict=True):
        after = sample + count
        if after > len(sizes):
            raise errors.broken_video()
        result.append((offset, offset + starts[after] - starts[sample]))
        sample = after
    if sample != len(sizes):
        raise errors.broken_video()
    return result


def gaps(played: list[Stretch], space: Box) -> list[Stretch]:
    """Return what lies in ``space`` and is played by no track."""
    result: list[Stretch] = []
    at = space.body
    for start, end in sorted(played):
        if end <= space.body or start >= space.end:
            continue
        if start > at:
            result.append((at, start))
        at = max(at, end)
    if at < space.end:
        result.append((at, space.end))
    return result


def _count(content: bytes | bytearray, at: int) -> int:
    found = number(content, at, 4)
    if found > _MOST_SAMPLES:
        raise errors.broken_video()
    return found


def _sizes(content: bytes | bytearray, box: Box) -> list[int]:
    if box.end - box.body < 12:
        raise errors.broken_video()
    uniform, count = number(content, box.body + 4, 4), _count(content, box.body + 8)
    if box.end - box.body != 12 + (0 if uniform else 4 * count):
        raise errors.broken_video()
    if uniform:
        return [uniform] * count
    return [number(content, at, 4) for at in range(box.body + 12, box.end, 4)]


def _offsets(content: bytes | bytearray, found: list[Box]) -> list[int]:
    tables = [box for box in found if box.kind in (b"stco", b"co64")]
    if len(tables) != 1:
        raise errors.broken_video()
    size = 8 if tables[0].kind == b"co64" else 4
    return [number(content, at, size) for at in range(tables[0].body + 8, tables[0].end, size)]


def _per_chunk(content: bytes | bytearray, found: list[Box]) -> list[int]:
    """Return how many samples each chunk has (§8.7.4: runs, each begun by its first chunk)."""
    chunks = len(_offsets(content, found))
    table = only(found, b"stsc")
    runs = [
        (number(content, at, 4), number(content, at + 4, 4)) for at in range(table.body + 8, table.end, 12)
    ]
    if bool(runs) != bool(chunks) or (runs and runs[0][0] != 1):
        raise errors.broken_video()
    result: list[int] = []
    for index, (first, count) in enumerate(runs):
        following = runs[index + 1][0] if index + 1 < len(runs) else chunks + 1
        if not first < following <= chunks + 1 or count > _MOST_SAMPLES:
            raise errors.broken_video()
        result += [count] * (following - first)
    return result
