"""The life of a project estate (domain.md §1): stages, the gates between them, and the steps without a gate."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from backend.policies.rules.gates import Gate


class Stage(StrEnum):
    """The eight stages, in order."""

    SURVEYING = "surveying"
    CANVASS = "canvass"
    CONSULTATION = "consultation"
    PLAN_VOTE = "plan_vote"
    CONSTRUCTION = "construction"
    ACCEPTANCE = "acceptance"
    EVALUATION = "evaluation"
    LONG_TERM = "long_term"


ORDER = tuple(Stage)
STAGE_TITLES: Mapping[Stage, str] = {
    Stage.SURVEYING: "摸底调查",
    Stage.CANVASS: "意愿征询",
    Stage.CONSULTATION: "方案议事",
    Stage.PLAN_VOTE: "方案表决",
    Stage.CONSTRUCTION: "施工",
    Stage.ACCEPTANCE: "竣工验收",
    Stage.EVALUATION: "满意度调查",
    Stage.LONG_TERM: "长效管理",
}
GATE_TITLES: Mapping[Gate, str] = {
    Gate.ELIGIBILITY: "改造对象认定",
    Gate.INCLUSION: "纳入年度计划",
    Gate.START: "开工",
    Gate.ACCEPTANCE: "竣工验收",
    Gate.EVALUATION: "改造效果评价",
}
# The gate at the end of a stage; it leads to the stage after it.
GATE_OF_STAGE: Mapping[Stage, Gate] = {
    Stage.SURVEYING: Gate.ELIGIBILITY,
    Stage.CANVASS: Gate.INCLUSION,
    Stage.PLAN_VOTE: Gate.START,
    Stage.ACCEPTANCE: Gate.ACCEPTANCE,
    Stage.EVALUATION: Gate.EVALUATION,
}
STAGE_OF_GATE: Mapping[Gate, Stage] = {gate: stage for stage, gate in GATE_OF_STAGE.items()}
# Steps that staff take without a gate; back again when the plan or the works need another round.
FREE_STEPS: Mapping[Stage, frozenset[Stage]] = {
    Stage.CONSULTATION: frozenset({Stage.PLAN_VOTE}),
    Stage.PLAN_VOTE: frozenset({Stage.CONSULTATION}),
    Stage.CONSTRUCTION: frozenset({Stage.ACCEPTANCE}),
    Stage.ACCEPTANCE: frozenset({Stage.CONSTRUCTION}),
}


def stage_after(gate: Gate) -> Stage:
    """Return the stage that a passed gate opens."""
    return ORDER[ORDER.index(STAGE_OF_GATE[gate]) + 1]


def may_step(stage: Stage, target: Stage) -> bool:
    """Tell whether ``target`` is reached from ``stage`` without a gate."""
    return target in FREE_STEPS.get(stage, frozenset())


def gates_from(gate: Gate) -> tuple[Gate, ...]:
    """Return ``gate`` and every later one, in order: a later pass rests on the earlier ones."""
    order = tuple(Gate)
    return order[order.index(gate) :]


def stage_if_revoked(stage: Stage, gate: Gate) -> Stage:
    """Return where an estate stands when ``gate`` no longer holds: back before it, never forward."""
    return min(stage, STAGE_OF_GATE[gate], key=ORDER.index)
