"""From grouped rows of the database to the sums that a rule is decided on; the grouping loses nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.ballots.rules.papers import CHOICES
from backend.tally.sums import Sums
from backend.tally.weight import Choice, Weights

# Bits of what a head has said to one motion, in the order of the letters.
BITS: Mapping[str, int] = {"f": 1, "a": 2, "b": 4, "i": 8}


@dataclass(frozen=True, slots=True)
class Pattern:
    """All standing papers with the same letters: summed area (0.01 m²) and households."""

    letters: str
    area: int
    households: int
    entries: int


@dataclass(frozen=True, slots=True)
class Heads:
    """How many owners have said the same set of things: one bit mask per motion (``BITS``)."""

    said: tuple[int, ...]
    heads: int


def sum_motion(
    position: int,
    roll: Weights,
    patterns: Iterable[Pattern],
    heads: Iterable[Heads],
    read_as: Mapping[str, str],
) -> Sums:
    """Return the sums of the motion at ``position`` (0-based); ``read_as`` as in ``tally.count.reading``.

    A divided owner participates but is for nothing (domain §3).
    """
    read = {letter: read_as.get(choice, choice) for letter, choice in CHOICES.items()}
    taking_part = Weights()
    approving = Weights()
    present = Weights()
    for pattern in patterns:
        choice = read[pattern.letters[position]]
        present = _add(present, pattern)
        if choice != Choice.INVALID:
            taking_part = _add(taking_part, pattern)
        if choice == Choice.FOR:
            approving = _add(approving, pattern)
    counts = _head_counts(position, heads, read)
    return Sums(
        roll=roll,
        participating=Weights(taking_part.area, counts["participating"], taking_part.households),
        approving=Weights(approving.area, counts["approving"], approving.households),
        unvoted=Weights(
            roll.area - present.area, roll.heads - counts["present"], roll.households - present.households
        ),
        divided_heads=counts["divided"],
    )


def _add(weights: Weights, pattern: Pattern) -> Weights:
    return Weights(weights.area + pattern.area, 0, weights.households + pattern.households)


def _head_counts(position: int, heads: Iterable[Heads], read: Mapping[str, str]) -> dict[str, int]:
    counts = {"present": 0, "participating": 0, "approving": 0, "divided": 0}
    for group in heads:
        said = {read[letter] for letter, bit in BITS.items() if group.said[position] & bit}
        valid = said - {Choice.INVALID}
        counts["present"] += group.heads
        counts["participating"] += group.heads if valid else 0
        counts["approving"] += group.heads if valid == {Choice.FOR} else 0
        counts["divided"] += group.heads if len(valid) > 1 else 0
    return counts
