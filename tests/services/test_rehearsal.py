"""The rehearsal: a small play on both databases; every assertion about it holds, and can fail."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from backend.kernel.errors import Conflict
from backend.rehearsal.cast import Unexpected
from backend.rehearsal.expected import expect
from backend.rehearsal.litong import LITONG_2026, excerpt
from backend.rehearsal.message_checks import CHECKS, place_of
from backend.rehearsal.messages import Arrived, Facts, gather
from backend.rehearsal.play import Played, play
from backend.rehearsal.report import totals_of
from backend.rehearsal.scenario import Fate
from backend.rehearsal.second_act.checks import CHECKS as ACT_CHECKS
from backend.rehearsal.second_act.gathering import Seen
from backend.rehearsal.second_act.table import after_lines
from backend.rehearsal.table import table_lines, totals_lines
from backend.rehearsal.told import Reminded
from backend.rehearsal.told_table import told_lines
from tests.factories.postgres import Cluster

SMALL = excerpt(LITONG_2026, [Fate.STARTS, Fate.FEW_TAKE_PART, Fate.READING_OPEN, Fate.NUMBERS_UNSET], 96)
TINY = excerpt(LITONG_2026, [Fate.STARTS], 24)


def rendered(played: Played) -> str:
    totals = totals_of(played.rows, played.votes, played.arrivals)
    assert played.told is not None
    rows = [row.to_json() for row in played.rows]
    found = [totals, rows, played.after.to_json(), played.told.to_json()]
    lines = [*table_lines(played.rows), *totals_lines(totals), *after_lines(played.after)]
    lines += told_lines(played.told)
    return "\n".join([*lines, json.dumps(found)])


def check_small(played: Played) -> None:
    outcomes = {row.name: (row.eligibility, row.inclusion, row.start) for row in played.rows}
    assert outcomes == {
        "朝阳家园": ("passed", "passed", "passed"),
        "示例小区03": ("passed", "failed", "not_reached"),
        "示例小区19": ("passed", "undecidable", "not_reached"),
        "示例小区23": ("passed", "undecidable", "not_reached"),
    }
    by_name = {row.name: row for row in played.rows}
    assert by_name["朝阳家园"].missing == ()
    assert any("参与户数（占名册）还差" in text for text in by_name["示例小区03"].missing)
    assert any("同意率的分母" in text for text in by_name["示例小区19"].missing)
    assert any("缺当地确定的数值" in text for text in by_name["示例小区23"].missing)
    assert by_name["示例小区23"].canvass is None
    totals = totals_of(played.rows, played.votes, played.arrivals)
    assert (totals["estates"], totals["buildings"], totals["households"]) == (4, 8, 96)
    assert totals["exclusive_area"] == "7680.00"
    assert totals["gates"]["inclusion"] == {"passed": 1, "failed": 1, "undecidable": 2}
    for gate in ("start", "acceptance", "evaluation"):
        assert totals["gates"][gate] == {"passed": 1, "failed": 0, "undecidable": 0}
    voting = (world for world in played.world.estates if world.script.fate is not Fate.NUMBERS_UNSET)
    foreseen = sum(expect(world, "canvass").participating.households for world in voting)
    foreseen += expect(played.world.estates[0], "plan").participating.households
    assert totals["votes"] == foreseen < totals["papers_recorded"]


@dataclass(frozen=True)
class SmallPlay:
    """A small play, its progress, and all of its messages."""

    played: Played
    steps: list[str]
    facts: Facts


@pytest.fixture(scope="module")
def small() -> SmallPlay:
    """One small play on SQLite."""
    stream, kept = io.StringIO(), []
    played = play(SMALL, 5, stream, afterwards=lambda theatre, estates: kept.append(gather(theatre, estates)))
    return SmallPlay(played, stream.getvalue().splitlines(), kept[0])


@pytest.mark.slow
def test_a_small_rehearsal_counts_what_was_scripted(small: SmallPlay) -> None:
    check_small(small.played)
    assert [line[:7] for line in small.steps] == [f"[{number:2d}/64]" for number in range(1, 65)]
    assert all("100%" in line for line in small.steps)


@pytest.mark.slow
def test_every_household_due_a_reminder_is_accounted_for(small: SmallPlay) -> None:
    told = small.played.told
    assert told is not None
    assert [check.name for check in told.checks] == [name for name, _ in CHECKS]
    sums = told.reminders()
    assert set(sums) == {"T-7", "T-3", "last", "near"}
    for name, found in sums.items():
        reasons = found.sent + found.voted + found.no_consent + found.unbound + found.limit
        assert found.due == reasons, name
        assert min(found.to_json().values()) >= 0
        assert found.sent > 0, name
    whole = sum(sums.values(), Reminded())
    # These reasons occur, so that none is counted by luck.
    assert whole.voted and whole.no_consent and whole.unbound and whole.deferred
    # Eligible; inclusion decided either way; start, acceptance, evaluation.
    assert told.gates == 4 + 2 + 3
    for ballot in told.ballots:
        assert ballot.rooms["room_digest"] and ballot.rooms["room_checkpoint"] and ballot.doorstep


def a_reminder(facts: Facts) -> Arrived:
    return facts.of_purpose("reminder")[0]


def swapped(facts: Facts, *messages: Arrived) -> Facts:
    """Return the facts with the first reminder replaced."""
    rest = tuple(one for one in facts.arrived if one is not a_reminder(facts))
    return replace(facts, arrived=(*rest, *messages))


def an_hour_of_the_night(facts: Facts) -> Facts:
    return swapped(facts, replace(a_reminder(facts), at=a_reminder(facts).at.replace(hour=14)))


def after_the_vote(facts: Facts) -> Facts:
    voted = next(
        one
        for one in facts.of_purpose("reminder")
        if any(vote[1:] == place_of(one.openid) for vote in facts.diary.votes)
    )
    late = replace(voted, at=voted.at + timedelta(days=30))
    return replace(facts, arrived=(*facts.arrived, late))


def a_room_kept_silent(facts: Facts) -> Facts:
    return replace(facts, rooms={room: texts[1:] for room, texts in facts.rooms.items()})


def an_empty_doorstep_list(facts: Facts) -> Facts:
    return replace(facts, doorstep=dict.fromkeys(facts.doorstep, ()))


def without_kind(facts: Facts, kind: str) -> Facts:
    return replace(facts, rows=tuple(row for row in facts.rows if row.kind != kind))


def a_delivery_left_waiting(facts: Facts) -> Facts:
    first, *rest = facts.rows
    return replace(facts, rows=(replace(first, state="created"), *rest))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("position", "spoil"),
    [
        (0, a_delivery_left_waiting),
        (1, swapped),
        (2, a_room_kept_silent),
        (3, after_the_vote),
        (4, lambda facts: swapped(facts, a_reminder(facts), a_reminder(facts))),
        (5, an_hour_of_the_night),
        (6, lambda facts: replace(facts, arrived=())),
        (7, an_empty_doorstep_list),
        (8, lambda facts: replace(facts, arrived=())),
        (9, lambda facts: without_kind(facts, "vote_recorded")),
        (10, lambda facts: without_kind(facts, "room_digest")),
    ],
)
def test_every_assertion_about_messages_can_fail(
    small: SmallPlay, position: int, spoil: Callable[[Facts], Facts]
) -> None:
    _, check = CHECKS[position]
    assert check(small.facts)
    with pytest.raises(Unexpected):
        check(spoil(small.facts))


def with_report(seen: Seen, course: str, change: Callable[[dict[str, Any]], object]) -> Seen:
    """Return what was seen with the page of one report changed."""
    pages = deepcopy(dict(seen.cases))
    change(next(pages[case.id] for case in seen.script.cases if case.course.name == course))
    return replace(seen, cases=pages)


def a_day_later(page: dict[str, Any]) -> None:
    row = page["complaint"]
    row["due_at"] = (datetime.fromisoformat(row["due_at"]) + timedelta(days=1)).isoformat()


def with_a_trace(seen: Seen) -> Seen:
    """Let a unit's list hold the telephone number of somebody who reported in confidence."""
    hidden = next(case for case in seen.script.cases if case.course.name == "noise")
    party, unit = next(iter(seen.units.items()))
    told = replace(unit, pages=f"{unit.pages} {hidden.reporter.number}")
    return replace(seen, units={**seen.units, party: told})


