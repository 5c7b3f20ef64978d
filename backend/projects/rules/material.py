"""What lies before a gate, and what the judgement of it looks like."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from backend.ballots.rules.evidence import BallotEvidence
from backend.policies.rules.parameters import LocalDecision
from backend.surveys.rules.satisfaction import SurveyEvidence


class State(StrEnum):
    """Where a criterion stands; only ``met`` lets a gate pass."""

    MET = "met"
    NOT_MET = "not_met"
    MISSING = "missing"
    PENDING = "pending"
    UNDECIDABLE = "undecidable"


class Verdict(StrEnum):
    """What the criteria together allow: a pass, only a failure, or no decision yet."""

    PASSABLE = "passable"
    FAILING = "failing"
    UNDECIDABLE = "undecidable"


STATE_TITLES: Mapping[State, str] = {
    State.MET: "达到",
    State.NOT_MET: "未达到",
    State.MISSING: "缺少材料",
    State.PENDING: "等待结果",
    State.UNDECIDABLE: "无法判定，需当地确定",
}
VERDICT_TITLES: Mapping[Verdict, str] = {
    Verdict.PASSABLE: "条件齐备，可以决定通过",
    Verdict.FAILING: "有条件未达到，不能通过",
    Verdict.UNDECIDABLE: "尚不能决定",
}


def verdict_title(verdict: Verdict, outcome: str | None) -> str:
    """Return what can still be decided, or that it is decided; ``outcome`` is the decision's in force."""
    if outcome != "passed":
        return VERDICT_TITLES[verdict]
    return "已决定通过" if verdict is Verdict.PASSABLE else "已决定通过，但按现有材料条件不再齐备"


@dataclass(frozen=True, slots=True)
class EstateFacts:
    """What the registry knows of an estate; None = nobody has recorded it."""

    built_year: int | None
    is_dangerous: bool | None
    is_shantytown_plan: bool | None
    is_self_built: bool | None


@dataclass(frozen=True, slots=True)
class AttachedRecord:
    """A record attached to the gate."""

    id: str
    requirement: str
    title: str
    sha256: str
    held_on: date | None


@dataclass(frozen=True, slots=True)
class Material:
    """Everything a gate is judged on; ``decisions``: rule id → name → local decision in force."""

    facts: EstateFacts
    ballots: tuple[BallotEvidence, ...] = ()
    records: tuple[AttachedRecord, ...] = ()
    decisions: Mapping[str, Mapping[str, LocalDecision]] = field(default_factory=dict)
    surveys: tuple[SurveyEvidence, ...] = ()

    def has_record(self, name: str) -> bool:
        """Tell whether a record of that name is attached."""
        return any(record.requirement == name for record in self.records)


@dataclass(frozen=True, slots=True)
class MotionJudgement:
    """One motion under one rule: ``lines`` for people, ``result`` for programs (``tally.report.motion_json``)."""

    motion_id: str
    title: str
    rule_id: str
    rule_title: str
    clause: str
    status: str
    outcome: str
    lines: tuple[str, ...]
    reasons: tuple[str, ...]
    parameters: Mapping[str, str]
    result: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class NumberUsed:
    """A local number the judgement rests on, and the document it comes from."""

    name: str
    title: str
    value: str
    document: str | None
    decision_id: str | None


@dataclass(frozen=True, slots=True)
class CriterionView:
    """One criterion as it stands: what is asked, by which clause, what is there, what is missing."""

    id: str
    kind: str
    title: str
    clause: str
    status: str
    state: State
    summary: str
    consequence: str | None = None
    note: str | None = None
    missing: tuple[str, ...] = ()
    motions: tuple[MotionJudgement, ...] = ()
    records: tuple[AttachedRecord, ...] = ()
    numbers: tuple[NumberUsed, ...] = ()
    local_decisions: tuple[str, ...] = ()
    ballot_id: str | None = None


def verdict_of(criteria: tuple[CriterionView, ...]) -> Verdict:
    """Return what the criteria allow: one that is not met decides, else everything must be met."""
    states = {criterion.state for criterion in criteria}
    if State.NOT_MET in states:
        return Verdict.FAILING
    return Verdict.PASSABLE if states == {State.MET} else Verdict.UNDECIDABLE
