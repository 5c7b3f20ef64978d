"""Counting: sums from papers, and the outcome of a rule on those sums. Integers only (domain.md §3)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from itertools import product

from backend.tally.definition import Denominator, Numerator, Operator, Rule, RuleKind, Test
from backend.tally.parameter import Parameter, resolve
from backend.tally.sums import Sums, count_households, count_rows, count_votes
from backend.tally.weight import Basis, Choice, Satisfaction

__all__ = [
    "MotionResult",
    "NotCounted",
    "Outcome",
    "Reason",
    "Sums",
    "TestResult",
    "count_households",
    "count_rows",
    "count_votes",
    "evaluate",
    "local_decisions",
    "participation_only",
    "reading",
]


class Outcome(StrEnum):
    """What a rule says of a motion; ``undecidable`` is never a pass."""

    PASSED = "passed"
    FAILED = "failed"
    UNDECIDABLE = "undecidable"


class NotCounted(ValueError):
    """The rule is decided by recorded evidence, not by counting."""

    def __init__(self, rule: Rule) -> None:
        super().__init__(f"{rule.id} is not decided by counting")
        self.rule = rule


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a result is not a pass: a code for programs and Chinese text for people."""

    code: str
    message: str


@dataclass(frozen=True, slots=True)
class TestResult:
    """One test with its numbers (0.01 m² or ones); ``shortfall`` in the same unit, None when passed or hopeless."""

    __test__ = False  # the name is the domain's; pytest must not collect it

    basis: Basis
    numerator_kind: Numerator
    denominator_kind: Denominator
    numerator: int
    denominator: int
    threshold: Fraction | None
    operator: Operator
    passed: bool
    shortfall: int | None
    reachable: bool


@dataclass(frozen=True, slots=True)
class MotionResult:
    """The outcome of one rule on one motion; ``beside`` is shown and decides nothing."""

    outcome: Outcome
    tests: tuple[TestResult, ...]
    reasons: tuple[Reason, ...] = ()
    beside: tuple[TestResult, ...] = ()


def reading(rule: Rule, parameters: Mapping[str, str]) -> dict[str, str]:
    """Return which choices are read as another one under these parameters, to apply before summing.

    Empty for the defaults. Source: domain.md §3 (abstain, invalid) and §5 (不了解), marked [choice].
    """
    values = resolve(rule.parameters, parameters)
    replaced: dict[str, str] = {}
    if values.get("abstain") == "absent":
        replaced[Choice.ABSTAIN] = Choice.INVALID
    if values.get("invalid") == "participates":
        replaced[Choice.INVALID] = Choice.ABSTAIN
    if values.get("unknown") == "covered":
        replaced[Satisfaction.UNKNOWN] = Satisfaction.DISSATISFIED
    return replaced


def evaluate(rule: Rule, sums: Sums, parameters: Mapping[str, str]) -> MotionResult:
    """Return what the rule says on these sums; raises NotCounted and ParameterError.

    ``undecidable`` if any denominator is 0, a number is unset, or the readings left open disagree; else
    ``failed`` if any test fails; else ``passed``.
    """
    if rule.kind is RuleKind.EVIDENCE_ONLY:
        raise NotCounted(rule)
    values = resolve(rule.parameters, parameters)
    results = [(test, _run(test, sums, values)) for test in rule.tests if _applies(test, values)]
    reasons = _doubts(rule, results, values)
    if reasons:
        outcome = Outcome.UNDECIDABLE
    else:
        reasons = [_failure(result) for _, result in results if not result.passed]
        outcome = Outcome.FAILED if reasons else Outcome.PASSED
    return MotionResult(
        outcome=outcome,
        tests=tuple(result for _, result in results),
        reasons=tuple(reasons),
        beside=tuple(_run(test, sums, values) for test in rule.beside if _applies(test, values)),
    )


def participation_only(rule: Rule, sums: Sums, parameters: Mapping[str, str]) -> tuple[TestResult, ...]:
    """Return the tests that may be shown while a ballot is open: who took part, never what was said."""
    if rule.kind is RuleKind.EVIDENCE_ONLY:
        raise NotCounted(rule)
    values = resolve(rule.parameters, parameters)
    shown = (Numerator.PARTICIPATING, Numerator.COVERED)
    return tuple(
        _run(test, sums, values) for test in rule.tests if test.numerator in shown and _applies(test, values)
    )


def local_decisions(rule: Rule, parameters: Mapping[str, str]) -> tuple[Parameter, ...]:
    """Return the parameters nobody has set: reports show them as 需当地确定, with the default in force if any."""
    return tuple(parameter for parameter in rule.parameters if parameter.name not in parameters)


def _applies(test: Test, values: Mapping[str, str | None]) -> bool:
    return test.when is None or values[test.when[0]] in (None, test.when[1])


