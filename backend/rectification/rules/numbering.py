"""The numbers that the register gives by itself, and how imported ones keep out of their way."""

from __future__ import annotations

import re
from collections.abc import Iterable

_OURS = re.compile(r"ZG-(\d{4,9})")


def number_text(count: int) -> str:
    """Return an estate's n-th number: ZG-0001."""
    return f"ZG-{count:04d}"


def highest(numbers: Iterable[str]) -> int:
    """Return the highest of our own numbers among some, 0 when there is none."""
    return max((int(found[1]) for found in map(_OURS.fullmatch, numbers) if found), default=0)
