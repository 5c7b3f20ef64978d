"""What the script amounts to, counted without the product: the play compares every published sum with it."""

from __future__ import annotations

from dataclasses import dataclass

from backend.rehearsal.answers import FOR, Answer, Way
from backend.rehearsal.world import EstateWorld, Owner


@dataclass(frozen=True, slots=True)
class Weights:
    """Area in 0.01 m², heads, households; every home of a rehearsal is a household."""

    area: int = 0
    heads: int = 0
    households: int = 0


@dataclass(frozen=True, slots=True)
class Expected:
    """The roll, who takes part, and who is for each motion."""

    roll: Weights
    participating: Weights
    approving: tuple[Weights, Weights]


def expect(estate: EstateWorld, kind: str) -> Expected:
    """Add up the script of one ballot of an estate; owners answer alike for all their homes."""
    answers = [(owner, owner.canvass if kind == "canvass" else owner.plan) for owner in estate.owners]
    voting = [(owner, answer) for owner, answer in answers if answer.way is not Way.SILENT]
    return Expected(
        _weigh(estate, [owner for owner, _ in answers]),
        _weigh(estate, [owner for owner, _ in voting]),
        (_weigh(estate, _in_favour(voting, 0)), _weigh(estate, _in_favour(voting, 1))),
    )


def _in_favour(voting: list[tuple[Owner, Answer]], motion: int) -> list[Owner]:
    return [owner for owner, answer in voting if answer.choices[motion] == FOR]


def _weigh(estate: EstateWorld, owners: list[Owner]) -> Weights:
    homes = [estate.homes[at] for owner in owners for at in owner.homes]
    return Weights(sum(home.area_centi for home in homes), len(owners), len(homes))
