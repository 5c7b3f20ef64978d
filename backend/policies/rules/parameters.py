"""What is set where: the parameters a rule leaves open, and which of several decisions is in force."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from backend.policies.rules import hotline
from backend.policies.rules.gates import eligibility_numbers, facts_rule
from backend.policies.rules.numbers import Settable
from backend.policies.rules.warranties import load_warranties, warranty_titles
from backend.tally.rule import get_rule, list_rules, load_profiles


@dataclass(frozen=True, slots=True)
class LocalDecision:
    """A number or reading as a locality set it: who, by which document, from when."""

    id: str
    organisation_id: str
    rule_id: str
    name: str
    value: str
    document_title: str
    document_sha256: str | None
    valid_from: date
    set_by: str
    set_at: datetime
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class OpenParameter:
    """A parameter of a rule with its words, its values and the default in force while nobody has set it."""

    name: str
    title: str
    description: str
    values: Mapping[str, str]
    default: str | None


def settable(rule_id: str) -> Mapping[str, Settable]:
    """Return name → parameter of what a locality may set for a rule; empty for an unknown rule."""
    if rule_id == hotline.RULE_ID:
        return hotline.hotline_numbers()
    for profile in load_profiles():
        if rule_id == facts_rule(profile):
            return eligibility_numbers(profile)
    if rule_id in load_warranties().parameters:
        return load_warranties().parameters[rule_id]
    if rule_id not in {rule.id for rule in list_rules()}:
        return {}
    return {parameter.name: parameter for parameter in get_rule(rule_id).parameters}


def open_parameters(rule_id: str) -> tuple[OpenParameter, ...]:
    """Return the parameters of a rule for display."""
    found = settable(rule_id).values()
    return tuple(
        OpenParameter(
            parameter.name,
            parameter.title,
            parameter.description,
            dict(getattr(parameter, "values", {})),
            None if (default := getattr(parameter, "default", None)) is None else str(default),
        )
        for parameter in found
    )


def rule_titles(profile: str | None) -> Mapping[str, str]:
    """Return rule id → title of every rule that bears on a profile: its own, the nation's, the Civil Code's.

    The warranties and the hotline's time limits bear on everybody.
    """
    bearing = dict.fromkeys([*([profile] if profile else []), "cn-50-2021", "cn-civil-code"])
    rules = {rule.id: rule.title for found in bearing for rule in load_profiles()[found].rules}
    facts = {} if profile is None else {facts_rule(profile): "改造对象认定"}
    return {**rules, **facts, **warranty_titles(), hotline.RULE_ID: hotline.TITLE}


def in_force(decisions: Iterable[LocalDecision], nearest_first: Sequence[str]) -> dict[str, LocalDecision]:
    """Return name → the decision of the nearest organisation; ``nearest_first`` = itself, then its ancestors."""
    rank = {organisation_id: position for position, organisation_id in enumerate(nearest_first)}
    chosen: dict[str, LocalDecision] = {}
    for decision in sorted(decisions, key=lambda found: rank[found.organisation_id], reverse=True):
        chosen[decision.name] = decision
    return chosen
