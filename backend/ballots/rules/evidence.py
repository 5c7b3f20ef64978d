"""What a gate may lean on: a ballot's result with everything needed to recompute and to prove it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from backend.tally.sums import Sums


@dataclass(frozen=True, slots=True)
class RuleEvidence:
    """One rule on one motion: the parameters frozen with the ballot, and the sums as read under them."""

    rule_id: str
    parameters: Mapping[str, str]
    sums: Sums | None


@dataclass(frozen=True, slots=True)
class MotionEvidence:
    """One motion: its rules, the parameters frozen with it, and, once published, its sums and result.

    ``sums`` and ``result_json`` (rule id → ``tally.report.motion_json``) are None and empty before the
    preliminary result is published; ``outcome`` joins all rules by AND. ``parameters`` holds the names of all
    its rules together; ``by_rule`` (rule id → evidence) tells them apart where rules read choices differently.
    """

    motion_id: str
    title: str
    rule_ids: tuple[str, ...]
    parameters: Mapping[str, str] = field(default_factory=dict)
    outcome: str | None = None
    sums: Sums | None = None
    result_json: Mapping[str, Any] = field(default_factory=dict)
    by_rule: Mapping[str, RuleEvidence] = field(default_factory=dict)

    def under(self, rule_id: str) -> RuleEvidence:
        """Return what is known of the motion under one of its rules."""
        return self.by_rule.get(rule_id) or RuleEvidence(rule_id, self.parameters, self.sums)


@dataclass(frozen=True, slots=True)
class BallotEvidence:
    """One ballot as a gate sees it; ``building_id`` is set when only one building was asked, ``project_id`` when it
    was held for one project; ``electorate`` says whether owners or households were asked; ``is_as_published``: the rows
    of today count to the numbers that were sealed and published."""

    ballot_id: str
    estate_id: str
    kind: str
    state: str
    title: str
    results: tuple[MotionEvidence, ...]
    building_id: str | None = None
    project_id: str | None = None
    electorate: str = "owners"
    is_as_published: bool = True
    documents_hash: str | None = None
    roll_hash: str | None = None
    sealed_root: str | None = None
    sealed_size: int | None = None
    sealed_at: datetime | None = None
    objections_until: datetime | None = None
    final_at: datetime | None = None


def same_numbers(published: Iterable[Mapping[str, Any]], recounted: Iterable[Mapping[str, Any]]) -> bool:
    """Tell whether two results (as stored at sealing) say the same: motions, rules, parameters, sums and outcomes.

    Titles, clauses and wordings may change with a new version of the product; a number never.
    """
    return [_numbers(row) for row in published] == [_numbers(row) for row in recounted]


_OF_TEST = ("basis", "numerator_kind", "denominator_kind", "numerator", "denominator", "threshold", "passed")


def _numbers(motion: Mapping[str, Any]) -> tuple[Any, ...]:
    rules = [
        (
            rule["rule"],
            dict(rule["parameters"]),
            rule["outcome"],
            [[test[name] for name in _OF_TEST] for test in rule["tests"]],
        )
        for rule in motion["rules"]
    ]
    return motion["motion"], motion["outcome"], rules
