"""The second act's scripts: borders met to the household, every kind of report heard, histories that the states allow."""

from __future__ import annotations

from collections import Counter

import pytest

from backend.complaints.rules.states import TRANSITIONS, Action, State
from backend.rehearsal.habits import seeded
from backend.rehearsal.litong import LITONG_2026
from backend.rehearsal.scenario import Fate, Reception
from backend.rehearsal.second_act.courses import SPECIAL, USUAL, Course, Deed, courses_of
from backend.rehearsal.second_act.entries import ENTRIES, entries_of
from backend.rehearsal.second_act.foreseen import Reached, reached
from backend.rehearsal.second_act.replies import LEVELS, TWO_TICKS, UNKNOWN, Channel, script_survey

STARTED = [script for script in LITONG_2026.estates if script.fate is Fate.STARTS]
OUTCOMES = {
    Reception.WELCOMED: "passed",
    Reception.AT_THE_BORDER: "passed",
    Reception.ONE_ANSWER_SHORT: "failed",
    Reception.ONE_SATISFIED_SHORT: "failed",
    Reception.WIDER_COUNTS: "passed",
    Reception.DISLIKED: "failed",
    Reception.UNHEARD: "undecidable",
}


def survey(reception: Reception, homes: int, seed: int) -> Reached:
    """Script a survey in which two of three homes are bound, and add it up."""
    on_phone = [home for home in range(homes) if home % 3]
    replies = script_survey(homes, on_phone, reception, seeded("test", reception, homes, seed))
    assert [reply.home for reply in replies] == list(range(homes))
    return reached(replies, is_wide=reception is Reception.WIDER_COUNTS)


@pytest.mark.parametrize("homes", [20, 21, 57, 104, 160, 228])
@pytest.mark.parametrize("reception", OUTCOMES)
def test_receptions_hold_under_any_seed(reception: Reception, homes: int) -> None:
    for seed in range(20):
        found = survey(reception, homes, seed)
        assert found.outcome == OUTCOMES[reception], (homes, seed, found)
        assert found.covered <= found.answered <= found.contacted <= found.households == homes
        if reception in (Reception.ONE_SATISFIED_SHORT, Reception.WIDER_COUNTS):
            assert 5 * found.satisfied < 4 * found.covered <= 5 * found.wide, (homes, seed, found)


@pytest.mark.parametrize("homes", range(20, 240, 7))
def test_the_border_is_met_to_the_household(homes: int) -> None:
    at = survey(Reception.AT_THE_BORDER, homes, 1)
    assert 4 * at.covered >= 3 * homes > 4 * (at.covered - 1)
    assert 5 * at.satisfied >= 4 * at.covered > 5 * (at.satisfied - 1)
    short = survey(Reception.ONE_ANSWER_SHORT, homes, 1)
    assert 4 * short.covered < 3 * homes <= 4 * (short.covered + 1)
    one = survey(Reception.ONE_SATISFIED_SHORT, homes, 1)
    assert 5 * one.satisfied < 4 * one.covered <= 5 * (one.satisfied + 1)


def test_the_border_is_met_exactly_where_the_numbers_allow() -> None:
    found = survey(Reception.AT_THE_BORDER, 160, 3)
    assert (found.covered, found.satisfied) == (120, 96)


def test_answers_that_cover_nobody_occur_and_phones_are_bound() -> None:
    on_phone = list(range(0, 400, 2))
    replies = script_survey(400, on_phone, Reception.WELCOMED, seeded("test"))
    said = Counter(reply.overall for reply in replies)
    assert said[UNKNOWN] + said[TWO_TICKS] > 0
    assert {reply.channel for reply in replies} == {None, *Channel}
    assert all(reply.home in on_phone for reply in replies if reply.channel is Channel.PHONE)
    assert any(reply.tried for reply in replies)
    assert any(reply.before for reply in replies)
    assert all(reply.overall in (*LEVELS, UNKNOWN, TWO_TICKS, None) for reply in replies)


def test_every_reception_and_every_report_occurs_in_the_county() -> None:
    assert {script.reception for script in STARTED} == set(Reception)
    heard = Counter(
        course.name
        for position in range(len(STARTED))
        for course in courses_of(position, LITONG_2026.special_reports)
    )
    assert len(STARTED) == 13
    assert 100 <= heard.total() <= 200
    assert {course.name for course in USUAL} == {name for name, number in heard.items() if number == 13}
    assert all(heard[course.name] >= 3 for course in SPECIAL)
    assert courses_of(0, 99) == (*USUAL, *SPECIAL)


@pytest.mark.parametrize("course", [*USUAL, *SPECIAL], ids=lambda course: str(course.name))
def test_every_course_is_one_that_the_states_allow_and_ends_as_it_says(course: Course) -> None:
    history = course.history
    state = State.REGISTERED
    assert history[0] == "register"
    for name in history[1:]:
        transition = TRANSITIONS[Action(name)]
        assert state in transition.sources, (name, state)
        state = transition.target or state
    assert state == course.end.state


def test_every_deed_and_every_kind_of_entry_is_played() -> None:
    played = {deed for course in (*USUAL, *SPECIAL) for deeds in course.deeds for deed in deeds}
    assert played == set(Deed)
    entries = {entry.name for position in range(13) for entry in entries_of(position, all_of_them=False)}
    assert entries == {entry.name for entry in ENTRIES}
    assert {entry.state for entry in ENTRIES} == {"closed_out", "open", "in_progress"}
    assert any(entry.is_overdue for entry in ENTRIES)
