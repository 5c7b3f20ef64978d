"""Which dwellings stand on a roll, and who counts as one head."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol


class Source(Protocol):
    """One dwelling as the registry knows it (read-only view of ``registry.queries.roll_source`` rows)."""

    @property
    def dwelling_id(self) -> str: ...
    @property
    def owner_id(self) -> str: ...
    @property
    def owner_kind(self) -> str: ...
    @property
    def exclusive_area_centi(self) -> int: ...
    @property
    def is_household(self) -> bool: ...
    @property
    def use(self) -> str: ...


# All unsold and undelivered stock of the developer is one head (interp. 9).
_DEVELOPER = "developer_stock"


@dataclass(frozen=True, slots=True)
class Totals:
    """The three denominators; area in 0.01 m²."""

    entries: int
    heads: int
    households: int
    area_centi: int


def on_roll(source: Source, *, electorate: str, settings: Mapping[str, int]) -> bool:
    """Tell whether a dwelling stands on this ballot's roll.

    Shops stand on owners' rolls only; separately registered parking only under a cited local rule (domain §3).
    """
    if source.use == "parking" and not settings["count_parking"]:
        return False
    return source.is_household if electorate == "households" else True


def head_key(source: Source) -> str:
    """Return what makes one head: the owner key, or the developer for all of its stock (interp. 9)."""
    return _DEVELOPER if source.owner_kind == _DEVELOPER else source.owner_id


def totals_of(rows: Iterable[Source]) -> Totals:
    """Return the denominators of a roll."""
    entries = households = area = 0
    heads = set()
    for row in rows:
        entries += 1
        households += row.is_household
        area += row.exclusive_area_centi
        heads.add(head_key(row))
    return Totals(entries, len(heads), households, area)
