"""What the residents' door says about projects: plain words, no files, no staff accounts."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from backend.policies.rules.gates import Gate
from backend.projects.queries import Decision, EstateProgress, GateView
from backend.projects.rules.material import STATE_TITLES, CriterionView, verdict_title
from backend.projects.rules.stages import GATE_TITLES, ORDER, STAGE_TITLES, Stage
from backend.projects.service import EstateProject

_OUTCOMES = {"passed": "通过", "failed": "未通过"}


class MyGateDecisionOut(BaseModel):
    """A decision in force."""

    gate: str
    title: str
    outcome: str
    outcome_title: str
    reason: str
    decided_at: datetime
    evidence_sha256: str

    @classmethod
    def of(cls, found: Decision) -> MyGateDecisionOut:
        """Build from the service's answer."""
        return cls(
            gate=found.gate,
            title=GATE_TITLES[Gate(found.gate)],
            outcome=found.outcome,
            outcome_title=_OUTCOMES[found.outcome],
            reason=found.reason,
            decided_at=found.decided_at,
            evidence_sha256=found.evidence_sha256,
        )


class MyMotionOut(BaseModel):
    """A question of the ballot and what each test says of it."""

    title: str
    rule: str
    clause: str
    outcome: str
    lines: list[str]
    reasons: list[str]


class MyCriterionOut(BaseModel):
    """One criterion in plain words."""

    title: str
    clause: str
    status: str
    state: str
    state_title: str
    summary: str
    missing: list[str]
    consequence: str | None
    motions: list[MyMotionOut]
    local_decisions: list[str]

    @classmethod
    def of(cls, found: CriterionView) -> MyCriterionOut:
        """Build from the judgement."""
        return cls(
            title=found.title,
            clause=found.clause,
            status=found.status,
            state=found.state,
            state_title=STATE_TITLES[found.state],
            summary=found.summary,
            missing=list(found.missing),
            consequence=found.consequence,
            motions=[
                MyMotionOut(
                    title=motion.title,
                    rule=motion.rule_title,
                    clause=motion.clause,
                    outcome=motion.outcome,
                    lines=list(motion.lines),
                    reasons=list(motion.reasons),
                )
                for motion in found.motions
            ],
            local_decisions=list(found.local_decisions),
        )


class MyGateOut(BaseModel):
    """A gate in plain words."""

    gate: str
    title: str
    policy: str | None
    verdict: str
    verdict_title: str
    criteria: list[MyCriterionOut]
    decision: MyGateDecisionOut | None

    @classmethod
    def of(cls, view: GateView) -> MyGateOut:
        """Build from the service's answer."""
        return cls(
            gate=view.gate,
            title=GATE_TITLES[view.gate],
            policy=view.profile_title,
            verdict=view.verdict,
            verdict_title=verdict_title(
                view.verdict, None if view.decision is None else view.decision.outcome
            ),
            criteria=[MyCriterionOut.of(found) for found in view.criteria],
            decision=None if view.decision is None else MyGateDecisionOut.of(view.decision),
        )


class MyProjectOut(BaseModel):
    """Where an estate stands in a project."""

    id: str
    estate: str
    estate_name: str
    stage: str
    stage_title: str
    step: int
    steps: int
    since: datetime
    decisions: list[MyGateDecisionOut]

    @classmethod
    def of(cls, found: EstateProgress) -> MyProjectOut:
        """Build from the service's answer."""
        stage = Stage(found.stage)
        return cls(
            id=found.project_estate_id,
            estate=found.estate_id,
            estate_name=found.estate_name,
            stage=found.stage,
            stage_title=STAGE_TITLES[stage],
            step=ORDER.index(stage) + 1,
            steps=len(ORDER),
            since=found.stage_since,
            decisions=[MyGateDecisionOut.of(decision) for decision in found.decisions],
        )


class MyProjectListOut(BaseModel):
    """The projects of the caller's estates."""

    items: list[MyProjectOut]


class MyProjectPageOut(BaseModel):
    """One project with the gate that comes next."""

    project: str
    progress: MyProjectOut
    next_gate: MyGateOut | None

    @classmethod
    def of(cls, found: EstateProject) -> MyProjectPageOut:
        """Build from the service's answer."""
        gate = found.current_gate
        return cls(
            project=found.project_name,
            progress=MyProjectOut.of(found.progress),
            next_gate=None if gate is None else MyGateOut.of(gate),
        )
