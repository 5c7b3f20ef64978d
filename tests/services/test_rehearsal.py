"""The rehearsal: exact synthetic worlds, small plays on both databases, a clean end, and (heavy) the whole of it."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import psutil
import pytest

from backend.kernel.errors import Conflict
from backend.rehearsal.answers import Way
from backend.rehearsal.cast import Unexpected
from backend.rehearsal.expected import expect
from backend.rehearsal.litong import LITONG_2026, excerpt
from backend.rehearsal.message_checks import CHECKS, place_of
from backend.rehearsal.messages import Arrived, Facts, gather
from backend.rehearsal.play import Played, play
from backend.rehearsal.report import totals_of
from backend.rehearsal.report_lines import width_of
from backend.rehearsal.scenario import Fate
from backend.rehearsal.table import table_lines, totals_lines
from backend.rehearsal.told import Reminded
from backend.rehearsal.told_table import told_lines
from backend.rehearsal.world import build_world, share_out
from tests.factories.postgres import Cluster

ROOT = Path(__file__).parents[2]
SMALL = excerpt(LITONG_2026, [Fate.STARTS, Fate.FEW_TAKE_PART, Fate.READING_OPEN, Fate.NUMBERS_UNSET], 96)
TINY = excerpt(LITONG_2026, [Fate.STARTS], 24)


def rendered(played: Played) -> str:
    totals = totals_of(played.rows, played.votes, played.arrivals)
    assert played.told is not None
    found = [totals, [row.to_json() for row in played.rows], played.told.to_json()]
    lines = [*table_lines(played.rows), *totals_lines(totals), *told_lines(played.told)]
    return "\n".join([*lines, json.dumps(found)])


@pytest.mark.parametrize("seed", [0, 1, 7, 2026, 10**12])
def test_every_world_has_the_documents_sums_to_the_last_unit(seed: int) -> None:
    world = build_world(LITONG_2026, seed)
    homes = [home for estate in world.estates for home in estate.homes]
    places = {(estate.number, home.building) for estate in world.estates for home in estate.homes}
    assert (len(world.estates), len(places), len(homes)) == (25, 82, 3_247)
    assert sum(home.area_centi for home in homes) == 27_610_000
    for estate in world.estates:
        owned = sorted(at for owner in estate.owners for at in owner.homes)
        assert owned == list(range(len(estate.homes)))
        assert len({home.label for home in estate.homes}) == len(estate.homes)


def test_a_world_has_everybody_the_rehearsal_is_for() -> None:
    world = build_world(LITONG_2026, 3)
    owners = [owner for estate in world.estates for owner in estate.owners]
    assert {owner.kind.value for owner in owners} == {"个人", "共有", "产权单位"}
    assert {len(owner.homes) for owner in owners} >= {1, 2, 3}
    assert {owner.canvass.way for owner in owners} == {Way.SILENT, Way.ONLINE, Way.FAMILY, Way.PAPER}
    assert {owner.plan.way for owner in owners} == {Way.SILENT, Way.ONLINE, Way.PAPER, Way.PROXY}
    assert any(owner.canvass.before and owner.canvass.way is Way.ONLINE for owner in owners)
    assert any(owner.canvass.before and owner.canvass.way is Way.PAPER for owner in owners)
    for estate in world.estates:
        for owner in estate.owners:
            if owner.plan.proxy is not None:
                assert estate.owners[owner.plan.proxy].plan.way is Way.ONLINE


@pytest.mark.parametrize("seed", range(12))
def test_fates_hold_under_any_seed(seed: int) -> None:
    for estate in build_world(LITONG_2026, seed).estates:
        canvass, plan = expect(estate, "canvass"), expect(estate, "plan")
        fate, roll = estate.script.fate, canvass.roll.households
        takes_part = 4 * canvass.participating.households >= 3 * roll
        of_roll = all(4 * weights.households >= 3 * roll for weights in canvass.approving)
        of_those = all(
            4 * weights.households >= 3 * canvass.participating.households for weights in canvass.approving
        )
        assert takes_part == (fate is not Fate.FEW_TAKE_PART), (seed, estate.script)
        if fate is Fate.READING_OPEN:
            assert of_those and not of_roll
        else:
            assert of_roll == (fate not in (Fate.FEW_TAKE_PART, Fate.FEW_AGREE)), (seed, estate.script)
        has_quorum = all(
            3 * getattr(plan.participating, basis) >= 2 * getattr(plan.roll, basis)
            for basis in ("area", "heads")
        )
        special = all(
            4 * getattr(plan.approving[1], basis) >= 3 * getattr(plan.participating, basis)
            for basis in ("area", "heads")
        )
        assert has_quorum == (fate is not Fate.NO_QUORUM), (seed, estate.script)
        assert special == (fate is not Fate.SPECIAL_FAILS), (seed, estate.script)


def test_shares_are_exact_and_fair() -> None:
    assert share_out(10, [1, 1, 1]) == [4, 3, 3]
    assert share_out(7, [5, 2]) == [5, 2]
    assert share_out(0, [3, 4]) == [0, 0]


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
    assert totals["gates"]["start"] == {"passed": 1, "failed": 0, "undecidable": 0}
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
    assert [line[:7] for line in small.steps] == [f"[{number:2d}/51]" for number in range(1, 52)]
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
    assert told.gates == 4 + 2 + 1  # eligible; inclusion decided either way; start
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


@pytest.mark.heavy
def test_a_rehearsal_without_phones_counts_the_same() -> None:
    stream = io.StringIO()
    played = play(TINY, 5, stream, with_phones=False)
    assert played.told is None
    assert [(row.inclusion, row.start) for row in played.rows] == [("passed", "passed")]
    steps = stream.getvalue().splitlines()
    assert [line[:7] for line in steps] == [f"[{number:2d}/32]" for number in range(1, 33)]


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


def test_the_table_is_aligned_for_chinese() -> None:
    assert width_of("朝阳家园 12%") == 12
    assert width_of("") == 0


def start_command(*words: str) -> subprocess.Popen[str]:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("GONGJUE_")}
    return subprocess.Popen(
        [sys.executable, "-m", "backend.cli", "rehearse", *words],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def folders() -> set[str]:
    return {name for name in os.listdir(tempfile.gettempdir()) if name.startswith("gongjue-rehearsal-")}


def is_open_in(folder: str, processes: list[psutil.Process]) -> bool:
    """Other rehearsals may run on this machine: ours is where our servers write their logs."""
    return any(f"/{folder}/" in found.path for process in processes for found in process.open_files())


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopping_leaves_neither_process_nor_file(number: signal.Signals) -> None:
    before = folders()
    process = start_command("litong-2026", "--no-phones")
    assert process.stderr is not None and process.stdout is not None
    while not process.stderr.readline().startswith("[ 1/32]"):
        assert process.poll() is None
    time.sleep(1)  # well into the second step
    children = psutil.Process(process.pid).children(recursive=True)
    assert len(children) >= 3  # the simulator, gunicorn, its workers
    [folder] = [name for name in folders() - before if is_open_in(name, children)]
    process.send_signal(number)
    drain = threading.Thread(target=process.stderr.read)
    drain.start()
    assert process.wait(timeout=60) == 130
    drain.join()
    assert process.stdout.read() == ""
    process.stdout.close()
    process.stderr.close()
    _, alive = psutil.wait_procs(children, timeout=5)
    assert alive == []
    assert folder not in folders()


def test_an_unknown_scenario_is_refused() -> None:
    process = start_command("atlantis")
    out, errors = process.communicate(timeout=30)
    assert (process.returncode, out) == (2, "")
    assert "litong-2026" in errors


@pytest.mark.heavy
def test_the_whole_rehearsal_within_five_minutes_and_the_same_twice() -> None:
    answers = []
    for _ in range(2):
        began = time.monotonic()
        process = start_command("litong-2026", "--json", "--seed", "11")
        out, errors = process.communicate(timeout=600)
        assert process.returncode == 0, errors
        assert time.monotonic() - began <= 300
        answers.append(out)
    assert answers[0] == answers[1]
    messages = json.loads(answers[0])["messages"]
    assert len(messages["checks"]) == len(CHECKS)
    assert len(messages["ballots"]) == 22 + 17
    totals = json.loads(answers[0])["totals"]
    facts = {name: totals[name] for name in ("estates", "buildings", "households", "exclusive_area")}
    assert facts == {"estates": 25, "buildings": 82, "households": 3_247, "exclusive_area": "276100.00"}
    assert totals["gates"]["inclusion"] == {"passed": 17, "failed": 4, "undecidable": 4}
    assert totals["gates"]["start"] == {"passed": 13, "failed": 3, "undecidable": 1}
