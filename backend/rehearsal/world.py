"""The synthetic town of a rehearsal: buildings, homes, owners. Pure: one seed, one world."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from backend.rehearsal.answers import Answer, Household, OwnerKind, script_canvass, script_plan
from backend.rehearsal.scenario import FATES, EstateScript, Scenario

_PER_ENTRANCE = 12
_DOORS_PER_FLOOR = 2
# Usual flats of such estates in 0.01 m², before scaling.
_FLATS = (5_230, 5_860, 6_440, 7_125, 8_290, 9_510, 10_840)
_UNIT_HOMES = 4
_REVIEW_EVERY = 4


@dataclass(frozen=True, slots=True)
class Home:
    """One dwelling; area in 0.01 m²."""

    building: int
    entrance: int
    door: str
    area_centi: int

    @property
    def label(self) -> str:
        """Return the door as a clerk writes it: ``3-2-501``."""
        return f"{self.building}-{self.entrance}-{self.door}"


@dataclass(frozen=True, slots=True)
class Owner:
    """One head: a person, co-owners with their representative, or a unit; ``homes`` are positions."""

    number: int
    kind: OwnerKind
    homes: tuple[int, ...]
    canvass: Answer
    plan: Answer


@dataclass(frozen=True, slots=True)
class EstateWorld:
    """One estate with everything its people will do."""

    number: int
    script: EstateScript
    homes: tuple[Home, ...]
    owners: tuple[Owner, ...]

    @property
    def code(self) -> str:
        """Return the estate's code."""
        return f"YL-{self.number:02d}"

    @property
    def area_centi(self) -> int:
        """Return the sum of exclusive areas."""
        return sum(home.area_centi for home in self.homes)


@dataclass(frozen=True, slots=True)
class World:
    """All estates of a scenario under one seed."""

    scenario: Scenario
    estates: tuple[EstateWorld, ...]


def build_world(scenario: Scenario, seed: int) -> World:
    """Return the world of a seed: households and area of the scenario are met to the last unit."""
    rng = Random(f"{scenario.id}:{seed}")  # noqa: S311 - a script that must repeat, not a secret
    weights = [estate.buildings * rng.randint(85, 115) for estate in scenario.estates]
    households = share_out(scenario.households, weights)
    flats = [rng.choice(_FLATS) for _ in range(scenario.households)]
    areas = share_out(scenario.area_centi, flats)
    estates = []
    for number, (script, count) in enumerate(zip(scenario.estates, households, strict=True), start=1):
        own, areas = areas[:count], areas[count:]
        estates.append(_build_estate(number, script, own, Random(rng.getrandbits(64))))  # noqa: S311 - as above
    return World(scenario, tuple(estates))


def share_out(total: int, weights: Sequence[int]) -> list[int]:
    """Split ``total`` in proportion to ``weights``, whole units, sum exact (largest remainders first)."""
    whole = sum(weights)
    shares = [total * weight // whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda at: (-(total * weights[at] % whole), at))
    for at in by_remainder[: total - sum(shares)]:
        shares[at] += 1
    return shares


def _build_estate(number: int, script: EstateScript, areas: list[int], rng: Random) -> EstateWorld:
    sizes = share_out(len(areas), [rng.randint(90, 110) for _ in range(script.buildings)])
    doors = [door for building, size in enumerate(sizes, start=1) for door in _doors(building, size)]
    homes = tuple(Home(*door, area) for door, area in zip(doors, areas, strict=True))
    groups = _group_owners(len(homes), rng, has_unit=number % 5 == 2)
    households = [Household(kind, len(chosen)) for kind, chosen in groups]
    shares = FATES[script.fate]
    has_review = number % _REVIEW_EVERY == 1
    canvass = script_canvass(households, shares.canvass, rng, has_review=has_review)
    plan = script_plan(households, shares.plan, rng, has_review=has_review)
    owners = tuple(
        Owner(position, kind, chosen, canvass[position - 1], plan[position - 1])
        for position, (kind, chosen) in enumerate(groups, start=1)
    )
    return EstateWorld(number, script, homes, owners)


def _doors(building: int, size: int) -> list[tuple[int, int, str]]:
    entrances = max(1, round(size / _PER_ENTRANCE))
    found = []
    for entrance, count in enumerate(share_out(size, [1] * entrances), start=1):
        for at in range(count):
            floor, side = divmod(at, _DOORS_PER_FLOOR)
            found.append((building, entrance, f"{floor + 1}{side + 1:02d}"))
    return found


def _group_owners(homes: int, rng: Random, *, has_unit: bool) -> list[tuple[OwnerKind, tuple[int, ...]]]:
    """Give every home its owner: most have one, some two or three anywhere in the estate; a unit its last four."""
    kept = _UNIT_HOMES if has_unit else 0
    free = list(range(homes - kept))
    rng.shuffle(free)
    groups: list[tuple[OwnerKind, tuple[int, ...]]] = []
    while free:
        draw = rng.random()
        wanted = 3 if draw < 0.01 else 2 if draw < 0.06 else 1
        chosen, free = sorted(free[:wanted]), free[wanted:]
        kind = OwnerKind.CO_OWNERS if rng.random() < 0.1 else OwnerKind.PERSON
        groups.append((kind, tuple(chosen)))
    if kept:
        groups.append((OwnerKind.UNIT, tuple(range(homes - kept, homes))))
    return sorted(groups, key=lambda group: group[1])


def area_text(centi: int) -> str:
    """Return square metres with two decimals."""
    return f"{centi // 100}.{centi % 100:02d}"
