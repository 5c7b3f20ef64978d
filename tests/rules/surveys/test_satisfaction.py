"""75/100 and 80/100 at, just below and just above; who covers; nobody covered is undecidable."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.surveys.rules.satisfaction import SATISFACTION_RULE, covers, judge, sums_of
from backend.tally.count import Outcome, count_votes, reading
from backend.tally.rule import get_rule
from backend.tally.weight import Basis, Roll, RollEntry

RULE = get_rule(SATISFACTION_RULE)
LEVELS = ("very_satisfied", "satisfied", "basically", "dissatisfied", "very_dissatisfied")
NOT_COVERING = ("unknown", "invalid")


@pytest.mark.parametrize(
    ("households", "covered", "satisfied", "outcome"),
    [
        (100, 75, 60, Outcome.PASSED),  # domain.md §3, vector 6
        (100, 74, 74, Outcome.FAILED),
        (100, 76, 61, Outcome.PASSED),
        (100, 75, 59, Outcome.FAILED),
        (100, 75, 61, Outcome.PASSED),
        (1000, 750, 600, Outcome.PASSED),
        (1000, 749, 749, Outcome.FAILED),
        (1000, 751, 600, Outcome.FAILED),  # 600/751 is 79.89 %
        (1000, 751, 601, Outcome.PASSED),
        (4, 3, 3, Outcome.PASSED),
        (4, 2, 2, Outcome.FAILED),
        (100, 0, 0, Outcome.UNDECIDABLE),
    ],
)
def test_the_bounds_are_reached_exactly(
    households: int, covered: int, satisfied: int, outcome: Outcome
) -> None:
    counts = {"satisfied": satisfied, "dissatisfied": covered - satisfied}
    assert judge(RULE, households, counts, {}).outcome is outcome


def test_unknown_and_spoilt_answers_never_cover() -> None:
    counts = {"very_satisfied": 74, "unknown": 20, "invalid": 6}
    found = judge(RULE, 100, counts, {})
    assert found.outcome is Outcome.FAILED
    assert [(test.numerator, test.denominator) for test in found.tests] == [(74, 100), (74, 74)]
    only = judge(RULE, 100, {"unknown": 100}, {})
    assert only.outcome is Outcome.UNDECIDABLE
    assert [reason.code for reason in only.reasons] == ["zero_denominator"]


@pytest.mark.parametrize("answer", [*LEVELS, *NOT_COVERING, None])
def test_a_household_is_covered_by_the_five_levels_only(answer: str | None) -> None:
    assert covers(answer, RULE, {}) is (answer in LEVELS)


def test_a_locality_may_count_unknown_as_covered_but_never_as_satisfied() -> None:
    local = {"unknown": "covered"}
    assert covers("unknown", RULE, local)
    assert not covers("invalid", RULE, local)
    found = judge(RULE, 100, {"satisfied": 60, "unknown": 15}, local)
    assert [(test.numerator, test.denominator) for test in found.tests] == [(75, 100), (60, 75)]


def test_the_wider_reading_stands_beside_and_decides_nothing() -> None:
    counts = {"satisfied": 40, "basically": 40, "dissatisfied": 5}
    found = judge(RULE, 100, counts, {})
    assert found.outcome is Outcome.FAILED
    assert [(test.numerator, test.denominator, test.passed) for test in found.beside] == [(80, 85, True)]
    chosen = judge(RULE, 100, counts, {"satisfied_levels": "first_three"})
    assert chosen.outcome is Outcome.PASSED
    assert chosen.beside == ()


@given(st.lists(st.sampled_from((*LEVELS, *NOT_COVERING, None)), max_size=60))
def test_counting_by_numbers_agrees_with_counting_a_roll(answers: list[str | None]) -> None:
    roll = Roll(RollEntry(str(n), str(n), 100, True) for n in range(len(answers)))
    votes = {str(n): answer for n, answer in enumerate(answers) if answer is not None}
    for local in ({}, {"unknown": "covered"}):
        expected = count_votes(roll, votes, reading(RULE, local))
        found = sums_of(RULE, len(answers), Counter(votes.values()), local)
        for name in ("roll", "covered", "satisfied", "satisfied_wide", "unvoted"):
            assert getattr(found, name).on(Basis.HOUSEHOLDS) == getattr(expected, name).on(Basis.HOUSEHOLDS)


@given(
    st.integers(1, 200).flatmap(
        lambda homes: st.tuples(st.just(homes), st.lists(st.integers(0, homes // 5), min_size=5, max_size=5))
    )
)
def test_one_more_satisfied_household_never_turns_pass_into_fail(drawn: tuple[int, list[int]]) -> None:
    homes, numbers = drawn
    counts = dict(zip(LEVELS, numbers, strict=True))
    more = {**counts, "satisfied": counts["satisfied"] + 1}
    if sum(numbers) < homes and judge(RULE, homes, counts, {}).outcome is Outcome.PASSED:
        assert judge(RULE, homes, more, {}).outcome is Outcome.PASSED


@pytest.mark.parametrize("counts", [{"perhaps": 1}, {"satisfied": -1}, {"satisfied": 3}])
def test_numbers_that_cannot_be_are_refused(counts: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"count|households"):
        sums_of(RULE, 2, counts, {})
