"""Small MP4 films, box by box, so that every part can be bent."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

PLACE = b"+38.4864+106.2309/"


def box(kind: bytes, *parts: bytes) -> bytes:
    """Return a box."""
    body = b"".join(parts)
    return struct.pack(">I", 8 + len(body)) + kind + body


def full(kind: bytes, *parts: bytes, version: int = 0, flags: int = 0) -> bytes:
    """Return a box with version and flags."""
    return box(kind, struct.pack(">I", version << 24 | flags), *parts)


def numbers(*values: int) -> bytes:
    """Return 32-bit numbers."""
    return struct.pack(f">{len(values)}I", *values)


@dataclass(frozen=True)
class FilmPlan:
    """What to build: codings, length, frame, what stands in the boxes beside the film."""

    seconds: int = 2
    width: int = 320
    height: int = 240
    video_codec: bytes = b"avc1"
    audio_codec: bytes | None = b"mp4a"
    brand: bytes = b"isom"
    samples: Sequence[bytes] = (b"VIDEO-SAMPLE-ONE", b"VIDEO-SAMPLE-2")
    sounds: Sequence[bytes] = (b"SOUND-1", b"SOUND-2")
    hidden: bytes = b"HIDDEN-BETWEEN-SAMPLES"
    has_place_track: bool = True
    source: bytes = b"\x00\x00\x00\x0curl \x00\x00\x00\x01"
    in_moov: bytes = b""
    tail: bytes = b""
    large_mdat: bool = False


def film(plan: FilmPlan | None = None) -> bytes:
    """Return the film: ftyp, free, mdat, moov with all kinds of places and names beside it."""
    plan = plan or FilmPlan()
    ftyp = box(b"ftyp", plan.brand, numbers(512), b"isom", b"HIDE", plan.brand)
    head = ftyp + box(b"free", b"SECRET-FREE")
    mdat_header = 16 if plan.large_mdat else 8
    start = len(head) + mdat_header
    sounds = plan.sounds if plan.audio_codec else ()
    pictures_at = start + len(plan.hidden)
    sounds_at = pictures_at + sum(map(len, plan.samples)) + len(plan.hidden)
    place_at = sounds_at + sum(map(len, sounds))
    played = plan.hidden + b"".join(plan.samples) + plan.hidden + b"".join(sounds) + PLACE
    mdat = struct.pack(">I", 8 + len(played)) + b"mdat" + played
    if plan.large_mdat:
        mdat = struct.pack(">I4sQ", 1, b"mdat", 16 + len(played)) + played
    tracks = _track(plan, b"vide", _picture_entry(plan), pictures_at, plan.samples)
    if plan.audio_codec:
        tracks += _track(plan, b"soun", _sound_entry(plan.audio_codec), sounds_at, sounds)
    if plan.has_place_track:
        tracks += _track(plan, b"meta", box(b"mebx", bytes(8)), place_at, (PLACE,))
    moov = box(b"moov", _mvhd(plan.seconds), tracks, _places(), plan.in_moov)
    return head + mdat + moov + plan.tail


def _places() -> bytes:
    """Return the ways in which phones write down where they were."""
    apple = box(b"udta", box(b"\xa9xyz", struct.pack(">HH", len(PLACE), 0) + PLACE))
    third = box(b"udta", full(b"loci", b"\x00\x00SECRET-STREET\x00"))
    return apple + third + full(b"meta", b"SECRET-META") + box(b"uuid", bytes(16), b"SECRET-UUID")


def _mvhd(seconds: int) -> bytes:
    matrix = numbers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    times = numbers(0xD1234567, 0xD1234568, 1000, seconds * 1000)
    return full(b"mvhd", times, numbers(0x10000), bytes(12), matrix, bytes(24), numbers(4))


def _track(plan: FilmPlan, handler: bytes, entry: bytes, at: int, parts: Sequence[bytes]) -> bytes:
    matrix = numbers(0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
    times = numbers(0xD1234567, 0xD1234568)
    tkhd = full(
        b"tkhd",
        times + numbers(1, 0, plan.seconds * 1000) + bytes(16) + matrix,
        numbers(plan.width << 16, plan.height << 16),
        flags=3,
    )
    mdhd = full(b"mdhd", times, numbers(1000, plan.seconds * 1000), bytes(4))
    hdlr = full(b"hdlr", bytes(4), handler, bytes(12), b"SECRET-PHONE-NAME\x00")
    header = full(b"vmhd", bytes(8), flags=1) if handler == b"vide" else full(b"smhd", bytes(4))
    dinf = box(b"dinf", full(b"dref", numbers(1), plan.source))
    minf = box(b"minf", header, dinf, _tables(entry, at, parts))
    edts = box(b"edts", full(b"elst", numbers(1, plan.seconds * 1000, 0, 0x10000)))
    return box(b"trak", tkhd, edts, box(b"mdia", mdhd, hdlr, minf), box(b"udta", b"SECRET-TRACK"))


def _tables(entry: bytes, at: int, parts: Sequence[bytes]) -> bytes:
    return box(
        b"stbl",
        full(b"stsd", numbers(1), entry),
        full(b"stts", numbers(1, len(parts), 1000)),
        full(b"stsc", numbers(1, 1, len(parts), 1)),
        full(b"stsz", numbers(0, len(parts)), numbers(*(len(part) for part in parts))),
        full(b"stco", numbers(1, at)),
    )


def _picture_entry(plan: FilmPlan) -> bytes:
    size = struct.pack(">HH", plan.width, plan.height)
    name = b"\x0dSECRET-CODER-".ljust(32, b"\x00")
    head = bytes(7) + b"\x01" + bytes(16) + size + numbers(0x480000, 0x480000, 0)
    needed = b"hvcC" if plan.video_codec == b"hvc1" else b"avcC"
    return box(
        plan.video_codec,
        head + b"\x00\x01" + name + b"\x00\x18\xff\xff",
        box(needed, b"\x01\x42"),
        box(b"note", b"SECRET-NOTE"),
    )


def _sound_entry(codec: bytes) -> bytes:
    head = bytes(7) + b"\x01" + bytes(8) + struct.pack(">HHHHI", 2, 16, 0, 0, 44100 << 16)
    return box(codec, head, full(b"esds", b"\x03\x19"))
