"""What the staff door says and takes about gates."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from backend.infra.forms import Id, Sha256, StrictModel
from backend.policies.rules.gates import Gate, ballot_kinds_of, records_of
from backend.projects.queries import Decision, GateView
from backend.projects.rules.material import STATE_TITLES, CriterionView, verdict_title
from backend.projects.rules.stages import GATE_TITLES, STAGE_TITLES, Stage
from backend.projects.service import AttachRecord, DecideGate, Revoked

Reason = Annotated[str, Field(min_length=2, max_length=1000, pattern=r"\S")]


class AttachRecordIn(StrictModel):
    """An uploaded file that the gate asks for."""

    requirement: Annotated[str, Field(pattern=r"^[a-z_]{1,64}$")]
    title: Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]
    sha256: Sha256
    held_on: Annotated[date, Field(strict=False)] | None = None

    def command(self, project_estate_id: str, gate: Gate) -> AttachRecord:
        """Return the service's command."""
        return AttachRecord(project_estate_id, gate, self.requirement, self.title, self.sha256, self.held_on)


class LinkBallotIn(StrictModel):
    """A ballot of the same estate."""

    ballot: Id


class LinkSurveyIn(StrictModel):
    """A survey held in the same estate."""

    survey: Id


class DecideGateIn(StrictModel):
    """A decision on the evidence that was shown (``evidence_sha256`` of the gate)."""

    passed: bool
    reason: Reason
    evidence_sha256: Sha256

    def command(self, project_estate_id: str, gate: Gate) -> DecideGate:
        """Return the service's command."""
        return DecideGate(project_estate_id, gate, self.passed, self.reason, self.evidence_sha256)


class RevokeGateIn(StrictModel):
    """Why a decision is revoked."""

    reason: Reason


class GateDecisionOut(BaseModel):
    """A decision on a gate; revoked ones stay in the history."""

    id: str
    gate: str
    gate_title: str
    outcome: str
    profile: str
    reason: str
    decided_by: str
    decided_at: datetime
    evidence_sha256: str
    revoked_by: str | None
    revoked_at: datetime | None
    revoke_reason: str | None

    @classmethod
    def of(cls, found: Decision) -> GateDecisionOut:
        """Build from the service's answer."""
        return cls(gate_title=GATE_TITLES[Gate(found.gate)], **asdict(found))


class GateDecisionListOut(BaseModel):
    """Every decision on a gate, newest first."""

    items: list[GateDecisionOut]


class GateCriterionOut(BaseModel):
    """One criterion: what is asked, by which clause, how far it is met, what is missing."""

    id: str
    kind: str
    title: str
    clause: str
    status: str
    state: str
    state_title: str
    summary: str
    consequence: str | None
    note: str | None
    missing: list[str]
    motions: list[dict[str, Any]]
    records: list[dict[str, Any]]
    numbers: list[dict[str, Any]]
    local_decisions: list[str]
    ballot: str | None

    @classmethod
    def of(cls, found: CriterionView) -> GateCriterionOut:
        """Build from the judgement."""
        values = asdict(found)
        ballot = values.pop("ballot_id")
        return cls(ballot=ballot, state_title=STATE_TITLES[found.state], **values)


class LinkedBallotOut(BaseModel):
    """A ballot linked to the gate."""

    evidence: str
    ballot: str
    kind: str
    title: str
    state: str


class LinkedSurveyOut(BaseModel):
    """A survey linked to the gate."""

    evidence: str
    survey: str
    title: str
    state: str


class GateOut(BaseModel):
    """A gate as it stands, with what a decision made now would rest on."""

    project_estate: str
    estate: str
    gate: str
    title: str
    profile: str | None
    profile_title: str | None
    profile_version: str | None
    adoption_document: str | None
    criteria: list[GateCriterionOut]
    verdict: str
    verdict_title: str
    records_asked: dict[str, str]
    ballots_asked: list[str]
    ballots: list[LinkedBallotOut]
    surveys: list[LinkedSurveyOut]
    decision: GateDecisionOut | None
    is_current: bool
    is_doubtful: bool
    is_changed: bool
    version: int
    evidence: dict[str, Any]
    evidence_sha256: str

    @classmethod
    def of(cls, view: GateView) -> GateOut:
        """Build from the service's answer."""
        asked = view.profile
        return cls(
            project_estate=view.project_estate_id,
            estate=view.estate_id,
            gate=view.gate,
            title=GATE_TITLES[view.gate],
            profile=asked,
            profile_title=view.profile_title,
            profile_version=view.profile_version,
            adoption_document=view.adoption_document,
            criteria=[GateCriterionOut.of(found) for found in view.criteria],
            verdict=view.verdict,
            verdict_title=verdict_title(
                view.verdict, None if view.decision is None else view.decision.outcome
            ),
            records_asked={} if asked is None else dict(records_of(asked, view.gate)),
            ballots_asked=[] if asked is None else sorted(ballot_kinds_of(asked, view.gate)),
            ballots=[
                LinkedBallotOut(
                    evidence=found.evidence_id,
                    ballot=found.ballot_id,
                    kind=found.kind,
                    title=found.title,
                    state=found.state,
                )
                for found in view.ballots
            ],
            surveys=[
                LinkedSurveyOut(
                    evidence=found.evidence_id, survey=found.survey_id, title=found.title, state=found.state
                )
                for found in view.surveys
            ],
            decision=None if view.decision is None else GateDecisionOut.of(view.decision),
            is_current=view.is_current,
            is_doubtful=view.is_doubtful,
            is_changed=view.is_changed,
            version=view.version,
            evidence=view.evidence,
            evidence_sha256=view.evidence_sha256,
        )


class GateRevokedOut(BaseModel):
    """What a revocation led to."""

    project_estate: str
    revoked: list[GateDecisionOut]
    stage: str
    stage_title: str
    consequences: list[str]

    @classmethod
    def of(cls, found: Revoked) -> GateRevokedOut:
        """Build from the service's answer."""
        return cls(
            project_estate=found.project_estate_id,
            revoked=[GateDecisionOut.of(decision) for decision in found.revoked],
            stage=found.stage,
            stage_title=STAGE_TITLES[Stage(found.stage)],
            consequences=list(found.consequences),
        )
