"""A gate as it stands: judged on its material of this moment, with the decision in force."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from backend.ballots.queries import ballot_evidence
from backend.ballots.rules.evidence import BallotEvidence
from backend.policies.queries import Adoption, decisions_for, profile_for
from backend.policies.rules.gates import Gate
from backend.projects import repository
from backend.projects.rules.evidence import Basis, evidence_hash, evidence_json
from backend.projects.rules.gate import judge_gate, profile_version, rules_of_gate
from backend.projects.rules.material import (
    AttachedRecord,
    CriterionView,
    EstateFacts,
    Material,
    Verdict,
    verdict_of,
)
from backend.projects.rules.stages import STAGE_OF_GATE
from backend.projects.tables import GateDecision, GateEvidence, ProjectEstate
from backend.registry.queries import EstateCard, estate_card
from backend.surveys.queries import survey_evidence
from backend.surveys.rules.satisfaction import SurveyEvidence
from backend.tally.rule import load_profiles


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision on a gate, as it was made and, if so, revoked."""

    id: str
    gate: str
    outcome: str
    profile: str
    reason: str
    decided_by: str
    decided_at: datetime
    evidence_sha256: str
    revoked_by: str | None
    revoked_at: datetime | None
    revoke_reason: str | None


@dataclass(frozen=True, slots=True)
class LinkedBallot:
    """A ballot linked to the gate, by the id of its evidence row."""

    evidence_id: str
    ballot_id: str
    kind: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class LinkedSurvey:
    """A survey linked to the gate, by the id of its evidence row."""

    evidence_id: str
    survey_id: str
    title: str
    state: str


@dataclass(frozen=True, slots=True)
class GateView:
    """A gate: what is asked, how far it is met, what may be decided, and the decision in force.

    ``evidence`` and ``evidence_sha256`` are what a decision made now would store. ``is_doubtful``: a decision
    stands, but the material of today would not allow it. ``is_changed``: it is not the material decided on.
    """

    project_estate_id: str
    estate_id: str
    gate: Gate
    profile: str | None
    profile_title: str | None
    adoption_document: str | None
    criteria: tuple[CriterionView, ...]
    verdict: Verdict
    ballots: tuple[LinkedBallot, ...]
    surveys: tuple[LinkedSurvey, ...]
    decision: Decision | None
    is_current: bool
    is_doubtful: bool
    is_changed: bool
    version: int
    profile_version: str | None
    evidence: dict[str, Any]
    evidence_sha256: str


def gate_view(session: Session, row: ProjectEstate, gate: Gate) -> GateView:
    """Judge a gate on its material of this moment."""
    card = estate_card(session, row.estate_id)
    adoption = profile_for(session, card.organisation_id)
    attached = repository.evidence_of(session, row.id, gate)
    material = _material(session, card, adoption, gate, attached)
    criteria = judge_gate(None if adoption is None else adoption.profile, gate, material)
    basis = _basis(row, gate, adoption)
    evidence = evidence_json(basis, criteria, material.ballots, material.surveys)
    decision = repository.standing_decision(session, row.id, gate)
    verdict = verdict_of(criteria)
    digest = evidence_hash(evidence)
    return GateView(
        project_estate_id=row.id,
        estate_id=row.estate_id,
        gate=gate,
        profile=basis.profile,
        profile_title=basis.profile_title,
        adoption_document=basis.adoption_document,
        criteria=criteria,
        verdict=verdict,
        ballots=_linked(attached, material.ballots),
        surveys=_linked_surveys(attached, material.surveys),
        decision=None if decision is None else to_decision(decision),
        is_current=row.state == "active" and row.stage == STAGE_OF_GATE[gate],
        is_doubtful=decision is not None and decision.outcome == "passed" and verdict is not Verdict.PASSABLE,
        is_changed=decision is not None and decision.evidence_sha256 != digest,
        version=row.version,
        profile_version=basis.profile_version,
        evidence=evidence,
        evidence_sha256=digest,
    )


def to_decision(row: GateDecision) -> Decision:
    """Return the plain value of a row."""
    return Decision(
        row.id,
        row.gate,
        row.outcome,
        row.profile,
        row.reason,
        row.decided_by,
        row.decided_at,
        row.evidence_sha256,
        row.revoked_by,
        row.revoked_at,
        row.revoke_reason,
    )


def _material(
    session: Session,
    card: EstateCard,
    adoption: Adoption | None,
    gate: Gate,
    attached: Sequence[GateEvidence],
) -> Material:
    facts = card.facts
    rules = rules_of_gate(adoption.profile, gate) if adoption is not None else ()
    found = [ballot_evidence(session, row.ballot_id) for row in attached if row.ballot_id is not None]
    asked = [
        survey_evidence(session, row.survey_id, card.id) for row in attached if row.survey_id is not None
    ]
    return Material(
        facts=EstateFacts(
            facts.built_year, facts.is_dangerous, facts.is_shantytown_plan, facts.is_self_built
        ),
        ballots=tuple(ballot for ballot in found if ballot is not None),
        records=tuple(
            AttachedRecord(row.id, row.requirement, row.title, row.sha256, row.held_on)
            for row in attached
            if row.sha256 is not None
        ),
        surveys=tuple(survey for survey in asked if survey is not None),
        decisions=decisions_for(session, card.organisation_id, rules) if rules else {},
    )


def _basis(row: ProjectEstate, gate: Gate, adoption: Adoption | None) -> Basis:
    profile = None if adoption is None else load_profiles()[adoption.profile]
    return Basis(
        project_estate_id=row.id,
        estate_id=row.estate_id,
        gate=gate,
        profile=None if profile is None else profile.id,
        profile_title=None if profile is None else profile.title,
        profile_status=None if profile is None else str(profile.status),
        profile_version=None if profile is None else profile_version(profile.id, gate),
        adoption_id=None if adoption is None else adoption.id,
        adoption_document=None if adoption is None else adoption.document_title,
    )


def _linked(
    attached: Sequence[GateEvidence], ballots: tuple[BallotEvidence, ...]
) -> tuple[LinkedBallot, ...]:
    rows = {row.ballot_id: row.id for row in attached}
    return tuple(
        LinkedBallot(rows[found.ballot_id], found.ballot_id, found.kind, found.title, found.state)
        for found in ballots
    )


def _linked_surveys(
    attached: Sequence[GateEvidence], surveys: tuple[SurveyEvidence, ...]
) -> tuple[LinkedSurvey, ...]:
    rows = {row.survey_id: row.id for row in attached}
    return tuple(
        LinkedSurvey(rows[found.survey_id], found.survey_id, found.title, found.state) for found in surveys
    )
