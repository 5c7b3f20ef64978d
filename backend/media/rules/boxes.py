"""Boxes of ISO base media files (ISO/IEC 14496-12 §4.2): where each begins, where its content is, where it ends."""

from __future__ import annotations

from dataclasses import dataclass

from backend.media import errors

# A film of a minute needs a few dozen; more in one place is an attempt to keep us busy.
_MOST_IN_ONE = 500


@dataclass(frozen=True, slots=True)
class Box:
    """Offsets in the file: ``start`` of the header, ``body`` after it, ``end`` after the content."""

    kind: bytes
    start: int
    body: int
    end: int


def number(content: bytes | bytearray, at: int, size: int) -> int:
    """Return the big-endian number of ``size`` bytes at an offset."""
    return int.from_bytes(content[at : at + size], "big")


def boxes_in(content: bytes | bytearray, start: int, end: int) -> list[Box]:
    """Return the boxes that fill ``start`` to ``end`` exactly; raises broken_video."""
    found: list[Box] = []
    while start < end:
        box = _box_at(content, start, end)
        found.append(box)
        if len(found) > _MOST_IN_ONE:
            raise errors.broken_video()
        start = box.end
    return found


def _box_at(content: bytes | bytearray, start: int, end: int) -> Box:
    size, body = number(content, start, 4), start + 8
    if size == 1:
        size, body = number(content, start + 8, 8), start + 16
    # Size 0, "to the end of the file", would take in whatever was appended.
    if start + size < body or start + size > end or body > end:
        raise errors.broken_video()
    return Box(bytes(content[start + 4 : start + 8]), start, body, start + size)


def children(content: bytes | bytearray, parent: Box) -> list[Box]:
    """Return the boxes inside a plain container."""
    return boxes_in(content, parent.body, parent.end)


def only(found: list[Box], kind: bytes) -> Box:
    """Return the one box of a kind; raises broken_video when there is none or more."""
    chosen = [box for box in found if box.kind == kind]
    if len(chosen) != 1:
        raise errors.broken_video()
    return chosen[0]


def clear(out: bytearray, start: int, end: int) -> None:
    """Overwrite a stretch with zeros."""
    out[start:end] = bytes(end - start)


def blank(out: bytearray, box: Box) -> None:
    """Turn a box into empty space of the same size, so that no offset moves."""
    out[box.start + 4 : box.start + 8] = b"free"
    clear(out, box.body, box.end)
