"""The rules that come with the product, and the vocabulary they are written in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import resources

from backend.tally.definition import (
    Denominator,
    Numerator,
    Operator,
    Profile,
    Rule,
    RuleKind,
    Status,
    Test,
)
from backend.tally.parameter import Parameter, ParameterError, resolve
from backend.tally.profile_file import read_profiles
from backend.tally.weight import Basis

__all__ = [
    "Basis",
    "Denominator",
    "Numerator",
    "Operator",
    "Parameter",
    "ParameterError",
    "Profile",
    "Rule",
    "RuleKind",
    "Status",
    "Test",
    "get_rule",
    "list_rules",
    "load_profiles",
    "profile_of",
    "resolve",
]


@cache
def load_profiles() -> Mapping[str, Profile]:
    """Return the profiles that come with the product, by id; read once per process."""
    return read_profiles(resources.files("backend.tally") / "profiles")


@cache
def _rules() -> Mapping[str, tuple[Profile, Rule]]:
    return {rule.id: (profile, rule) for profile in load_profiles().values() for rule in profile.rules}


def list_rules() -> tuple[Rule, ...]:
    """Return every rule of every profile, by id."""
    return tuple(rule for _, (_, rule) in sorted(_rules().items()))


def get_rule(rule_id: str) -> Rule:
    """Return one rule; raises KeyError."""
    return _rules()[rule_id][1]


def profile_of(rule_id: str) -> Profile:
    """Return the profile a rule stands in; raises KeyError."""
    return _rules()[rule_id][0]
