"""What a check found: every bad row counted, the first thousand listed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One wrong or doubtful cell: row (as Excel numbers it), column heading, value as shown, reason, remedy."""

    row: int
    column: str
    value: str
    reason: str
    remedy: str

    def to_json(self) -> dict[str, Any]:
        """Return plain JSON."""
        return {
            "row": self.row,
            "column": self.column,
            "value": self.value,
            "reason": self.reason,
            "remedy": self.remedy,
        }


@dataclass(slots=True)
class Findings:
    """A list that counts everything and keeps the first ``LISTED``."""

    count: int = 0
    listed: list[Finding] = field(default_factory=list)

    def add(self, finding: Finding) -> None:
        """Count one finding."""
        self.count += 1
        if len(self.listed) < LISTED:
            self.listed.append(finding)

    def to_json(self) -> list[dict[str, Any]]:
        """Return the listed ones, by row."""
        return [finding.to_json() for finding in sorted(self.listed, key=lambda item: item.row)]
