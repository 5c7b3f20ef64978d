"""The life cycle's table, and what follows from an answer."""

from __future__ import annotations

import pytest

from backend.complaints.rules.follow_up import Verdict, must_supervise, verdict_of
from backend.complaints.rules.states import (
    ACTION_TITLES,
    OPEN,
    RUNNING,
    STATE_TITLES,
    TO_DISPATCH,
    TRANSITIONS,
    Action,
    State,
)

ENDED = {State.CLOSED, State.MERGED, State.TRANSFERRED, State.DECLINED, State.WITHDRAWN}


def allowed_actions(state: State) -> set[Action]:
    """Return every action that the state allows to somebody."""
    return {action for action, transition in TRANSITIONS.items() if state in transition.sources}


def test_every_state_and_action_has_its_words() -> None:
    assert set(STATE_TITLES) == set(State)
    assert set(ACTION_TITLES) == set(Action)
    assert set(TRANSITIONS) == set(Action) - {Action.REGISTER}


def test_from_registration_every_state_can_be_reached_and_every_open_one_left() -> None:
    reached, waiting = {State.REGISTERED}, [State.REGISTERED]
    while waiting:
        state = waiting.pop()
        targets = {TRANSITIONS[action].target for action in allowed_actions(state)} - {None}
        waiting += [target for target in targets if target and target not in reached]
        reached |= {target for target in targets if target}
    assert reached == set(State)
    for state in OPEN:
        assert any(TRANSITIONS[action].target not in (None, state) for action in allowed_actions(state))


def test_what_has_ended_stays_ended_except_that_a_closed_case_is_reopened_and_a_declined_one_disputed() -> (
    None
):
    ways_back = {State.CLOSED: {Action.REOPEN}, State.DECLINED: {Action.DISPUTE}}
    for state in ENDED:
        assert allowed_actions(state) == ways_back.get(state, set())
    assert RUNNING | {State.REGISTERED} == OPEN
    assert TO_DISPATCH < OPEN and not OPEN & ENDED


def test_closed_is_never_reached_without_a_result() -> None:
    assert TRANSITIONS[Action.CLOSE].sources == {State.RESOLVED, State.FOLLOWED_UP}
    assert TRANSITIONS[Action.RESOLVE].sources == {State.IN_PROGRESS}


@pytest.mark.parametrize(
    ("reopenings", "is_solved", "is_satisfied", "expected"),
    [
        (0, True, True, Verdict.DONE),
        (0, True, False, Verdict.AGAIN),
        (1, True, False, Verdict.DONE),
        (0, False, True, Verdict.AGAIN),
        (9, False, False, Verdict.AGAIN),
    ],
)
def test_no_reopens(reopenings: int, is_solved: bool, is_satisfied: bool, expected: Verdict) -> None:
    assert verdict_of(reopenings, is_solved=is_solved, is_satisfied=is_satisfied) is expected


def test_the_second_reopening_is_supervised() -> None:
    assert [must_supervise(count) for count in (0, 1, 2, 3)] == [False, False, True, True]
