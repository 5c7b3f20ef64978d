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


class Reception(StrEnum):
    """How far the works of an estate come, and how its residents receive them; the numbers are in ``RECEPTIONS``."""

    STILL_BUILDING = "still_building"
    WELCOMED = "welcomed"
    AT_THE_BORDER = "at_the_border"
    ONE_ANSWER_SHORT = "one_answer_short"
    ONE_SATISFIED_SHORT = "one_satisfied_short"
    WIDER_COUNTS = "wider_counts"
    DISLIKED = "disliked"
    UNHEARD = "unheard"


@dataclass(frozen=True, slots=True)
class Portion:
    """A range in percent of a whole, rounded up, and ``beside`` so many more or fewer (-1: one too few)."""

    percent: tuple[int, int]
    beside: int = 0


@dataclass(frozen=True, slots=True)
class Answers:
    """Households covered (of all), satisfied (of the covered), and 基本满意 (of the rest)."""

    covered: Portion
    satisfied: Portion
    basically: Portion


_NOBODY = Portion((0, 0))
_MOST, _HALF, _SOME = Portion((70, 90)), Portion((40, 60)), Portion((15, 25))
RECEPTIONS: Mapping[Reception, Answers] = {
    Reception.WELCOMED: Answers(Portion((82, 92)), Portion((86, 94)), _HALF),
    # The fewest households that reach 75 %, and of these the fewest that reach 80 %.
    Reception.AT_THE_BORDER: Answers(Portion((75, 75)), Portion((80, 80)), _HALF),
    Reception.ONE_ANSWER_SHORT: Answers(Portion((75, 75), -1), Portion((85, 92)), _HALF),
    # Enough under the wider reading, which decides nothing unless the locality chose it.
    Reception.ONE_SATISFIED_SHORT: Answers(Portion((78, 86)), Portion((80, 80), -1), _MOST),
    Reception.WIDER_COUNTS: Answers(Portion((78, 86)), Portion((80, 80), -1), _MOST),
    Reception.DISLIKED: Answers(Portion((78, 86)), Portion((45, 55)), _SOME),
    Reception.UNHEARD: Answers(_NOBODY, _NOBODY, _NOBODY),
}


class LocalNumbers(StrEnum):
    """What the locality has set of what the draft scheme leaves open."""

    ALL = "all"
    WITHOUT_READING = "without_reading"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class CommunityScript:
    """A community under its town, and what holds in it; ``wide``: 基本满意 counts as satisfied."""

    name: str
    town: str
    numbers: LocalNumbers = LocalNumbers.ALL
    wide: bool = False


@dataclass(frozen=True, slots=True)
class EstateScript:
    """One estate; ``community`` is a position in the scenario's list, ``reception`` matters once works start."""

    name: str
    community: int
    buildings: int
    built_year: int
    fate: Fate
    reception: Reception = Reception.STILL_BUILDING


@dataclass(frozen=True, slots=True)
class Scenario:
    """A whole rehearsal; ``area_centi`` (0.01 m²) and ``households`` are met exactly.

    ``special_reports``: how many reports of the unusual kinds each estate hears, beside the usual ones.
    """

    id: str
    title: str
    notes: tuple[str, ...]
    starts_on: date
    communities: tuple[CommunityScript, ...]
    estates: tuple[EstateScript, ...]
    households: int
    area_centi: int
    special_reports: int

    @property
    def buildings(self) -> int:
        """Return the buildings of all estates."""
        return sum(estate.buildings for estate in self.estates)
