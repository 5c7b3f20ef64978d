"""Stages: every gate leads one stage on, a revoked gate leads back, free steps are the stated ones."""

from __future__ import annotations

from fractions import Fraction

import pytest

from backend.policies.rules.gates import Gate
from backend.projects.rules.stages import (
    GATE_TITLES,
    ORDER,
    STAGE_OF_GATE,
    STAGE_TITLES,
    Stage,
    gates_from,
    may_step,
    stage_after,
    stage_if_revoked,
)
from backend.projects.rules.wording import share_text


@pytest.mark.parametrize(
    ("gate", "before", "after"),
    [
        (Gate.ELIGIBILITY, Stage.SURVEYING, Stage.CANVASS),
        (Gate.INCLUSION, Stage.CANVASS, Stage.CONSULTATION),
        (Gate.START, Stage.PLAN_VOTE, Stage.CONSTRUCTION),
        (Gate.ACCEPTANCE, Stage.ACCEPTANCE, Stage.EVALUATION),
        (Gate.EVALUATION, Stage.EVALUATION, Stage.LONG_TERM),
    ],
)
def test_a_gate_stands_between_two_stages(gate: Gate, before: Stage, after: Stage) -> None:
    assert (STAGE_OF_GATE[gate], stage_after(gate)) == (before, after)


def test_free_steps_are_exactly_these() -> None:
    free = {(stage, target) for stage in Stage for target in Stage if may_step(stage, target)}
    assert free == {
        (Stage.CONSULTATION, Stage.PLAN_VOTE),
        (Stage.PLAN_VOTE, Stage.CONSULTATION),
        (Stage.CONSTRUCTION, Stage.ACCEPTANCE),
        (Stage.ACCEPTANCE, Stage.CONSTRUCTION),
    }


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("gate", list(Gate))
def test_revoking_never_leads_forward(stage: Stage, gate: Gate) -> None:
    back = stage_if_revoked(stage, gate)
    assert ORDER.index(back) <= ORDER.index(stage)
    assert ORDER.index(back) <= ORDER.index(STAGE_OF_GATE[gate])


def test_titles_are_complete_and_later_gates_follow() -> None:
    assert (set(STAGE_TITLES), set(GATE_TITLES)) == (set(Stage), set(Gate))
    assert gates_from(Gate.START) == (Gate.START, Gate.ACCEPTANCE, Gate.EVALUATION)


@pytest.mark.parametrize(
    ("share", "text"), [(Fraction(3, 4), "75%"), (Fraction(2, 3), "2/3"), (Fraction(1), "100%")]
)
def test_two_thirds_is_never_written_as_a_rounded_percentage(share: Fraction, text: str) -> None:
    assert share_text(share) == text
