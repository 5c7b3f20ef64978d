"""The repository's pages as tests read them: fenced blocks, links, tables."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])

_FENCE = re.compile(r"^( *)```(.*)$")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True, slots=True)
class Block:
    """A fenced block: the words after the fence, the line it starts on, and its text."""

    words: tuple[str, ...]
    line: int
    text: str


def blocks_of(page: Path) -> list[Block]:
    """Return the fenced blocks of a page; a fence that never ends is an error."""
    found: list[Block] = []
    opened: tuple[tuple[str, ...], int] | None = None
    lines: list[str] = []
    for number, line in enumerate(page.read_text().splitlines(), start=1):
        fence = _FENCE.match(line)
        if fence is None:
            lines.append(line)
        elif opened is None:
            opened, lines = (tuple(fence[2].split()), number), []
        else:
            found.append(Block(*opened, textwrap.dedent("\n".join(lines)) + "\n"))
            opened = None
    assert opened is None, f"{page}: a block that never ends"
    return found


def links_of(page: Path) -> list[str]:
    """Return the targets of all links outside blocks that lead to another place of this repository."""
    text = re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL)
    return [target for target in _LINK.findall(text) if not re.match(r"[a-z]+:", target)]


def first_cells(page: Path, prefix: str) -> dict[str, str]:
    """Return first → second cell of every table row whose first cell starts with ``prefix``."""
    rows = re.findall(r"^\| `([^`]+)` \| ([^|]+) \|", page.read_text(), re.MULTILINE)
    return {first: second.strip().strip("`") for first, second in rows if first.startswith(prefix)}


def anchors_of(page: Path) -> set[str]:
    """Return the anchors that headings make, as GitHub forms them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
