"""A process of its own that turns one HEIC picture into PNG: on some bent files libheif crashes, and then alone.

Reads the picture from standard input, writes PNG to standard output; ``argv``: longest side, most pixels.
"""

from __future__ import annotations

import io
import resource
import sys

from PIL import Image

TOO_MANY_PIXELS = 3
_MEMORY = 2 << 30
_CPU_SECONDS = 20


def main() -> int:
    """Decode; returns 0, TOO_MANY_PIXELS, or 1 with a trace when it cannot be decoded."""
    # Here, so that the process that asks never loads it.
    from pi_heif.as_plugin import register_heif_opener

    resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (_CPU_SECONDS, _CPU_SECONDS))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    side, most = int(sys.argv[1]), int(sys.argv[2])
    register_heif_opener(thumbnails=False)
    with Image.open(io.BytesIO(sys.stdin.buffer.read()), formats=["HEIF"]) as opened:
        if opened.width * opened.height > most:
            return TOO_MANY_PIXELS
        opened.thumbnail((side, side))
        pixels = opened.convert("RGBA" if opened.has_transparency_data else "RGB")
    pixels.info.clear()
    pixels.save(sys.stdout.buffer, "PNG", compress_level=1)
    return 0


if __name__ == "__main__":
    sys.exit(main())
