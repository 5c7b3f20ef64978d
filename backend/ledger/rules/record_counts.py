"""The count of a motion as JSON: sums and results in the words of ``gongjue tally --json``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields
from typing import Any

from backend.ledger.rules.leaf import require_form
from backend.ledger.rules.record_contents import MotionCount, RuleUse
from backend.ledger.rules.record_manifest import BadManifest, is_area, is_digits
from backend.ledger.rules.record_roll import format_area
from backend.tally.count import NotCounted, Sums, count_votes, evaluate, reading
from backend.tally.parameter import ParameterError
from backend.tally.report import comparison_json
from backend.tally.rule import Rule, get_rule
from backend.tally.weight import Roll, Weights

WEIGHTS = tuple(field.name for field in fields(Sums) if field.name != "divided_heads")

_WEIGHT_FORM = {"area": is_area, "heads": is_digits, "households": is_digits}


class Uncountable(ValueError):
    """A rule cannot be applied to these papers; the message says why, in Chinese."""


def rule_count(use: RuleUse, sums: Sums) -> dict[str, object]:
    """Return the result object of one rule on these sums, as it stands in ``sums.json``.

    The sums must have been made with ``tally.count.reading`` of the rule and its parameters. A rule decided
    by evidence has the outcome ``evidence_only`` and no tests. Raises Uncountable.
    """
    result: dict[str, object] = {"rule": use.rule, "sums": sums_object(sums)}
    try:
        found = evaluate(_rule_of(use), sums, use.parameters)
    except NotCounted:
        return {**result, "outcome": "evidence_only", "tests": []}
    except ParameterError as error:
        raise _bad_parameter(use, error) from None
    return {**result, "outcome": str(found.outcome), "tests": [comparison_json(test) for test in found.tests]}


def count_papers(roll: Roll, votes: Mapping[str, str], motion: str, uses: Iterable[RuleUse]) -> MotionCount:
    """Count one motion's papers (entry to choice) under each of its rules; raises Uncountable."""
    results = []
    for use in uses:
        rule = _rule_of(use)
        strange = set(votes.values()) - set(rule.scale)
        if strange:
            raise Uncountable(f"选择 {min(strange)} 不属于规则 {use.rule}")
        try:
            read_as = reading(rule, use.parameters)
        except ParameterError as error:
            raise _bad_parameter(use, error) from None
        results.append(rule_count(use, count_votes(roll, votes, read_as)))
    return MotionCount(motion, tuple(results))


def _rule_of(use: RuleUse) -> Rule:
    try:
        return get_rule(use.rule)
    except KeyError:
        raise Uncountable(f"本程序没有规则 {use.rule}") from None


def _bad_parameter(use: RuleUse, error: ParameterError) -> Uncountable:
    return Uncountable(f"规则 {use.rule} 的参数 {error.name} 不可用：{error.reason}")


def count_object(count: MotionCount) -> dict[str, object]:
    """Return the JSON object of one motion in ``sums.json``."""
    return {"motion": count.motion, "results": [dict(result) for result in count.results]}


def sums_object(sums: Sums) -> dict[str, object]:
    """Return sums as JSON: every weight with area in m² and two decimals, all numbers as strings."""
    weights: dict[str, object] = {}
    for name in WEIGHTS:
        weight: Weights = getattr(sums, name)
        weights[name] = {
            "area": format_area(weight.area),
            "heads": str(weight.heads),
            "households": str(weight.households),
        }
    return {**weights, "divided_heads": str(sums.divided_heads)}


def parse_sums(value: object) -> Sums:
    """Return sums read from JSON; raises BadManifest."""
    objects = dict.fromkeys(WEIGHTS, lambda item: isinstance(item, dict))
    form: Mapping[str, Any] = require_form(value, {**objects, "divided_heads": is_digits}, BadManifest)
    weights: dict[str, Weights] = {}
    for name in WEIGHTS:
        weight: Mapping[str, Any] = require_form(form[name], _WEIGHT_FORM, BadManifest)
        area = int(weight["area"].replace(".", ""))
        weights[name] = Weights(area=area, heads=int(weight["heads"]), households=int(weight["households"]))
    return Sums(**weights, divided_heads=int(form["divided_heads"]))
