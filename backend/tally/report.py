"""Results as JSON objects and as text: all quantities are strings, rates are rounded down (domain.md §3)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Any

from backend.tally.count import MotionResult, TestResult
from backend.tally.definition import Profile, Rule
from backend.tally.parameter import resolve
from backend.tally.weight import Basis, Weights

Json = dict[str, Any]


def quantity(value: int, basis: Basis) -> str:
    """Return a sum as a string: square metres with two decimals, heads and households as whole numbers."""
    return f"{value // 100}.{value % 100:02d}" if basis is Basis.AREA else str(value)


def lowest_terms(share: Fraction) -> str:
    """Return a share as ``2/3``."""
    return f"{share.numerator}/{share.denominator}"


def percent_floor(numerator: int, denominator: int, places: int = 2) -> str | None:
    """Return a rate in percent, rounded **down** to ``places`` decimals, None when the denominator is 0."""
    if denominator == 0:
        return None
    scaled = numerator * 100 * 10**places // denominator
    whole, rest = divmod(scaled, 10**places)
    return f"{whole}.{rest:0{places}d}" if places else str(whole)


def comparison_json(result: TestResult) -> Json:
    """Return one test as the JSON object of ``gongjue tally``."""
    return {
        "basis": result.basis.value,
        "numerator_kind": result.numerator_kind.value,
        "denominator_kind": result.denominator_kind.value,
        "numerator": quantity(result.numerator, result.basis),
        "denominator": quantity(result.denominator, result.basis),
        "threshold": None if result.threshold is None else lowest_terms(result.threshold),
        "op": result.operator.value,
        "passed": result.passed,
        "shortfall": None if result.shortfall is None else quantity(result.shortfall, result.basis),
        "reachable": result.reachable,
    }


def motion_json(motion: str, result: MotionResult) -> Json:
    """Return one motion's result; ``beside`` (shown, never deciding) only where the rule has such tests."""
    answer: Json = {
        "motion": motion,
        "outcome": result.outcome.value,
        "tests": [comparison_json(test) for test in result.tests],
    }
    if result.beside:
        answer["beside"] = [comparison_json(test) for test in result.beside]
    return answer


def head_json(profile: Profile, rule: Rule, parameters: Mapping[str, str], totals: Weights) -> Json:
    """Return everything of the object but ``motions``: rule, profile, parameters in force, roll."""
    return {
        "rule": rule.id,
        "profile": {"title": profile.title, "clause": rule.clause, "status": profile.status.value},
        "parameters": resolve(rule.parameters, parameters),
        "roll": {
            "heads": quantity(totals.heads, Basis.HEADS),
            "households": quantity(totals.households, Basis.HOUSEHOLDS),
            "area": quantity(totals.area, Basis.AREA),
        },
    }


def to_json(head: Json, results: Iterable[tuple[str, MotionResult]]) -> Json:
    """Return the whole object of ``gongjue tally --json``."""
    return {**head, "motions": [motion_json(motion, result) for motion, result in results]}
