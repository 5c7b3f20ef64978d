"""The sums a rule is decided on, and how they come from a roll and the papers of one motion."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from backend.tally.definition import Denominator, Numerator
from backend.tally.weight import Basis, Choice, Roll, Satisfaction, Votes, Weights

NOTHING = Weights()

_BITS: dict[str, int] = {
    Choice.FOR: 1,
    Choice.AGAINST: 2,
    Choice.ABSTAIN: 4,
    Choice.INVALID: 8,
    Satisfaction.VERY_SATISFIED: 16,
    Satisfaction.SATISFIED: 32,
    Satisfaction.BASICALLY: 64,
    Satisfaction.DISSATISFIED: 128,
    Satisfaction.VERY_DISSATISFIED: 256,
    Satisfaction.UNKNOWN: 512,
}
_PARTICIPATING = 1 | 2 | 4
_FOR = 1
_COVERED = 16 | 32 | 64 | 128 | 256
_SATISFIED = 16 | 32
_SATISFIED_WIDE = 16 | 32 | 64


@dataclass(frozen=True, slots=True)
class Sums:
    """Everything ``evaluate`` needs, as integers (area in 0.01 m², heads, households).

    ``roll``: the whole roll. ``participating``: for, against or abstain; a head when any of its entries does.
    ``approving``: for; a head when **every** participating entry of it is for. ``covered``: a valid answer
    other than 不了解; ``satisfied``: 非常满意 or 满意; ``satisfied_wide``: with 基本满意; heads alike.
    ``unvoted``: entries without any row for the motion (``invalid`` and ``unknown`` are rows); heads: owners
    none of whose entries has a row. ``divided_heads``: participating owners whose participating entries do not
    all say the same. Source: domain.md §3, §5; Civil Code art. 278, interpretation art. 9.
    """

    roll: Weights
    participating: Weights = NOTHING
    approving: Weights = NOTHING
    covered: Weights = NOTHING
    satisfied: Weights = NOTHING
    satisfied_wide: Weights = NOTHING
    unvoted: Weights = NOTHING
    divided_heads: int = 0

    def numerator(self, kind: Numerator, basis: Basis) -> int:
        """Return the sum a numerator stands for."""
        weights = {
            Numerator.PARTICIPATING: self.participating,
            Numerator.FOR: self.approving,
            Numerator.COVERED: self.covered,
            Numerator.SATISFIED: self.satisfied,
            Numerator.SATISFIED_WIDE: self.satisfied_wide,
        }[kind]
        return weights.on(basis)

    def denominator(self, kind: Denominator, basis: Basis) -> int:
        """Return the sum a denominator stands for."""
        weights = {
            Denominator.ROLL: self.roll,
            Denominator.PARTICIPATING: self.participating,
            Denominator.COVERED: self.covered,
        }[kind]
        return weights.on(basis)


def count_votes(roll: Roll, votes: Votes, read_as: Mapping[str, str] | None = None) -> Sums:
    """Return the sums of one motion; ``read_as`` replaces choices first (see ``count.reading``).

    Raises ValueError for an entry that is not on the roll or a choice that no scale knows.
    """
    return count_rows(roll, _rows(roll, votes), read_as)


def _rows(roll: Roll, votes: Votes) -> Iterable[tuple[int, str]]:
    for entry, choice in votes.items():
        position = roll.positions.get(entry)
        if position is None:
            raise ValueError(f"entry {entry!r} is not on the roll")
        if choice not in _BITS:
            raise ValueError(f"{choice!r} is no choice")
        yield position, choice


def count_rows(roll: Roll, rows: Iterable[tuple[int, str]], read_as: Mapping[str, str] | None = None) -> Sums:
    """Return the sums of one motion from (position on the roll, choice), each position at most once.

    Takes time by the number of rows, not by the length of the roll.
    """
    bits = _BITS | {choice: _BITS[other] for choice, other in (read_as or {}).items()}
    area = dict.fromkeys(_BITS.values(), 0)
    households = dict.fromkeys(_BITS.values(), 0)
    said_by_owner: dict[int, int] = {}
    for position, choice in rows:
        bit = bits[choice]
        area[bit] += roll.areas[position]
        households[bit] += roll.households[position]
        owner = roll.owners[position]
        said_by_owner[owner] = said_by_owner.get(owner, 0) | bit
    heads = Counter(said_by_owner.values())

    def weights(part: int, whole: int) -> Weights:
        return Weights(
            area=sum(value for bit, value in area.items() if bit & part),
            heads=sum(count for said, count in heads.items() if said & whole and not said & whole & ~part),
            households=sum(value for bit, value in households.items() if bit & part),
        )

    totals = roll.totals
    return Sums(
        roll=totals,
        participating=weights(_PARTICIPATING, _PARTICIPATING),
        approving=weights(_FOR, _PARTICIPATING),
        covered=weights(_COVERED, _COVERED),
        satisfied=weights(_SATISFIED, _COVERED),
        satisfied_wide=weights(_SATISFIED_WIDE, _COVERED),
        unvoted=Weights(
            area=totals.area - sum(area.values()),
            heads=totals.heads - len(said_by_owner),
            households=totals.households - sum(households.values()),
        ),
        divided_heads=sum(n for said, n in heads.items() if (said & _PARTICIPATING).bit_count() > 1),
    )


def count_households(
    households: int, counts: Mapping[str, int], read_as: Mapping[str, str] | None = None
) -> Sums:
    """Return the sums of a question that is decided by households alone, from answer → number of households.

    ``households`` is the whole census. Area and heads stay 0. Raises ValueError for more answers than
    households and for an answer that no scale knows.
    """
    said: dict[int, int] = dict.fromkeys(_BITS.values(), 0)
    for answer, number in counts.items():
        if answer not in _BITS or number < 0:
            raise ValueError(f"{number} of {answer!r} is no count")
        said[_BITS[(read_as or {}).get(answer, answer)]] += number
    total = sum(said.values())
    if total > households:
        raise ValueError(f"{total} answers of {households} households")

    def weights(part: int) -> Weights:
        return Weights(households=sum(number for bit, number in said.items() if bit & part))

    return Sums(
        roll=Weights(households=households),
        participating=weights(_PARTICIPATING),
        approving=weights(_FOR),
        covered=weights(_COVERED),
        satisfied=weights(_SATISFIED),
        satisfied_wide=weights(_SATISFIED_WIDE),
        unvoted=Weights(households=households - total),
    )
