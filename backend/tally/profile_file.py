"""Profiles are TOML files: adding a policy means adding a file. A wrong file is refused as a whole."""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from datetime import date
from importlib.resources.abc import Traversable
from types import MappingProxyType
from typing import Any, TypeVar

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
from backend.tally.parameter import Parameter, parse_share
from backend.tally.weight import Basis

_CONVENTIONS = "conventions.toml"
_MEANT_BY_CODE = frozenset({"abstain", "invalid", "divided_owner", "unknown", "satisfied_levels"})

Table = Mapping[str, Any]
_Built = TypeVar("_Built")


class ProfileError(ValueError):
    """A profile file that cannot be used; the text names the file and what is wrong."""


def read_profiles(folder: Traversable) -> Mapping[str, Profile]:
    """Return the profiles of a folder of TOML files; raises ProfileError."""
    files = sorted((file for file in folder.iterdir() if file.name.endswith(".toml")), key=lambda f: f.name)
    shared: dict[str, Any] = {}
    for file in (file for file in files if file.name == _CONVENTIONS):
        shared |= _read(file, lambda table: dict(table["parameter"]))
    profiles: dict[str, Profile] = {}
    for file in (file for file in files if file.name != _CONVENTIONS):
        profile = _read(file, lambda table: _profile(table, shared))
        if profile.id in profiles or file.name != f"{profile.id}.toml":
            raise ProfileError(f"{file.name}: the file is named after its profile, {profile.id}")
        profiles[profile.id] = profile
    _check_joins(profiles)
    return MappingProxyType(profiles)


def _read(file: Traversable, build: Callable[[Table], _Built]) -> _Built:
    try:
        return build(tomllib.loads(file.read_text(encoding="utf-8")))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ProfileError(f"{file.name}: {type(error).__name__}: {error}") from error


def _check_joins(profiles: Mapping[str, Profile]) -> None:
    ids = [rule.id for profile in profiles.values() for rule in profile.rules]
    if len(ids) != len(set(ids)):
        raise ProfileError("a rule id stands twice")
    for profile in profiles.values():
        for join in (join for rule in profile.rules for join in rule.gate_joins):
            if join not in ids and not (join.endswith("/*") and join.removesuffix("/*") in profiles):
                raise ProfileError(f"{profile.id}: joins {join!r}, which nobody defines")


def _profile(table: Table, shared: Table) -> Profile:
    head = table["profile"]
    _only(head, "id", "title", "source", "status", "issued_on", "effective_on", "expires_on", "note")
    _only(table, "profile", "rule", "parameter")
    definitions = {**shared, **table.get("parameter", {})}
    return Profile(
        id=head["id"],
        title=head["title"],
        source=head["source"],
        status=Status(head["status"]),
        rules=tuple(_rule(head["id"], rule, definitions) for rule in table["rule"]),
        issued_on=_date(head.get("issued_on")),
        effective_on=_date(head.get("effective_on")),
        expires_on=_date(head.get("expires_on")),
        note=head.get("note"),
    )


def _date(value: object) -> date | None:
    if value is not None and type(value) is not date:
        raise ValueError(f"{value!r} is no date")
    return value


def _rule(profile_id: str, table: Table, definitions: Table) -> Rule:
    _only(
        table, "name", "title", "clause", "kind", "test", "beside", "parameters", "evidence", "gate_joins",
        "consequence", "note",
    )  # fmt: skip
    name = table.get("name")
    parameters = tuple(_parameter(key, definitions[key]) for key in table.get("parameters", ()))
    tests = tuple(_test(test) for test in table.get("test", ()))
    beside = tuple(_test(test) for test in table.get("beside", ()))
    used = {test.threshold_parameter for test in tests} | {test.when[0] for test in tests if test.when}
    for parameter in parameters:
        if parameter.name not in used | _MEANT_BY_CODE:
            raise ValueError(f"parameter {parameter.name!r} changes nothing")
    return Rule(
        id=f"{profile_id}/{name}" if name else profile_id,
        title=table["title"],
        clause=table["clause"],
        kind=RuleKind(table["kind"]),
        tests=tests,
        beside=beside,
        parameters=parameters,
        evidence=tuple(table.get("evidence", ())),
        gate_joins=tuple(table.get("gate_joins", ())),
        consequence=table.get("consequence"),
        note=table.get("note"),
    )


def _parameter(name: str, table: Table) -> Parameter:
    _only(table, "title", "description", "values", "default")
    return Parameter(
        name=name,
        title=table["title"],
        description=table["description"],
        values=MappingProxyType(dict(table.get("values", {}))),
        default=table.get("default"),
    )


def _test(table: Table) -> Test:
    _only(table, "basis", "numerator", "denominator", "op", "threshold", "when")
    text = table["threshold"]
    when = table.get("when")
    if when is not None and len(when) != 1:
        raise ValueError("'when' names one parameter and one value")
    number = None if text.startswith("$") else parse_share(text)
    if number is None and not text.startswith("$"):
        raise ValueError(f"{text!r} is no share in (0, 1]")
    return Test(
        basis=Basis(table["basis"]),
        numerator=Numerator(table["numerator"]),
        denominator=Denominator(table["denominator"]),
        operator=Operator(table.get("op", ">=")),
        threshold=number,
        threshold_parameter=text[1:] if text.startswith("$") else None,
        when=None if when is None else next(iter(when.items())),
    )


def _only(table: Table, *allowed: str) -> None:
    unknown = set(table) - set(allowed)
    if unknown:
        raise ValueError(f"unknown key {sorted(unknown)}")
