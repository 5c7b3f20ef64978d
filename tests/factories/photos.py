"""Small photos as they come from phones and from people who mean harm; built here, nobody's own."""

from __future__ import annotations

import base64
import io
import struct
import zlib

from PIL import Image

MAKER = "SECRET-CAMERA"
COMMENT = b"SECRET-COMMENT"


def _exif(orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x010F] = MAKER
    exif[0x0112] = orientation
    place = exif.get_ifd(0x8825)
    place[1], place[2], place[3], place[4] = "N", (38.0, 29.0, 11.0), "E", (106.0, 13.0, 51.0)
    return exif.tobytes()


def jpeg(width: int = 60, height: int = 40, orientation: int = 1) -> bytes:
    """Return a photo, red above and blue below, with a place, a maker, a comment and a colour profile."""
    picture = Image.new("RGB", (width, height), "red")
    picture.paste("blue", (0, height // 2, width, height))
    out = io.BytesIO()
    picture.save(
        out,
        "JPEG",
        exif=_exif(orientation),
        comment=COMMENT,
        icc_profile=b"SECRET-PROFILE",
        xmp=b"SECRET-XMP",
    )
    return out.getvalue()


def jpeg_of_scans(count: int) -> bytes:
    """Return a small progressive photo whose last scan is there ``count`` times."""
    out = io.BytesIO()
    Image.effect_noise((64, 64), 50).convert("RGB").save(out, "JPEG", progressive=True)
    content = out.getvalue()
    last, end = content.rindex(b"\xff\xda"), content.rindex(b"\xff\xd9")
    return content[:end] + content[last:end] * (count - 1) + content[end:]


def png(mode: str = "RGB", size: tuple[int, int] = (30, 20)) -> bytes:
    """Return a picture of a mode; ``RGBA`` is half transparent."""
    colour: object = {"RGBA": (255, 0, 0, 128), "RGB": (255, 0, 0), "I;16": 40_000, "P": 3}[mode]
    out = io.BytesIO()
    Image.new(mode, size, colour).save(out, "PNG", icc_profile=b"SECRET-PROFILE")  # type: ignore[arg-type]
    return out.getvalue()


def webp(frames: int = 1) -> bytes:
    """Return a picture or an animation."""
    out = io.BytesIO()
    first, *others = [Image.new("RGB", (30, 20), (40 * number, 0, 0)) for number in range(frames)]
    first.save(out, "WEBP", save_all=frames > 1, append_images=others, exif=_exif(1))
    return out.getvalue()


def gif() -> bytes:
    """Return an animation of the old kind."""
    out = io.BytesIO()
    Image.new("P", (3, 2), 1).save(out, "GIF")
    return out.getvalue()


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = struct.pack(">I", zlib.crc32(kind + content))
    return struct.pack(">I", len(content)) + kind + content + check


def png_bomb(side: int = 30_000) -> bytes:
    """Return a few KB that decode to ``side`` × ``side`` pixels."""
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(bytes((side // 8 + 1) * 100), 9)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", head) + _chunk(b"IDAT", rows) + _chunk(b"IEND", b"")


def webp_bomb() -> bytes:
    """Return a WebP header that promises 16384 × 16384 pixels."""
    head = bytes(4) + b"\xff\x3f\x00" * 2
    body = b"WEBPVP8X" + struct.pack("<I", 10) + head + b"VP8L" + struct.pack("<I", 8) + bytes(8)
    return b"RIFF" + struct.pack("<I", len(body)) + body


# 64 × 48, blue in its upper left quarter, turned by its orientation (6), with a place and a maker; coded once with libheif.
HEIC = base64.b64decode(
    """
AAAAHGZ0eXBoZWljAAAAAG1pZjFoZWljbWlhZgAAAchtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAAAAAAAAAA
ADRpbG9jAAAAAERAAAIAAQAAAAAB7AABAAAAAAAAADQAAgAAAAACIAABAAAAAAAAAKwAAAA4aWluZgAAAAAAAgAAABVpbmZlAgAA
AAABAABodmMxAAAAABVpbmZlAgAAAQACAABFeGlmAAAAAA5waXRtAAAAAAABAAABB2lwcnAAAADmaXBjbwAAAHZodmNDAQNwAAAA
kAAAAAAAHvAA/P34+AAADwNgAAEAGEABDAH//wNwAAADAJAAAAMAAAMAHroCQGEAAQAqQgEBA3AAAAMAkAAAAwAAAwAeoCCBBZbq
5Ka5uAhoMCAAAAMDIAAAAwAhYgABAAZEAcFzwIkAAAATY29scm5jbHgAAQANAAaAAAAAFGlzcGUAAAAAAAAAQAAAAEAAAAAoY2xh
cAAAAEAAAAABAAAAMAAAAAEAAAAAAAAAAv////AAAAACAAAAEHBpeGkAAAAAAwgICAAAAAlpcm90AwAAABlpcG1hAAAAAAAAAAEA
AQaBAgMFhIYAAAAaaXJlZgAAAAAAAAAOY2RzYwACAAEAAQAAAOhtZGF0AAAAMCgBr1j5Et3/5eLkdAZ/MJLxzDULPNP4Wtdh2tqZ
TsfWrcNy/8pH9+YsWhEx4pVE+gAAAAZFeGlmAABNTQAqAAAACAADAQ8AAgAAAAoAAAAyARIAAwAAAAEABgAAiCUABAAAAAEAAAA8
AAAAAFNFQ1JFVENBTQAABAABAAIAAAACTgAAAAACAAUAAAADAAAAcgADAAIAAAACRQAAAAAEAAUAAAADAAAAigAAAAAAAAAmAAAA
AQAAAB0AAAABAAAACwAAAAEAAABqAAAAAQAAAA0AAAABAAAAMwAAAAE=
"""
)
