"""What is counted: choices, roll entries, and the frozen roll that carries the three weights."""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum


class Choice(StrEnum):
    """What a paper may say to a motion (domain.md §3)."""

    FOR = "for"
    AGAINST = "against"
    ABSTAIN = "abstain"
    INVALID = "invalid"


class Satisfaction(StrEnum):
    """What a household may say in a satisfaction survey (domain.md §5)."""

    VERY_SATISFIED = "very_satisfied"
    SATISFIED = "satisfied"
    BASICALLY = "basically"
    DISSATISFIED = "dissatisfied"
    VERY_DISSATISFIED = "very_dissatisfied"
    UNKNOWN = "unknown"
    INVALID = "invalid"


class Basis(StrEnum):
    """What is weighed: centi square metres, distinct owners, or households."""

    AREA = "area"
    HEADS = "heads"
    HOUSEHOLDS = "households"


Votes = Mapping[str, str]
"""Entry -> ``Choice`` or ``Satisfaction`` (or their values) for one motion; an entry without a row is absent."""


@dataclass(frozen=True, slots=True)
class Weights:
    """One quantity on every basis: ``area`` in 0.01 m², ``heads`` and ``households`` in ones."""

    area: int = 0
    heads: int = 0
    households: int = 0

    def on(self, basis: Basis) -> int:
        """Return the integer weight on one basis."""
        if basis is Basis.AREA:
            return self.area
        return self.heads if basis is Basis.HEADS else self.households


@dataclass(frozen=True, slots=True)
class RollEntry:
    """One dwelling, shop or unit: its owner key (same key = one head), area in 0.01 m², and whether a household."""

    entry: str
    owner: str
    area: int
    is_household: bool


class Roll:
    """A frozen roll in compact columns; raises ValueError for a repeated entry, empty key or area <= 0."""

    __slots__ = ("areas", "households", "owners", "positions", "totals")

    def __init__(self, entries: Iterable[RollEntry] = ()) -> None:
        builder = RollBuilder()
        for entry in entries:
            if not builder.add(entry):
                raise ValueError(f"entry {entry.entry!r} stands twice on the roll")
        self._adopt(builder)

    def _adopt(self, builder: RollBuilder) -> None:
        self.positions: Mapping[str, int] = builder.positions
        self.areas = builder.areas
        self.owners = builder.owners
        self.households = builder.households
        self.totals = Weights(
            area=sum(self.areas), heads=len(builder.owner_numbers), households=sum(self.households)
        )

    def __len__(self) -> int:
        return len(self.positions)

    def __contains__(self, entry: object) -> bool:
        return entry in self.positions


class RollBuilder:
    """Collects entries one by one, so that a file of a million rows never stands twice in memory."""

    def __init__(self) -> None:
        self.positions: dict[str, int] = {}
        self.owner_numbers: dict[str, int] = {}
        self.areas = array("q")
        self.owners = array("q")
        self.households = bytearray()
        self.is_broken = False

    def add(self, entry: RollEntry) -> bool:
        """Add one entry; False (and nothing added) when its key is there; ValueError for an unusable one."""
        if not entry.entry or not entry.owner:
            raise ValueError("entry and owner need a key")
        if entry.area <= 0:
            raise ValueError("area is a positive number of 0.01 m²")
        return self.add_row(entry.entry, entry.owner, entry.area, entry.is_household)

    def add_row(self, entry: str, owner: str, area: int, is_household: bool) -> bool:
        """Add one entry already checked by the caller; False when its key is there already."""
        position = len(self.areas)
        if self.positions.setdefault(entry, position) != position:
            return False
        self.areas.append(area)
        self.owners.append(self.owner_numbers.setdefault(owner, len(self.owner_numbers)))
        self.households.append(is_household)
        return True

    def reserve(self, entry: str) -> bool:
        """Remember the key of a row that cannot be used, so that later rows can still be checked against it."""
        self.is_broken = True
        position = len(self.areas)
        if self.positions.setdefault(entry, position) != position:
            return False
        self.areas.append(0)
        self.owners.append(-1)
        self.households.append(0)
        return True

    def build(self) -> Roll:
        """Return the roll; raises ValueError when a row had to be reserved."""
        if self.is_broken:
            raise ValueError("a roll with unusable rows is never counted")
        roll = Roll()
        roll._adopt(self)
        return roll
