"""MP4 from outside: only a plain film of known coding passes, and only what plays is kept of it.

Nothing moves: what is not wanted becomes empty space of the same size, so every offset stays true.
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.media import errors
from backend.media.rules import samples
from backend.media.rules.boxes import Box, blank, boxes_in, children, clear, number, only
from backend.media.rules.limits import MAX_VIDEO_BYTES, MAX_VIDEO_SECONDS, MAX_VIDEO_SIDE

_BRANDS = frozenset(
    {b"isom", b"iso2", b"iso3", b"iso4", b"iso5", b"iso6", b"mp41", b"mp42", b"avc1", b"hvc1", b"M4V "}
    | {b"3gp4", b"3gp5", b"3gp6", b"MSNV"}
)
_QUICKTIME = b"qt  "
_MOST_FTYP = 128
_TOP = frozenset((b"ftyp", b"moov", b"mdat"))
_SPACE = frozenset((b"free", b"skip", b"wide"))
_METADATA = frozenset((b"udta", b"meta", b"uuid"))
_FRAGMENTS = frozenset((b"moof", b"mvex", b"sidx", b"styp", b"mfra"))
# What a player needs; all else (udta, meta, uuid, ©xyz, loci, names of devices) becomes empty space.
_KEPT = {
    b"moov": frozenset((b"mvhd", b"trak")),
    b"trak": frozenset((b"tkhd", b"edts", b"mdia")),
    b"edts": frozenset((b"elst",)),
    b"mdia": frozenset((b"mdhd", b"hdlr", b"minf")),
    b"minf": frozenset((b"vmhd", b"smhd", b"dinf", b"stbl")),
    b"dinf": frozenset((b"dref",)),
    b"stbl": frozenset((b"stsd", b"stts", b"ctts", b"stss", b"stsc", b"stsz", b"stco", b"co64")),
}
_ENTRY_KEPT = frozenset((b"avcC", b"hvcC", b"esds", b"pasp", b"btrt"))
_CODECS = {
    b"vide": {b"avc1": (78, b"avcC"), b"hvc1": (78, b"hvcC")},
    b"soun": {b"mp4a": (28, b"esds")},
}
# Version 0 and 1 of the boxes that hold instants: bytes per instant, and the whole content.
_TIMED = {
    b"mvhd": {0: (4, 100), 1: (8, 112)},
    b"tkhd": {0: (4, 84), 1: (8, 96)},
    b"mdhd": {0: (4, 24), 1: (8, 36)},
}
_SMALL = {b"vmhd": 12, b"smhd": 8}
_MOST_STSD = 4096


@dataclass(frozen=True, slots=True)
class Film:
    """A cleaned video: the bytes to store, its length in ms and its frame in pixels."""

    content: bytes
    duration_ms: int
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class _Track:
    handler: bytes
    duration_ms: int
    width: int
    height: int
    played: list[samples.Stretch]


def clean_film(content: bytes) -> Film:
    """Return the film without anything but film; raises a refusal that says what to do."""
    if len(content) > MAX_VIDEO_BYTES:
        raise errors.video_size(MAX_VIDEO_BYTES)
    top = _top_boxes(content)
    out = bytearray(content)
    for box in top:
        if box.kind not in _TOP:
            blank(out, box)
    _rewrite_brands(out, top[0])
    moov = only(top, b"moov")
    _sweep(out, moov)
    duration = _take_times(out, only(children(out, moov), b"mvhd"))
    tracks = [_track(out, box) for box in children(out, moov) if box.kind == b"trak"]
    shown, heard = ([one for one in tracks if one.handler == kind] for kind in (b"vide", b"soun"))
    if not shown:
        raise errors.no_picture()
    if len(shown) > 1 or len(heard) > 1:
        raise errors.foreign_part()
    _wipe_unplayed(out, [box for box in top if box.kind == b"mdat"], tracks)
    length = max(duration, *(one.duration_ms for one in tracks))
    _check_frame(length, shown[0])
    return Film(bytes(out), length, shown[0].width, shown[0].height)


def _top_boxes(content: bytes) -> list[Box]:
    """Return the outermost boxes of what may be a film at all."""
    if content[8:12] == _QUICKTIME:
        raise errors.quicktime()
    top = boxes_in(content, 0, len(content))
    kinds = [box.kind for box in top]
    if _FRAGMENTS & set(kinds):
        raise errors.fragmented()
    if set(kinds) - _TOP - _SPACE - _METADATA:
        raise errors.foreign_part()
    if (
        kinds[:1] != [b"ftyp"]
        or kinds.count(b"ftyp") != 1
        or kinds.count(b"moov") != 1
        or b"mdat" not in kinds
    ):
        raise errors.broken_video()
    return top


def _rewrite_brands(out: bytearray, ftyp: Box) -> None:
    size = ftyp.end - ftyp.body
    if size < 8 or size % 4 or size > _MOST_FTYP or bytes(out[ftyp.body : ftyp.body + 4]) not in _BRANDS:
        raise errors.foreign_part()
    clear(out, ftyp.body + 4, ftyp.body + 8)
    for at in range(ftyp.body + 8, ftyp.end, 4):
        if bytes(out[at : at + 4]) not in _BRANDS:
            out[at : at + 4] = b"isom"


def _sweep(out: bytearray, parent: Box) -> None:
    """Blank what the list does not keep, all the way down."""
    for box in children(out, parent):
        if box.kind in _FRAGMENTS:
            raise errors.fragmented()
        if box.kind == b"trak" and _handler(out, box) not in _CODECS:
            blank(out, box)  # subtitles, places and movements recorded beside the picture
        elif box.kind not in _KEPT[parent.kind]:
            blank(out, box)
        elif box.kind in _KEPT:
            _sweep(out, box)


def _handler(out: bytearray, trak: Box) -> bytes:
    hdlr = only(children(out, only(children(out, trak), b"mdia")), b"hdlr")
    if hdlr.end - hdlr.body < 24:
        raise errors.broken_video()
    return bytes(out[hdlr.body + 8 : hdlr.body + 12])


def _take_times(out: bytearray, box: Box) -> int:
    """Wipe when it was recorded; return the duration in ms (mvhd, mdhd) or 0 (tkhd)."""
    form = _TIMED[box.kind].get(out[box.body] if box.end > box.body else -1)
    if form is None or box.end - box.body != form[1]:
        raise errors.broken_video()
    size = form[0]
    clear(out, box.body + 4, box.body + 4 + 2 * size)
    if box.kind == b"tkhd":
        return 0
    scale = number(out, box.body + 4 + 2 * size, 4)
    length = number(out, box.body + 8 + 2 * size, size)
    if not scale:
        raise errors.broken_video()
    return -(-length * 1000 // scale)


def _track(out: bytearray, trak: Box) -> _Track:
    inner = children(out, trak)
    _take_times(out, only(inner, b"tkhd"))
    media = children(out, only(inner, b"mdia"))
    duration = _take_times(out, only(media, b"mdhd"))
    handler = _handler(out, trak)
    hdlr = only(media, b"hdlr")
    clear(out, hdlr.body, hdlr.body + 8)
    clear(out, hdlr.body + 12, hdlr.end)
    minf = children(out, only(media, b"minf"))
    _check_source(out, only(children(out, only(minf, b"dinf")), b"dref"))
    tables = children(out, only(minf, b"stbl"))
    width, height = _clean_entry(out, only(tables, b"stsd"), handler)
    samples.check_tables(out, tables)
    _check_small(
        out, [*minf, *(box for edts in inner if edts.kind == b"edts" for box in children(out, edts))]
    )
    return _Track(handler, duration, width, height, samples.stretches(out, tables))


def _check_small(out: bytearray, found: list[Box]) -> None:
    """Refuse headers with room for more than they say."""
    for box in found:
        size = box.end - box.body
        if box.kind == b"elst":
            entry = 20 if size and out[box.body] == 1 else 12
            fits = size >= 8 and size == 8 + entry * number(out, box.body + 4, 4)
        else:
            fits = size == _SMALL.get(box.kind, size)
        if not fits:
            raise errors.broken_video()


def _check_source(out: bytearray, dref: Box) -> None:
    """Refuse a track whose samples lie elsewhere: a player would fetch that address."""
    if bytes(out[dref.body : dref.end]) != bytes(7) + b"\x01" + b"\x00\x00\x00\x0curl \x00\x00\x00\x01":
        raise errors.foreign_part()


def _clean_entry(out: bytearray, stsd: Box, handler: bytes) -> tuple[int, int]:
    """Check the coding of a track, wipe the rest of its description; return the frame (0, 0 for sound)."""
    entries = boxes_in(out, stsd.body + 8, stsd.end) if stsd.end - stsd.body >= 8 else []
    if len(entries) != 1 or number(out, stsd.body + 4, 4) != 1 or stsd.end - stsd.start > _MOST_STSD:
        raise errors.broken_video()
    entry = entries[0]
    known = _CODECS[handler].get(entry.kind)
    if known is None:
        raise errors.video_codec(
            entry.kind.decode("ascii", "replace").strip() if entry.kind.isalnum() else ""
        )
    header, needed = known
    if entry.end - entry.body < header:
        raise errors.broken_video()
    inner = boxes_in(out, entry.body + header, entry.end)
    only(inner, needed)
    for box in inner:
        if box.kind not in _ENTRY_KEPT:
            blank(out, box)
    if handler == b"soun":
        clear(out, entry.body + 8, entry.body + 16)
        return 0, 0
    clear(out, entry.body + 42, entry.body + 74)  # the compressor's name
    return number(out, entry.body + 24, 2), number(out, entry.body + 26, 2)


def _wipe_unplayed(out: bytearray, spaces: list[Box], tracks: list[_Track]) -> None:
    """Zero what no track plays; refuse a track that plays what is not film."""
    played = [stretch for one in tracks for stretch in one.played]
    for start, end in played:
        if not any(space.body <= start and end <= space.end for space in spaces):
            raise errors.broken_video()
    for space in spaces:
        for start, end in samples.gaps(played, space):
            clear(out, start, end)


def _check_frame(length_ms: int, shown: _Track) -> None:
    if (
        not length_ms
        or not any(start < end for start, end in shown.played)
        or not shown.width
        or not shown.height
    ):
        raise errors.broken_video()
    if length_ms > MAX_VIDEO_SECONDS * 1000:
        raise errors.video_length(-(-length_ms // 1000), MAX_VIDEO_SECONDS)
    if max(shown.width, shown.height) > MAX_VIDEO_SIDE:
        raise errors.video_side(MAX_VIDEO_SIDE)