def _run(test: Test, sums: Sums, values: Mapping[str, str | None]) -> TestResult:
    kind = test.numerator
    if kind is Numerator.SATISFIED and values.get("satisfied_levels") == "first_three":
        numerator = sums.satisfied_wide.on(test.basis)
    else:
        numerator = sums.numerator(kind, test.basis)
    denominator = sums.denominator(test.denominator, test.basis)
    if test.basis is Basis.HEADS and values.get("divided_owner") == "absent":
        if kind is Numerator.PARTICIPATING:
            numerator -= sums.divided_heads
        if test.denominator is Denominator.PARTICIPATING:
            denominator -= sums.divided_heads
    threshold = test.threshold
    if test.threshold_parameter is not None:
        text = values[test.threshold_parameter]
        threshold = None if text is None else Fraction(text)
    passed = threshold is not None and denominator > 0 and _reaches(numerator, denominator, threshold, test)
    shortfall = None
    if threshold is not None and not passed:
        shortfall = _shortfall(numerator, denominator, threshold, test)
    return TestResult(
        basis=test.basis,
        numerator_kind=kind,
        denominator_kind=test.denominator,
        numerator=numerator,
        denominator=denominator,
        threshold=threshold,
        operator=test.operator,
        passed=passed,
        shortfall=shortfall,
        reachable=passed or (shortfall is not None and shortfall <= sums.unvoted.on(test.basis)),
    )


def _reaches(numerator: int, denominator: int, threshold: Fraction, test: Test) -> bool:
    have, need = numerator * threshold.denominator, denominator * threshold.numerator
    return have > need if test.operator is Operator.MORE_THAN else have >= need


def _shortfall(numerator: int, denominator: int, threshold: Fraction, test: Test) -> int | None:
    """Return the least k > 0 with numerator + k (of denominator + k where that is participating) passing."""
    grows = test.denominator is Denominator.PARTICIPATING
    if denominator == 0 and not grows:
        return None
    missing = denominator * threshold.numerator - numerator * threshold.denominator
    gain = threshold.denominator - (threshold.numerator if grows else 0)
    if gain == 0:  # everybody must agree and somebody does not; an empty denominator is mended by one
        return 1 if denominator == 0 else None
    units = missing // gain + 1 if test.operator is Operator.MORE_THAN else -(-missing // gain)
    return max(units, 1)


def _doubts(
    rule: Rule, results: list[tuple[Test, TestResult]], values: Mapping[str, str | None]
) -> list[Reason]:
    titles = {parameter.name: parameter.title for parameter in rule.parameters}
    unset = {test.threshold_parameter for test, result in results if result.threshold is None}
    reasons = [
        Reason("number_unset", f"“{titles[name]}”尚未由当地确定")
        for name in sorted(name for name in unset if name is not None)
    ]
    if any(result.denominator == 0 for _, result in results):
        reasons.append(Reason("zero_denominator", "有一项的分母为零，无法计算比例"))
    open_readings = sorted(
        {test.when[0] for test, _ in results if test.when and values[test.when[0]] is None}
    )
    if not reasons and _readings_differ(results, open_readings):
        names = "、".join(f"“{titles[name]}”" for name in open_readings)
        reasons.append(Reason("readings_differ", f"{names}的不同口径结果不一致，需当地确定口径"))
    return reasons


def _readings_differ(results: list[tuple[Test, TestResult]], names: list[str]) -> bool:
    """Return whether the rule as a whole, not one test, comes out differently under the readings left open."""
    choices = [
        sorted({test.when[1] for test, _ in results if test.when and test.when[0] == n}) for n in names
    ]
    outcomes = set()
    for combination in product(*choices):
        chosen = dict(zip(names, combination, strict=True))
        outcomes.add(
            all(
                result.passed
                for test, result in results
                if test.when is None or chosen.get(test.when[0], test.when[1]) == test.when[1]
            )
        )
    return len(outcomes) > 1


_BASIS_TEXT = {Basis.AREA: "面积", Basis.HEADS: "人数", Basis.HOUSEHOLDS: "户数"}
_KIND_TEXT = {
    Numerator.PARTICIPATING: "参与",
    Numerator.FOR: "同意",
    Numerator.COVERED: "调查覆盖",
    Numerator.SATISFIED: "满意",
    Numerator.SATISFIED_WIDE: "满意（含基本满意）",
}


def _failure(result: TestResult) -> Reason:
    assert result.threshold is not None
    bound = "应超过" if result.operator is Operator.MORE_THAN else "应不低于"
    what = f"{_KIND_TEXT[result.numerator_kind]}{_BASIS_TEXT[result.basis]}"
    share = f"{result.threshold.numerator}/{result.threshold.denominator}"
    return Reason("test_failed", f"{what}未达标，{bound} {share}")
