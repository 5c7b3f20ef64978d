"""The eight vectors of domain.md §3: 100 equal homes, distinct owners, all households."""

from __future__ import annotations

from fractions import Fraction

import pytest

from backend.tally.count import Outcome
from tests.rules.tally.rolls import decide, homes, outcome, papers

GENERAL, SPECIAL = "cn-civil-code/general", "cn-civil-code/special"
PASSED, FAILED, UNDECIDABLE = Outcome.PASSED, Outcome.FAILED, Outcome.UNDECIDABLE


@pytest.mark.parametrize(
    ("rule", "voting", "agreeing", "expected"),
    [
        (GENERAL, 70, 60, PASSED),
        (SPECIAL, 70, 60, PASSED),
        ("gansu-2022/plan", 70, 60, FAILED),
        ("gansu-2022/plan", 100, 72, PASSED),
        (SPECIAL, 100, 72, FAILED),
        (GENERAL, 66, 66, FAILED),
        (GENERAL, 67, 67, PASSED),
        (GENERAL, 80, 40, FAILED),
        (GENERAL, 80, 41, PASSED),
        (SPECIAL, 80, 60, PASSED),
        (SPECIAL, 80, 59, FAILED),
        ("gansu-2022/inclusion", 75, 57, UNDECIDABLE),
    ],
)
def test_vector_with_100_equal_homes(rule: str, voting: int, agreeing: int, expected: Outcome) -> None:
    assert outcome(rule, voting, agreeing) is expected


def test_66_of_100_are_no_quorum_by_one_head_and_the_area_of_two_thirds_of_a_home() -> None:
    area, heads, *_ = decide(GENERAL, homes(100), papers(66, 66)).tests
    assert (area.passed, area.shortfall, area.reachable) == (
        False,
        5334,
        True,
    )  # 533 333.33… -> 528 000 + 5 334
    assert (heads.passed, heads.shortfall, heads.reachable) == (False, 1, True)


def test_75_covered_and_60_satisfied_is_satisfaction_exactly() -> None:
    for satisfied, expected in ((60, PASSED), (59, FAILED)):
        votes = papers(75, satisfied, yes="satisfied", no="basically")
        assert decide("gansu-2022/satisfaction", homes(100), votes).outcome is expected


def test_75_take_part_57_agree_passes_once_the_participants_reading_is_set() -> None:
    inclusion = "gansu-2022/inclusion"
    assert outcome(inclusion, 75, 57, consent="participating") is PASSED
    assert outcome(inclusion, 75, 57, consent="roll") is FAILED
    both = decide(inclusion, homes(100), papers(75, 57)).tests
    assert [(t.numerator, t.denominator) for t in both] == [(75, 100), (57, 75), (57, 100)]
    assert [t.threshold for t in both] == [Fraction(3, 4)] * 3


def test_one_owner_with_40_of_100_homes_is_one_of_61_heads() -> None:
    totals = homes(100, owned_by_one=40).totals
    assert (totals.heads, totals.households, totals.area) == (61, 100, 800_000)