def with_item_struck_off(seen: Seen) -> Seen:
    pages = deepcopy(dict(seen.items))
    page = next(pages[item.id] for item in seen.script.items if item.entry.is_overdue)
    page["item"]["state"] = "closed_out"
    return replace(seen, items=pages)


def with_survey(seen: Seen, **parts: Any) -> Seen:
    surveys = {estate: replace(found, **parts) for estate, found in seen.surveys.items()}
    return replace(seen, surveys=surveys)


def one_more(found: Mapping[str, Any], name: str) -> dict[str, Any]:
    return {**found, name: found[name] + 1}


def one_of(seen: Seen) -> Any:
    return next(iter(seen.surveys.values()))


SPOILT: tuple[Callable[[Seen], Seen], ...] = (
    lambda seen: with_report(seen, "unanswered", lambda page: page.update(solved=True)),
    lambda seen: with_report(seen, "paused", lambda page: page["steps"].pop(3)),
    lambda seen: with_report(seen, "paused", a_day_later),
    with_a_trace,
    with_item_struck_off,
    lambda seen: with_survey(seen, coverage=one_more(one_of(seen).coverage, "covered")),
    lambda seen: replace(seen, hotline={key: one_more(row, "late") for key, row in seen.hotline.items()}),
    lambda seen: with_survey(seen, arrivals=one_of(seen).arrivals[1:]),
    lambda seen: with_survey(seen, gate=replace(one_of(seen).gate, outcome="failed")),
)


