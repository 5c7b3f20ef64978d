"""Tables for a terminal, aligned for Chinese characters."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence


def aligned(cells: Sequence[Sequence[str]], *, right: Collection[int]) -> list[str]:
    """Return the heading, a rule and a line per row; the columns in ``right`` end at one edge."""
    widths = [max(width_of(line[at]) for line in cells) for at in range(len(cells[0]))]
    rule = "-" * (sum(widths) + 2 * len(widths) - 2)
    heading, *rows = (_line(line, widths, right) for line in cells)
    return [heading, rule, *rows]


def width_of(text: str) -> int:
    """Return how many columns of a terminal a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WFA" else 1 for character in text)


def _line(cells: Sequence[str], widths: Sequence[int], right: Collection[int]) -> str:
    padded = []
    for at, (cell, width) in enumerate(zip(cells, widths, strict=True)):
        space = " " * (width - width_of(cell))
        padded.append(space + cell if at in right else cell + space)
    return "  ".join(padded).rstrip()
