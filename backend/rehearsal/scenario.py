"""What a rehearsal plays: places, sizes, and the fate that each estate's residents prepare for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Fate(StrEnum):
    """How an estate's two votes end; the shares behind each are in ``FATES``."""

    STARTS = "starts"
    FEW_TAKE_PART = "few_take_part"
    FEW_AGREE = "few_agree"
    READING_OPEN = "reading_open"
    NUMBERS_UNSET = "numbers_unset"
    NO_QUORUM = "no_quorum"
    SPECIAL_FAILS = "special_fails"
    RECORD_MISSING = "record_missing"


@dataclass(frozen=True, slots=True)
class Shares:
    """Ranges in percent: households taking part (of the roll) and in favour of each motion (of those)."""

    takes_part: tuple[int, int]
    motions: tuple[tuple[int, int], tuple[int, int]]


@dataclass(frozen=True, slots=True)
class Script:
    """The canvass and the vote on the plan of one fate."""

    canvass: Shares
    plan: Shares


_WILLING = Shares((88, 95), ((93, 97), (90, 94)))
_CARRIED = Shares((80, 90), ((90, 96), (84, 90)))
FATES: Mapping[Fate, Script] = {
    Fate.STARTS: Script(_WILLING, _CARRIED),
    Fate.FEW_TAKE_PART: Script(Shares((58, 70), ((92, 96), (90, 94))), _CARRIED),
    Fate.FEW_AGREE: Script(Shares((85, 92), ((58, 68), (60, 70))), _CARRIED),
    # 80 % take part and 87 % of them agree: enough of those taking part, too few of the roll.
    Fate.READING_OPEN: Script(Shares((80, 80), ((87, 87), (87, 87))), _CARRIED),
    Fate.NUMBERS_UNSET: Script(_WILLING, _CARRIED),
    Fate.NO_QUORUM: Script(_WILLING, Shares((50, 60), ((90, 95), (84, 90)))),
    Fate.SPECIAL_FAILS: Script(_WILLING, Shares((78, 86), ((84, 90), (60, 69)))),
    Fate.RECORD_MISSING: Script(_WILLING, _CARRIED),
}


class LocalNumbers(StrEnum):
    """What the locality has set of what the draft scheme leaves open."""

    ALL = "all"
    WITHOUT_READING = "without_reading"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CommunityScript:
    """A community under its town, and what holds in it."""

    name: str
    town: str
    numbers: LocalNumbers = LocalNumbers.ALL


@dataclass(frozen=True, slots=True)
class EstateScript:
    """One estate; ``community`` is a position in the scenario's list."""

    name: str
    community: int
    buildings: int
    built_year: int
    fate: Fate


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole rehearsal; ``area_centi`` (0.01 m²) and ``households`` are met exactly."""

    id: str
    title: str
    notes: tuple[str, ...]
    starts_on: date
    communities: tuple[CommunityScript, ...]
    estates: tuple[EstateScript, ...]
    households: int
    area_centi: int

    @property
    def buildings(self) -> int:
        """Return the buildings of all estates."""
        return sum(estate.buildings for estate in self.estates)