@pytest.mark.slow
def test_every_assertion_about_the_works_can_fail(small: SmallPlay) -> None:
    after = small.played.after
    assert [check.name for check in after.checks] == [name for name, _ in ACT_CHECKS]
    for (name, check), spoil in zip(ACT_CHECKS, SPOILT, strict=True):
        assert check(after.seen), name
        with pytest.raises(Unexpected):
            check(spoil(after.seen))


@pytest.mark.slow
def test_the_survey_of_a_small_rehearsal_closes_at_known_figures(small: SmallPlay) -> None:
    [row] = small.played.after.rows
    assert row.survey is not None
    covered, homes = row.survey["covered"], row.survey["households"]
    # The first estate's residents are scripted to reach three quarters with not a household to spare.
    assert 4 * covered >= 3 * homes > 4 * (covered - 1)
    assert float(row.survey["satisfaction_rate"]) >= 80
    assert (row.evaluation, row.missing, row.consequence) == ("passed", (), None)
    assert row.register == {"total": 4, "closed_out": 2, "unfinished": 2, "overdue": 1}


@pytest.mark.heavy
def test_a_rehearsal_without_phones_counts_the_same() -> None:
    stream = io.StringIO()
    played = play(TINY, 5, stream, with_phones=False)
    assert played.told is None
    counted = replace(play(TINY, 5, io.StringIO()), told=None)
    assert counted.after.to_json() == played.after.to_json()
    assert [row.to_json() for row in counted.rows] == [row.to_json() for row in played.rows]
    assert [(row.inclusion, row.start) for row in played.rows] == [("passed", "passed")]
    steps = stream.getvalue().splitlines()
    assert [line[:7] for line in steps] == [f"[{number:2d}/45]" for number in range(1, 46)]


@pytest.mark.slow
def test_a_seed_gives_the_same_result_again_and_on_postgresql(
    small: SmallPlay, pg_cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GONGJUE_MODE", "rehearsal")
    monkeypatch.setenv("GONGJUE_DATABASE_URL", pg_cluster.create_database("rehearsal_small"))
    assert rendered(play(SMALL, 5, io.StringIO())) == rendered(small.played)
    with pytest.raises(Conflict) as refused:
        play(TINY, 5, io.StringIO())
    assert refused.value.code == "not_empty"
