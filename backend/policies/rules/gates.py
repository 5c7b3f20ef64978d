"""What each gate asks under each profile: criteria as data (``backend/policies/gates``), one file per profile."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from backend.policies.rules.numbers import WholeNumber
from backend.tally.rule import get_rule, profile_of

_FOLDER = Path(__file__).parent.parent / "gates"
_BASE = "base"


class Gate(StrEnum):
    """The five gates of a renovation project, in order (domain.md §1)."""

    ELIGIBILITY = "eligibility"
    INCLUSION = "inclusion"
    START = "start"
    ACCEPTANCE = "acceptance"
    EVALUATION = "evaluation"


class CriterionKind(StrEnum):
    """How a criterion is judged: by registry facts, by counting, by attached records, or by a survey."""

    FACT = "fact"
    COUNTED = "counted"
    CIVIL_CODE = "civil_code"
    RECORDS = "records"
    SURVEY = "survey"


@dataclass(frozen=True, slots=True)
class RecordNeeded:
    """A record that a gate asks for; ``name`` is what an attached record says it is."""

    name: str
    title: str


@dataclass(frozen=True, slots=True)
class Criterion:
    """One thing a gate asks, with the clause it comes from.

    ``ballot`` is the kind of ballot counted; ``minimum_motions`` the questions it must hold under the rule;
    ``is_one_of``: one of the records is enough; ``when_record``: asked only when that record is attached.
    """

    gate: Gate
    id: str
    kind: CriterionKind
    title: str
    clause: str
    status: str
    consequence: str | None = None
    note: str | None = None
    rule: str | None = None
    ballot: str | None = None
    minimum_motions: int = 1
    records: tuple[RecordNeeded, ...] = ()
    is_one_of: bool = False
    when_record: str | None = None
    fact: str | None = None
    number: WholeNumber | None = None


class GateFileError(ValueError):
    """A gate file that cannot be used; the text names the file and what is wrong."""


def read_gates(folder: Path) -> Mapping[str, tuple[Criterion, ...]]:
    """Read every ``<profile>.toml`` of a folder; raises GateFileError."""
    found: dict[str, tuple[Criterion, ...]] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            found[path.stem] = _criteria(tomllib.loads(path.read_text(encoding="utf-8")))
        except (KeyError, TypeError, ValueError) as error:
            raise GateFileError(f"{path.name}: {type(error).__name__}: {error}") from error
    if _BASE not in found or {criterion.gate for criterion in found[_BASE]} != set(Gate):
        raise GateFileError("base.toml must ask something at every gate")
    return MappingProxyType(found)


@cache
def load_gates() -> Mapping[str, tuple[Criterion, ...]]:
    """Return the gate files shipped with the product."""
    return read_gates(_FOLDER)


def criteria_for(profile: str, gate: Gate) -> tuple[Criterion, ...]:
    """Return what ``gate`` asks under ``profile``: the profile's own list, else the national one."""
    own = tuple(found for found in load_gates().get(profile, ()) if found.gate is gate)
    return own or tuple(found for found in load_gates()[_BASE] if found.gate is gate)


def facts_rule(profile: str) -> str:
    """Return the rule id under which a locality sets a profile's eligibility numbers."""
    return f"{profile}/{Gate.ELIGIBILITY}"


def eligibility_numbers(profile: str) -> Mapping[str, WholeNumber]:
    """Return the eligibility numbers that may be set locally under ``profile``."""
    asked = criteria_for(profile, Gate.ELIGIBILITY)
    return {found.number.name: found.number for found in asked if found.number is not None}


def records_of(profile: str, gate: Gate) -> Mapping[str, str]:
    """Return name → Chinese title of every record that ``gate`` can take under ``profile``."""
    asked = criteria_for(profile, gate)
    return {record.name: record.title for criterion in asked for record in criterion.records}


def ballot_kinds_of(profile: str, gate: Gate) -> frozenset[str]:
    """Return the kinds of ballot that ``gate`` can take under ``profile``."""
    return frozenset(found.ballot for found in criteria_for(profile, gate) if found.ballot is not None)


def survey_rules_of(profile: str, gate: Gate) -> frozenset[str] | None:
    """Return the rules that a survey for ``gate`` is counted by: None = it takes none, empty = any."""
    asked = [found for found in criteria_for(profile, gate) if found.kind is CriterionKind.SURVEY]
    return frozenset(found.rule for found in asked if found.rule is not None) if asked else None


def _criteria(table: Mapping[str, Any]) -> tuple[Criterion, ...]:
    numbers = {entry["name"]: WholeNumber(**entry) for entry in table.get("parameter", ())}
    found = tuple(_criterion(entry, numbers) for entry in table["criterion"])
    keys = [(criterion.gate, criterion.id) for criterion in found]
    if len(keys) != len(set(keys)):
        raise ValueError("a criterion stands twice")
    return found


def _criterion(entry: Mapping[str, Any], numbers: Mapping[str, WholeNumber]) -> Criterion:
    values = dict(entry)
    if "rule" in values:
        values = _from_rule(values["rule"]) | values
    name = values.pop("parameter", None)
    built = Criterion(**values)
    return _checked(
        replace(
            built,
            gate=Gate(built.gate),
            kind=CriterionKind(built.kind),
            records=tuple(RecordNeeded(**record) for record in entry.get("records", ())),
            number=None if name is None else numbers[name],
        )
    )


def _from_rule(rule_id: str) -> dict[str, Any]:
    rule = get_rule(rule_id)
    return {
        "title": rule.title,
        "clause": rule.clause,
        "status": str(profile_of(rule_id).status),
        "consequence": rule.consequence,
        "note": rule.note,
    }


def _checked(criterion: Criterion) -> Criterion:
    kind = criterion.kind
    wanted = {
        CriterionKind.FACT: criterion.fact is not None,
        CriterionKind.COUNTED: criterion.rule is not None and criterion.ballot is not None,
        CriterionKind.CIVIL_CODE: criterion.ballot is not None,
        CriterionKind.RECORDS: bool(criterion.records),
        CriterionKind.SURVEY: True,
    }[kind]
    if not wanted or criterion.minimum_motions < 1:
        raise ValueError(f"{criterion.gate}/{criterion.id}: incomplete for kind {kind}")
    return criterion
