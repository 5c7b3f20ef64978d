"""Pictures from outside: measured before they are decoded, decoded, and written anew with nothing but pixels."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from dataclasses import dataclass
from threading import BoundedSemaphore
from typing import Any

from PIL import Image, ImageOps

from backend.infra.heif_decoder import TOO_MANY_PIXELS
from backend.kernel.errors import DomainError, TooLarge, Unprocessable

# Phones take up to 50 million; a decoded one needs 150 MB.
MAX_PIXELS = 50_000_000
FULL_SIDE = 3000
_SIGNS = {b"\xff\xd8\xff": "JPEG", b"\x89PNG\r\n\x1a\n": "PNG"}
_HEIF_BRANDS = frozenset((b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"))
# A progressive JPEG is decoded once per scan; cameras write about ten, an attacker thousands in a few KB.
_MAX_SCANNED = 12 * MAX_PIXELS
_MOST_SCANS = 100
_MARKER = re.compile(rb"\xff+([^\x00\xff\xd0-\xd7])")
_HEIF_DECODER = (sys.executable, "-I", "-m", "backend.infra.heif_decoder")
_HEIF_SECONDS = 30
# As many at once as memory bears; others wait for their turn.
_DECODING = BoundedSemaphore(2)

# Pillow warns above this and refuses above twice this, also in places that are opened by others.
Image.MAX_IMAGE_PIXELS = MAX_PIXELS


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture of our own making: JPEG, or PNG where parts are transparent; sides in pixels."""

    content: bytes
    media_type: str
    width: int
    height: int


def format_of(content: bytes) -> str | None:
    """Return JPEG | PNG | WEBP | HEIF by the first bytes, or None."""
    for sign, name in _SIGNS.items():
        if content.startswith(sign):
            return name
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return "WEBP"
    return "HEIF" if content[4:8] == b"ftyp" and content[8:12] in _HEIF_BRANDS else None


def clean_picture(content: bytes, *sides: int, flat: bool = False) -> tuple[Picture, ...]:
    """Return the picture anew, once for each longest side (in descending order), upright, without metadata.

    Of several frames the first is taken; ``flat`` puts transparent parts on white. Raises Unprocessable
    for what cannot be decoded, TooLarge for more than ``MAX_PIXELS``.
    """
    kind = format_of(content)
    if kind is None:
        raise broken_picture()
    _check_webp_size(content, kind)
    try:
        with _DECODING:
            return _clean(content, kind, sides, flat)
    except DomainError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise too_many_pixels() from error
    except Exception as error:  # decoders of hostile files fail in every way there is
        raise broken_picture() from error


def broken_picture() -> Unprocessable:
    """Return the refusal of a picture that cannot be decoded."""
    return Unprocessable("broken_picture", "图片打不开或已损坏，请重新拍照或重新选择后上传。")


def too_many_pixels() -> TooLarge:
    """Return the refusal of a picture of too many pixels."""
    return TooLarge("picture_size", f"图片太大，请缩小到 {MAX_PIXELS // 10_000} 万像素以内再上传。")


def _clean(content: bytes, kind: str, sides: tuple[int, ...], flat: bool) -> tuple[Picture, ...]:
    if kind == "HEIF":
        content, kind = _decoded_apart(content, sides[0]), "PNG"
    with Image.open(io.BytesIO(content), formats=[kind]) as opened:
        _check_size(opened.width, opened.height)
        if kind == "JPEG" and opened.width * opened.height * _scans(content) > _MAX_SCANNED:
            raise broken_picture()
        scalable = _scalable(opened)
        scalable.thumbnail((sides[0], sides[0]))
        image = _only_pixels(ImageOps.exif_transpose(scalable), flat)
    made = []
    for side in sides:
        image.thumbnail((side, side))
        made.append(_written(image))
    return tuple(made)


def _decoded_apart(content: bytes, side: int) -> bytes:
    """Return a HEIC picture as PNG, decoded by a process that may crash and knows none of our secrets."""
    kept = {name: os.environ[name] for name in ("PATH", "LD_LIBRARY_PATH") if name in os.environ}
    done = subprocess.run(  # noqa: S603 - fixed arguments, numbers only
        (*_HEIF_DECODER, str(side), str(MAX_PIXELS)),
        input=content,
        capture_output=True,
        timeout=_HEIF_SECONDS,
        env=kept,
        check=False,
    )
    if done.returncode == TOO_MANY_PIXELS:
        raise too_many_pixels()
    if done.returncode != 0:
        raise broken_picture()
    return done.stdout


def _scalable(image: Image.Image) -> Image.Image:
    """Return the picture in colours that can be averaged."""
    if image.mode == "P":
        return image.convert("RGBA" if image.has_transparency_data else "RGB")
    if image.mode.startswith("I"):  # 16-bit grey: Pillow would cut it off at 255
        return image.point(lambda value: value / 256).convert("L")
    return image


def _check_size(width: int, height: int) -> None:
    if width * height > MAX_PIXELS:
        raise too_many_pixels()


def _scans(content: bytes) -> int:
    """Count the scans of a JPEG up to its end; whatever follows that is not decoded."""
    at, found = 2, 0
    while (marker := _MARKER.search(content, at)) and marker[1] != b"\xd9":
        # Between markers stand segments with their length, and coded data in which no marker occurs.
        at = marker.end() + int.from_bytes(content[marker.end() : marker.end() + 2], "big")
        found += marker[1] == b"\xda"
        if found > _MOST_SCANS:
            raise broken_picture()
    return found


def _check_webp_size(content: bytes, kind: str) -> None:
    """Measure a WebP by its header: its decoder makes room for the whole picture on opening."""
    if kind != "WEBP":
        return
    chunk, head = content[12:16], content[20:30]
    if chunk == b"VP8X":
        sides = (int.from_bytes(head[4:7], "little") + 1, int.from_bytes(head[7:10], "little") + 1)
    elif chunk == b"VP8L":
        packed = int.from_bytes(head[1:5], "little")
        sides = ((packed & 0x3FFF) + 1, (packed >> 14 & 0x3FFF) + 1)
    elif chunk == b"VP8 ":
        sides = (int.from_bytes(head[6:8], "little") & 0x3FFF, int.from_bytes(head[8:10], "little") & 0x3FFF)
    else:
        raise broken_picture()
    _check_size(*sides)


def _only_pixels(image: Image.Image, flat: bool) -> Image.Image:
    """Copy the pixels alone: Pillow would write comments and colour profiles it read."""
    if not image.has_transparency_data:
        pixels = image.convert("RGB")
    else:
        pixels = image.convert("RGBA")
        if flat or pixels.getchannel("A").getextrema()[0] == 255:
            ground = Image.new("RGB", pixels.size, "white")
            ground.paste(pixels, mask=pixels.getchannel("A"))
            pixels = ground
    pixels.info.clear()
    return pixels


def _written(image: Image.Image) -> Picture:
    out = io.BytesIO()
    options: dict[str, Any] = {"format": "PNG"} if image.mode == "RGBA" else {"format": "JPEG", "quality": 85}
    image.save(out, **options)
    return Picture(out.getvalue(), f"image/{options['format'].lower()}", image.width, image.height)
