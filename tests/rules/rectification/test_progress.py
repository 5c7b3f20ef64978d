"""An item's life: every pair of state and step, and random walks that never get past the verifier."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.rectification.rules.progress import (
    STATE_TITLES,
    STEP_TITLES,
    Move,
    Progress,
    Refusal,
    State,
    Step,
    take,
)

ALLOWED = {
    (State.OPEN, Step.START): State.IN_PROGRESS,
    (State.REOPENED, Step.START): State.IN_PROGRESS,
    (State.OPEN, Step.SUBMIT): State.SUBMITTED,
    (State.IN_PROGRESS, Step.SUBMIT): State.SUBMITTED,
    (State.REOPENED, Step.SUBMIT): State.SUBMITTED,
    (State.SUBMITTED, Step.RETURN): State.IN_PROGRESS,
    (State.SUBMITTED, Step.VERIFY): State.VERIFIED,
    (State.VERIFIED, Step.CLOSE_OUT): State.CLOSED_OUT,
    (State.VERIFIED, Step.REOPEN): State.REOPENED,
    (State.CLOSED_OUT, Step.REOPEN): State.REOPENED,
}


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("step", list(Step))
def test_each_step_leads_only_where_it_may(state: State, step: Step) -> None:
    move = Move(step, "verifier", has_evidence=True, has_words=True)
    after = take(Progress(state, responsible="builder", submitted_by="builder"), move)
    expected = ALLOWED.get((state, step))
    if expected is None:
        assert after is Refusal.NOT_NOW
    else:
        assert isinstance(after, Progress)
        assert after.state is expected


@pytest.mark.parametrize("step", [Step.RETURN, Step.VERIFY])
def test_the_responsible_person_verifies_nothing(step: Step) -> None:
    progress = Progress(State.SUBMITTED, responsible="builder", submitted_by="clerk")
    assert take(progress, Move(step, "builder", has_words=True)) is Refusal.RESPONSIBLE
    assert take(progress, Move(step, "clerk", has_words=True)) is Refusal.SUBMITTER
    assert take(progress, Move(step, "other", has_words=True, is_namesake=True)) is Refusal.RESPONSIBLE
    assert take(progress, Move(step, "former", has_words=True, gave_evidence=True)) is Refusal.WITNESS


def test_closing_out_is_not_for_the_submitter_either() -> None:
    progress = Progress(State.VERIFIED, responsible="builder", submitted_by="clerk", verified_by="other")
    assert take(progress, Move(Step.CLOSE_OUT, "builder")) is Refusal.RESPONSIBLE
    assert take(progress, Move(Step.CLOSE_OUT, "clerk")) is Refusal.SUBMITTER


def test_submitting_needs_evidence_and_returning_needs_words() -> None:
    assert take(Progress(State.IN_PROGRESS), Move(Step.SUBMIT, "a")) is Refusal.NO_EVIDENCE
    assert take(Progress(State.SUBMITTED, submitted_by="a"), Move(Step.RETURN, "b")) is Refusal.NO_WORDS
    assert take(Progress(State.CLOSED_OUT, submitted_by="a"), Move(Step.REOPEN, "b")) is Refusal.NO_WORDS


def test_a_returned_or_reopened_item_begins_a_new_round() -> None:
    returned = take(Progress(State.SUBMITTED, submitted_by="a"), Move(Step.RETURN, "b", has_words=True))
    assert returned == Progress(State.IN_PROGRESS, round=2)
    closed = Progress(State.CLOSED_OUT, submitted_by="a", verified_by="b")
    assert take(closed, Move(Step.REOPEN, "a", has_words=True)) == Progress(State.REOPENED, round=2)


def test_every_state_and_step_has_a_title() -> None:
    assert set(STATE_TITLES) == set(State)
    assert set(Step) <= set(STEP_TITLES)


MOVES = st.builds(
    Move,
    st.sampled_from(list(Step)),
    st.sampled_from(["builder", "clerk", "town", "bureau"]),
    has_evidence=st.booleans(),
    has_words=st.booleans(),
)


@given(st.sampled_from([None, "builder", "clerk"]), st.lists(MOVES, max_size=40))
def test_no_walk_reaches_the_end_past_the_verifier(responsible: str | None, moves: list[Move]) -> None:
    progress, seen = Progress(responsible=responsible), [Step.REOPEN]
    for move in moves:
        after = take(progress, move)
        if isinstance(after, Refusal):
            continue
        seen.append(move.step)
        assert after.round >= progress.round
        assert (after.verified_by is not None) == (after.state in (State.VERIFIED, State.CLOSED_OUT))
        assert after.verified_by is None or after.verified_by not in (responsible, after.submitted_by)
        if after.state is State.CLOSED_OUT:
            assert seen[-3:] == [Step.SUBMIT, Step.VERIFY, Step.CLOSE_OUT]
            assert move.by not in (responsible, after.submitted_by)
        progress = after
