"""Coverage and satisfaction of a survey (domain.md §5), and what a gate may lean on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from backend.tally.count import MotionResult, Sums, count_households, evaluate, reading
from backend.tally.rule import Rule, get_rule

SATISFACTION_RULE = "gansu-2022/satisfaction"
_LEVELS = frozenset({"very_satisfied", "satisfied", "basically", "dissatisfied", "very_dissatisfied"})


def covers(overall: str | None, rule: Rule | None, parameters: Mapping[str, str]) -> bool:
    """Tell whether a household with this overall answer is covered: 不了解, a blank or two ticks never cover.

    A locality may read 不了解 as covered (parameter ``unknown``), by a document.
    """
    if overall is None:
        return False
    known = {} if rule is None else reading(rule, _known(rule, parameters))
    return known.get(overall, overall) in _LEVELS


def sums_of(rule: Rule, households: int, counts: Mapping[str, int], parameters: Mapping[str, str]) -> Sums:
    """Return the sums of the overall question over a census of ``households``."""
    return count_households(households, counts, reading(rule, _known(rule, parameters)))


def judge(
    rule: Rule, households: int, counts: Mapping[str, int], parameters: Mapping[str, str]
) -> MotionResult:
    """Return what the rule says of a survey; nobody covered is ``undecidable``."""
    known = _known(rule, parameters)
    return evaluate(rule, sums_of(rule, households, counts, known), known)


def _known(rule: Rule, parameters: Mapping[str, str]) -> dict[str, str]:
    names = {parameter.name for parameter in rule.parameters}
    return {name: value for name, value in parameters.items() if name in names}


@dataclass(frozen=True, slots=True)
class SurveyEvidence:
    """A survey in one estate as a gate sees it.

    ``counts`` (overall answer → households) is None before the close. ``census_sha256`` proves whom it asked,
    ``responses_sha256`` what was counted; ``others`` are further closed surveys under the same rule.
    """

    survey_id: str
    estate_id: str
    title: str
    state: str
    rule_id: str | None
    households: int
    form_sha256: str | None
    census_sha256: str | None
    parameters: Mapping[str, str] = field(default_factory=dict)
    counts: Mapping[str, int] | None = None
    responses_sha256: str | None = None
    closes_at: datetime | None = None
    closed_at: datetime | None = None
    others: int = 0

    def rule(self) -> Rule | None:
        """Return the rule it is judged by."""
        return None if self.rule_id is None else get_rule(self.rule_id)
