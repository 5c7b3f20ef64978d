"""What a verification found: where and what, in a bounded list, safe to print."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

MAX_FINDINGS = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One fault: the place (file, line, leaf, header; byte offset in the zip if known) and what is wrong."""

    where: str
    what: str
    offset: int | None = None

    def to_json(self) -> dict[str, object]:
        """Return the object printed by ``record verify --json``."""
        return {"where": self.where, "what": self.what, "offset": self.offset}


class Findings:
    """Collects faults, the first hundred in full and the rest as a number."""

    def __init__(self) -> None:
        self._items: list[Finding] = []
        self.omitted = 0

    def add(self, where: str, what: str, offset: int | None = None) -> None:
        """Note a fault; text from the record is made printable."""
        if len(self._items) < MAX_FINDINGS:
            self._items.append(Finding(printable(where), printable(what), offset))
        else:
            self.omitted += 1

    def __bool__(self) -> bool:
        return bool(self._items)

    def __len__(self) -> int:
        return len(self._items) + self.omitted

    def __iter__(self) -> Iterator[Finding]:
        yield from self._items
        if self.omitted:
            yield Finding("其余", f"另有 {self.omitted} 处问题未逐条列出")


def printable(text: str, limit: int = 300) -> str:
    """Return text without control or direction characters, which could forge lines on a terminal."""
    shown = text if len(text) <= limit else text[:limit] + "…"
    return "".join(sign if sign.isprintable() else "?" for sign in shown)
