"""The evidence a decision stores: canonical JSON, its hash, and the rates a board shows."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from datetime import date, datetime
from fractions import Fraction
from hashlib import sha256
from typing import Any

from backend.ballots.rules.evidence import BallotEvidence
from backend.kernel.clock import iso
from backend.policies.rules.gates import Gate
from backend.projects.rules.material import CriterionView, verdict_of
from backend.surveys.rules.satisfaction import SurveyEvidence
from backend.tally.report import percent_floor


@dataclass(frozen=True, slots=True)
class Basis:
    """By what a gate is judged: the estate, the profile in its version, and the act that adopted it."""

    project_estate_id: str
    estate_id: str
    gate: Gate
    profile: str | None
    profile_title: str | None
    profile_status: str | None
    profile_version: str | None
    adoption_id: str | None
    adoption_document: str | None


@dataclass(frozen=True, slots=True)
class Rate:
    """One rate of a decided gate, rounded down for display; sums as stored (m² with two decimals, or ones)."""

    gate: str
    motion: str
    rule: str
    basis: str
    numerator_kind: str
    denominator_kind: str
    numerator: str
    denominator: str
    rate: str | None
    threshold: str | None
    passed: bool
    shortfall: str | None


def evidence_json(
    basis: Basis,
    criteria: tuple[CriterionView, ...],
    ballots: Iterable[BallotEvidence],
    surveys: Iterable[SurveyEvidence] = (),
) -> dict[str, Any]:
    """Return everything a decision rests on, as plain JSON values; the same material gives the same bytes."""
    value = {
        "format": "gongjue-gate-evidence/1",
        "basis": asdict(basis),
        "verdict": verdict_of(criteria),
        "criteria": [asdict(criterion) for criterion in criteria],
        "ballots": [_ballot(ballot) for ballot in ballots],
        "surveys": [_survey(survey) for survey in surveys],
    }
    return dict(json.loads(canonical(value)))


def canonical(value: Any) -> bytes:
    """Return JSON in UTF-8 with sorted keys and no spaces."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return text.encode()


def evidence_hash(evidence: Mapping[str, Any]) -> str:
    """Return the SHA-256 (hex) of the canonical JSON."""
    return sha256(canonical(evidence)).hexdigest()


def rates_of(evidence: Mapping[str, Any]) -> list[Rate]:
    """Return the rates that a stored decision rests on."""
    gate = evidence["basis"]["gate"]
    return [
        _rate(gate, motion, test)
        for criterion in evidence["criteria"]
        for motion in criterion["motions"]
        for test in motion["result"].get("tests", ())
    ]


def _rate(gate: str, motion: Mapping[str, Any], test: Mapping[str, Any]) -> Rate:
    return Rate(
        gate=gate,
        motion=motion["title"],
        rule=motion["rule_id"],
        basis=test["basis"],
        numerator_kind=test["numerator_kind"],
        denominator_kind=test["denominator_kind"],
        numerator=test["numerator"],
        denominator=test["denominator"],
        rate=percent_floor(_units(test["numerator"]), _units(test["denominator"])),
        threshold=test["threshold"],
        passed=test["passed"],
        shortfall=test["shortfall"],
    )


def _units(quantity: str) -> int:
    """Return a quantity in its smallest unit; both sums of a rate have the same form."""
    return int(quantity.replace(".", ""))


def _ballot(ballot: BallotEvidence) -> dict[str, Any]:
    """Return what identifies and proves a ballot; its sums stand in the criteria."""
    return {
        "ballot": ballot.ballot_id,
        "kind": ballot.kind,
        "title": ballot.title,
        "state": ballot.state,
        "roll_hash": ballot.roll_hash,
        "documents_hash": ballot.documents_hash,
        "sealed_root": ballot.sealed_root,
        "sealed_size": ballot.sealed_size,
        "sealed_at": ballot.sealed_at,
        "final_at": ballot.final_at,
    }


def _survey(survey: SurveyEvidence) -> dict[str, Any]:
    """Return what identifies and proves a survey; its sums stand in the criteria."""
    return {
        "survey": survey.survey_id,
        "title": survey.title,
        "state": survey.state,
        "rule": survey.rule_id,
        "households": survey.households,
        "form_sha256": survey.form_sha256,
        "census_sha256": survey.census_sha256,
        "responses_sha256": survey.responses_sha256,
        "closes_at": survey.closes_at,
        "closed_at": survey.closed_at,
        "others": survey.others,
    }


def _plain(value: Any) -> str:
    if isinstance(value, datetime):
        return iso(value)
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Fraction):
        return f"{value.numerator}/{value.denominator}"
    raise TypeError(type(value).__name__)
