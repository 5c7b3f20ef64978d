"""Every counted rule at, just below and just above every one of its thresholds, one test moved at a time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from backend.tally.count import Outcome, evaluate
from backend.tally.rule import Denominator, Numerator, Operator, RuleKind, Test, get_rule, list_rules
from backend.tally.sums import Sums
from backend.tally.weight import Basis, Weights

ALL = 1_200_000  # on every basis; divisible by every denominator of every rule
WHOLE = Weights(ALL, ALL, ALL)
SET = {
    "gansu-2022/inclusion": [{"consent": "participating"}, {"consent": "roll"}],
    "gansu-2022/plan": [{}, {"plan_denominator": "participating"}],
    "cn-50-2021/plan": [{"motion_class": "general"}, {"motion_class": "special"}],
}
LOCAL = {"participation_share": "80%", "consent_share": "75%"}
BOTH_READINGS = [LOCAL | {"consent": reading} for reading in ("participating", "roll")]
FIELD = {
    Numerator.PARTICIPATING: "participating",
    Numerator.FOR: "approving",
    Numerator.COVERED: "covered",
    Numerator.SATISFIED: "satisfied",
}


def cases() -> Iterator[tuple[str, dict[str, str], int]]:
    for rule in list_rules():
        if rule.kind is RuleKind.EVIDENCE_ONLY:
            continue
        default = BOTH_READINGS if rule.kind is RuleKind.REFUSES_UNTIL_SET else [{}]
        for parameters in SET.get(rule.id, default):
            for place in range(len(evaluate(rule, Sums(WHOLE), parameters).tests)):
                yield rule.id, parameters, place


def full() -> Sums:
    """Everybody takes part, agrees, is asked and satisfied."""
    return Sums(WHOLE, WHOLE, WHOLE, WHOLE, WHOLE, WHOLE)


def at(rule_id: str, parameters: dict[str, str], place: int, offset: int) -> Sums:
    """Everything full but one sum, which stands ``offset`` units from that test's threshold."""
    test = evaluate(get_rule(rule_id), full(), parameters).tests[place]
    assert test.threshold is not None
    value = int(ALL * test.threshold) + offset
    sums, kind = full(), test.numerator_kind
    moved = replace(getattr(sums, FIELD[kind]), **{test.basis.value: value})
    changes = {FIELD[kind]: moved}
    if kind is Numerator.PARTICIPATING:  # who does not take part cannot agree
        changes["approving"] = moved
    if kind is Numerator.COVERED:
        changes["satisfied"] = moved
    return replace(sums, **changes)


@pytest.mark.parametrize(("rule_id", "parameters", "place"), list(cases()))
@pytest.mark.parametrize("offset", [-1, 0, 1])
def test_each_threshold_below_at_and_above(
    rule_id: str, parameters: dict[str, str], place: int, offset: int
) -> None:
    result = evaluate(get_rule(rule_id), at(rule_id, parameters, place, offset), parameters)
    moved = result.tests[place]
    expected = offset > 0 or (offset == 0 and moved.operator is Operator.AT_LEAST)
    assert moved.passed is expected
    if expected:
        assert result.outcome is Outcome.PASSED
        assert moved.shortfall is None
        assert moved.reachable
    else:
        assert result.outcome is Outcome.FAILED
        assert moved.shortfall is not None
        assert not moved.reachable  # nobody is left to vote


QUORUM = ("area participating/roll >=2/3", "heads participating/roll >=2/3")


@pytest.mark.parametrize(
    ("rule_id", "expected"),
    [
        ("cn-civil-code/general", (*QUORUM, "area for/participating >1/2", "heads for/participating >1/2")),
        ("cn-civil-code/special", (*QUORUM, "area for/participating >=3/4", "heads for/participating >=3/4")),
        (
            "gansu-2022/inclusion",
            (
                "households participating/roll >=3/4",
                "households for/participating >=3/4",
                "households for/roll >=3/4",
            ),
        ),
        (
            "gansu-2022/satisfaction",
            ("households covered/roll >=3/4", "households satisfied/covered >=4/5"),
        ),
    ],
)
def test_the_numbers_are_those_of_the_sources(rule_id: str, expected: tuple[str, ...]) -> None:
    assert tuple(spelled(test) for test in get_rule(rule_id).tests) == expected


def test_the_plan_of_gansu_is_seventy_percent_of_the_roll_by_default() -> None:
    (only,) = evaluate(get_rule("gansu-2022/plan"), full(), {}).tests
    assert (only.basis, only.denominator_kind) == (Basis.HOUSEHOLDS, Denominator.ROLL)
    assert str(only.threshold) == "7/10"


def test_the_national_plan_rule_is_the_civil_code_by_class() -> None:
    plan = get_rule("cn-50-2021/plan")
    for motion_class in ("general", "special"):
        mine = [replace(t, when=None) for t in plan.tests if t.when in (None, ("motion_class", motion_class))]
        assert tuple(mine) == get_rule(f"cn-civil-code/{motion_class}").tests


def spelled(test: Test) -> str:
    return f"{test.basis} {test.numerator}/{test.denominator} {test.operator}{test.threshold}"
