"""Pictures of a wall before and after the work, drawn at load: the demo's defects are as invented as its people."""

from __future__ import annotations

import random
from io import BytesIO

from PIL import Image, ImageDraw

_SIZE = (480, 360)
_BRICK, _MORTAR, _PLASTER = (172, 108, 82), (206, 198, 186), (222, 216, 204)


def defect(seed: int) -> bytes:
    """Return a JPEG of bricks with a crack and a wet patch, the same for the same seed."""
    image, chance = _bricks(seed), random.Random(seed)  # noqa: S311 - a drawing, no secret
    draw = ImageDraw.Draw(image)
    left, top = chance.randrange(60, 260), chance.randrange(150, 230)
    draw.ellipse((left, top, left + 150, top + 90), fill=(112, 88, 74))
    points = [(chance.randrange(60, 420), 0)]
    while points[-1][1] < _SIZE[1]:
        x, y = points[-1]
        points.append((x + chance.randrange(-28, 29), y + chance.randrange(14, 34)))
    draw.line(points, fill=(40, 30, 26), width=4)
    return _jpeg(image)


def mended(seed: int) -> bytes:
    """Return a JPEG of the same wall with fresh plaster over the place."""
    image = _bricks(seed)
    draw = ImageDraw.Draw(image)
    draw.rectangle((50, 0, 430, _SIZE[1]), fill=_PLASTER)
    draw.line(((50, 0), (50, _SIZE[1])), fill=(180, 172, 160), width=3)
    draw.line(((430, 0), (430, _SIZE[1])), fill=(180, 172, 160), width=3)
    return _jpeg(image)


def _bricks(seed: int) -> Image.Image:
    image, chance = Image.new("RGB", _SIZE, _MORTAR), random.Random(seed)  # noqa: S311 - as above
    draw = ImageDraw.Draw(image)
    for row in range(0, _SIZE[1], 24):
        for column in range(-30 * (row // 24 % 2), _SIZE[0], 60):
            shade = chance.randrange(-14, 15)
            colour = tuple(part + shade for part in _BRICK)
            draw.rectangle((column + 2, row + 2, column + 57, row + 21), fill=colour)
    return image


def _jpeg(image: Image.Image) -> bytes:
    out = BytesIO()
    image.save(out, "JPEG", quality=80)
    return out.getvalue()
