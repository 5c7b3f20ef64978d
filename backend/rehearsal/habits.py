"""How people use their phones: who has bound a home without voting, and who taps "allow" how often. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from backend.rehearsal.answers import OwnerKind, Way
from backend.rehearsal.world import Owner

ACCEPT, REJECT = "accept", "reject"


@dataclass(frozen=True, slots=True)
class Habit:
    """What somebody does with popups: one answer each, in order; empty: they never tap."""

    taps: tuple[str, ...]


# Percent of people, and what they do.
_HABITS = (
    (28, Habit(())),
    (10, Habit((REJECT,))),
    (34, Habit((ACCEPT,))),
    (18, Habit((ACCEPT, ACCEPT))),
    (6, Habit((ACCEPT, ACCEPT, ACCEPT))),
    (4, Habit((ACCEPT, REJECT, ACCEPT, ACCEPT, ACCEPT))),
)
_BOUND_ANYWAY_PERCENT = 55


def draw_habit(rng: Random) -> Habit:
    """Draw what a person does with popups."""
    draw = rng.randrange(100)
    for percent, habit in _HABITS:
        if draw < percent:
            return habit
        draw -= percent
    return _HABITS[-1][1]


def binds_anyway(owner: Owner, rng: Random) -> bool:
    """Tell whether an owner who does not vote on the phone in the canvass has bound the home all the same."""
    draw = rng.randrange(100)
    if owner.kind is OwnerKind.UNIT or owner.canvass.way not in (Way.SILENT, Way.PAPER):
        return False
    return owner.canvass.before is None and draw < _BOUND_ANYWAY_PERCENT


def seeded(*words: object) -> Random:
    """Return a generator of one's own, so that one person's draws move nobody else's."""
    return Random(":".join(str(word) for word in words))  # noqa: S311 - a script that must repeat, not a secret
