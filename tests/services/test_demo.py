"""The demo: loaded once, whole, through the services; started and stopped as one thing."""

from __future__ import annotations

import json
import logging
import os
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import psutil
import pytest
from sqlmodel import col, select

from backend.ballots.tables import Ballot, Vote
from backend.bootstrap import build_ports
from backend.complaints.tables import Complaint
from backend.demo import logins
from backend.demo.load import is_loaded, load_demo
from backend.demo.outside import ROOM_KEYS
from backend.demo.place import DemoPlace
from backend.identity import service as identity
from backend.infra.context import Context, Ports
from backend.infra.database import db_now, open_session
from backend.kernel.access import ANONYMOUS, SYSTEM
from backend.kernel.clock import SHANGHAI
from backend.kernel.errors import Conflict
from backend.ledger.queries import check_events
from backend.notifications.queries import consents_left, queue_health
from backend.policies.rules.gates import Gate
from backend.projects import service as projects
from backend.projects.tables import GateDecision, ProjectEstate
from backend.rectification.tables import RectificationEvidence, RectificationItem, WorksItem
from backend.surveys.tables import Survey
from bot import jobs
from tests.bot.environment import process_environment
from tests.docs.pages import blocks_of
from tests.docs.sandbox import build_sandbox
from tests.factories.databases import make_settings, migrate

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Told:
    """A database in which the story has been told."""

    ports: Ports
    known: logins.DemoLogins

    def rows(self, wanted: Any) -> list[Any]:
        with open_session(self.ports.engine, read_only=True) as session:
            return list(session.exec(wanted))

    @contextmanager
    def reading(self) -> Iterator[Context]:
        with open_session(self.ports.engine, read_only=True) as session:
            yield Context(session, SYSTEM, self.ports, "test")


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a loaded demo, to copy."""
    folder = tmp_path_factory.mktemp("demo") / "var"
    folder.mkdir()
    DemoPlace(folder).prepare(is_fresh=False)
    return folder


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def told(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """The story told once per database: it takes seconds."""
    if request.param == "sqlite":
        place = DemoPlace(tmp_path_factory.mktemp("told") / "var")
        shutil.copytree(request.getfixturevalue("prepared"), place.folder)
        ports, known = build_ports(place.settings()), logins.load(place.logins)
        assert known is not None
    else:
        folder = tmp_path_factory.mktemp("told")
        url = request.getfixturevalue("pg_cluster").create_database("demo")
        engine = migrate(url, folder / "files", "demo")
        ports = build_ports(make_settings(url, folder / "files", "demo"), engine=engine)
        assert not is_loaded(ports)
        known = load_demo(ports)
    yield Told(ports, known)
    ports.engine.dispose()


def test_the_story_ends_with_ballots_and_gates_at_different_stages(told: Told) -> None:
    assert is_loaded(told.ports)
    ballots = [(row.kind, row.state) for row in told.rows(select(Ballot))]
    assert sorted(set(ballots)) == [
        ("canvass", "final"),
        ("canvass", "open"),
        ("plan", "final"),
        ("plan", "notice"),
    ]
    outcomes = {
        motion["outcome"]
        for row in told.rows(select(Ballot).where(Ballot.state == "final"))
        for motion in row.result
    }
    assert outcomes == {"passed"}
    stages = {row.estate_name[:2]: row.stage for row in told.rows(select(ProjectEstate))}
    assert stages == {"朝阳": "plan_vote", "新一": "canvass", "和平": "evaluation", "团结": "evaluation"}
    decided = Counter(row.gate for row in told.rows(select(GateDecision)))
    assert decided == {"eligibility": 4, "inclusion": 3, "start": 2, "acceptance": 2}
    (open_id,) = told.rows(select(Ballot.id).where(Ballot.state == "open"))
    cast = told.rows(select(Vote).where(Vote.ballot_id == open_id, Vote.state == "standing"))
    assert {row.channel for row in cast} == {"online"}
    assert len(cast) > 15
    with told.reading() as ctx:
        assert check_events(ctx.session) == []
        health = queue_health(ctx.session, db_now(ctx.session), db_now(ctx.session))
        purposes = {purpose for _, purpose, _ in consents_left(ctx.session)}
    assert (health.rooms, purposes) == (2, {"reminder", "record", "result"})


def test_after_the_works_everything_stands_somewhere(told: Told) -> None:
    states = Counter(row.state for row in told.rows(select(Complaint)))
    assert states == {
        "registered": 3,
        "dispatched": 1,
        "in_progress": 2,
        "resolved": 2,
        "closed": 1,
        "transferred": 1,
    }
    register = Counter(row.state for row in told.rows(select(RectificationItem)))
    assert register == {"closed_out": 1, "submitted": 1, "in_progress": 1, "open": 1}
    assert Counter(row.phase for row in told.rows(select(RectificationEvidence))) == {"before": 4, "after": 2}
    assert all(row.warranty_ends_on is not None for row in told.rows(select(WorksItem)))
    surveys = {(row.template, row.state) for row in told.rows(select(Survey))}
    assert surveys == {("satisfaction", "closed"), ("satisfaction", "open"), ("demand", "open")}
    (row,) = told.rows(select(ProjectEstate.id).where(col(ProjectEstate.estate_name).startswith("和平")))
    with told.reading() as ctx:
        (criterion,) = projects.show_gate(ctx, row, Gate.EVALUATION).criteria
    assert criterion.state == "met"
    assert "20" in criterion.summary and "24" in criterion.summary


def test_everybody_can_log_in(told: Told) -> None:
    roles = {row.role_zh for row in told.known.staff}
    assert {"热线受理", "责任单位"} <= roles
    assert len({row.password for row in told.known.staff}) == len(told.known.staff)
    for row in told.known.staff:
        with open_session(told.ports.engine) as session:
            ctx = Context(session, ANONYMOUS, told.ports, "test")
            opened = identity.log_in_staff(ctx, identity.StaffLogIn(row.username, row.password, "127.0.0.1"))
            assert opened.token


def test_a_second_load_and_a_real_database_are_refused(told: Told, tmp_path: Path) -> None:
    with pytest.raises(Conflict, match="not_empty"):
        load_demo(told.ports)
    url = f"sqlite:///{tmp_path}/other.db"
    other = build_ports(make_settings(url, tmp_path / "files"), engine=migrate(url, tmp_path / "files"))
    with pytest.raises(Conflict, match="not_demo"):
        load_demo(other)
    other.engine.dispose()


def test_the_bot_finds_nothing_wrong_with_the_story(
    told: Told, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logging.getLogger("gongjue"), "propagate", True)
    before = {row.id: row.state for row in told.rows(select(Ballot))}
    jobs.close_due_ballots(told.ports)
    jobs.seal_due_ballots(told.ports)
    jobs.close_due_surveys(told.ports)
    jobs.make_checkpoints(told.ports)
    # One case and one item of the register are late, and it is told once.
    assert jobs.watch_complaints(told.ports) >= 1
    assert jobs.remind_rectification(told.ports) >= 1
    assert jobs.watch_complaints(told.ports) == jobs.remind_rectification(told.ports) == 0
    assert {row.id: row.state for row in told.rows(select(Ballot))} == before
    assert told.rows(select(Vote.receipt).where(col(Vote.leaf_no).is_(None))) == []
    assert caplog.records == []


class Demo:
    """A running ``gongjue run-demo`` with what it has printed so far."""

    def __init__(self, folder: Path, port: int) -> None:
        self.process = subprocess.Popen(
            [
                *(sys.executable, "-m", "backend.cli", "run-demo", "--data", str(folder)),
                *("--port", str(port), "--wechat-port", str(port + 500)),
            ],
            cwd=ROOT,
            env=process_environment("sqlite:///unused", folder / "unused"),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout as out:
            self.lines.extend(iter(out.readline, ""))

    @property
    def text(self) -> str:
        return "".join(self.lines)

    def wait_ready(self) -> None:
        deadline = time.monotonic() + 120
        while "Ctrl-C" not in self.text:
            assert self.process.poll() is None, self.text
            assert time.monotonic() < deadline, self.text
            time.sleep(0.1)

    def address(self, path: str) -> str:
        found = re.search(rf"(http://127\.0\.0\.1:\d+){path} ", self.text)
        assert found, self.text
        return found[1]

    def children(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    def processor_seconds(self) -> float:
        """Return what all of its processes have used so far, those that ended included."""
        launcher = psutil.Process(self.process.pid)
        return sum(sum(one.cpu_times()[:4]) for one in (launcher, *launcher.children(recursive=True)))

    def end(self, number: int) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        code = self.process.wait(60)
        self._reader.join(10)
        return code


@pytest.fixture
def taken_port() -> Iterator[int]:
    """A port somebody else listens on, with its neighbours very likely free."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        yield int(other.getsockname()[1])


@pytest.fixture
def demo(tmp_path: Path, taken_port: int) -> Iterator[Demo]:
    """A demo started for the first time."""
    started = Demo(tmp_path / "var", taken_port)
    yield started
    started.end(signal.SIGTERM)


@pytest.fixture
def known_demo(prepared: Path, tmp_path: Path, taken_port: int) -> Iterator[Demo]:
    """A demo started again."""
    shutil.copytree(prepared, tmp_path / "var")
    started = Demo(tmp_path / "var", taken_port)
    yield started
    started.end(signal.SIGTERM)


def test_a_start_again_keeps_the_data_and_a_fresh_one_replaces_it(prepared: Path, tmp_path: Path) -> None:
    place = DemoPlace(tmp_path / "var")
    shutil.copytree(prepared, place.folder)
    first = place.prepare(is_fresh=False)
    assert first == logins.load(prepared / "demo-logins.json")
    with place.held_alone(), pytest.raises(Conflict, match="already_running"), place.held_alone():
        pass
    with sqlite3.connect(place.database) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    with pytest.raises(Conflict, match="other_version"):
        place.prepare(is_fresh=False)
    assert place.prepare(is_fresh=True) != first
    place.logins.unlink()
    with pytest.raises(Conflict, match="no_logins"):
        place.prepare(is_fresh=False)


_JSON = {"Content-Type": "application/json"}


def post(url: str, body: dict[str, object]) -> dict[str, str]:
    request = Request(url, json.dumps(body).encode(), _JSON)
    with urlopen(request, timeout=10) as response:
        answer: dict[str, str] = json.load(response)
        return answer


@pytest.mark.slow
def test_one_command_serves_everything_and_stops_it_cleanly(
    demo: Demo, tmp_path: Path, taken_port: int
) -> None:
    demo.wait_ready()
    assert f"端口 {taken_port} 已被别的程序占用" in demo.text
    web, wechat = demo.address("/docs"), demo.address("/phones")
    known = logins.load(DemoPlace(tmp_path / "var").logins)
    assert known is not None
    for row in known.staff:
        assert row.password in demo.text
    staff = known.staff[0]
    session = post(f"{web}/api/v1/staff/session", {"username": staff.username, "password": staff.password})
    assert session["token"]
    code = post(f"{wechat}/__sim/users/{known.residents[0].openid}/login_code", {})["code"]
    assert post(f"{web}/api/v1/session", {"code": code})["token"]
    _everybody_is_told(wechat)
    ports = {"8000": urlsplit(web).port or 0, "8900": urlsplit(wechat).port or 0}
    build_sandbox(tmp_path / "sandbox", None).walk(blocks_of(ROOT / "README.md"), ports)
    person = known.residents[0].openid
    with urlopen(Request(f"{wechat}/__sim/users/{person}/follow", b"{}", _JSON), timeout=10) as response:
        assert response.status == 200
    with urlopen(f"{wechat}/phones/{person}", timeout=10) as response:
        assert "满意度问卷" in response.read().decode()
    second = Demo(tmp_path / "var", taken_port)
    assert second.process.wait(60) == 1
    assert second.end(0) == 1
    assert "already running" in second.text
    children = demo.children()
    assert len(children) == 3
    assert demo.end(signal.SIGINT) == 0
    assert psutil.wait_procs(children, timeout=5)[1] == []
    _starts_quickly_again(tmp_path, taken_port)


def _everybody_is_told(wechat: str) -> None:
    """The votes of the story, cast just now, reach their phones; the room reads of the ballot."""
    deadline = time.monotonic() + 60
    is_night = not 8 <= datetime.now(SHANGHAI).hour < 21
    while True:
        with urlopen(f"{wechat}/__sim/messages", timeout=10) as response:
            messages = json.load(response)["messages"]
        told = [message for message in messages if "不对请点这里" in str(message["fields"])]
        with urlopen(f"{wechat}/__sim/rooms/{ROOM_KEYS['DEMO-XY']}", timeout=10) as response:
            room = json.load(response)["messages"]
        texts = str([message["fields"] for message in messages])
        # What is asked of households waits for the morning (quiet hours, 21 to 8 o'clock in China).
        asked = is_night or ("已办结，请评价是否解决" in texts and "入户问卷已替您登记" in texts)
        if len(told) > 15 and room and asked:
            return
        assert time.monotonic() < deadline, (messages, room)
        time.sleep(0.2)


def _starts_quickly_again(tmp_path: Path, port: int) -> None:
    again = Demo(tmp_path / "var", port)
    try:
        again.wait_ready()
        # Ten seconds on an idle machine are promised, and tests/acceptance.py holds it by the clock. Here others
        # run beside us: what counts is the work, which two processors must be able to do in that time.
        assert again.processor_seconds() < 20
        with urlopen(again.address("/phones") + "/__sim/messages", timeout=10) as response:
            assert json.load(response)["messages"], "what lay on the phones is still there"
    finally:
        assert again.end(signal.SIGTERM) == 0


@pytest.mark.slow
def test_when_one_process_dies_all_stop_and_it_is_named(known_demo: Demo) -> None:
    known_demo.wait_ready()
    children = known_demo.children()
    bot = next(child for child in children if child.cmdline()[-1] == "bot")
    os.kill(bot.pid, signal.SIGKILL)
    assert known_demo.end(0) == 1
    assert "bot 已自行结束（退出码 -9）" in known_demo.text
    assert "bot_leads" in known_demo.text
    assert psutil.wait_procs(children, timeout=5)[1] == []


@pytest.mark.slow
def test_no_process_outlives_a_launcher_that_was_killed(known_demo: Demo) -> None:
    known_demo.wait_ready()
    children = known_demo.children()
    assert known_demo.end(signal.SIGKILL) == -signal.SIGKILL
    assert psutil.wait_procs(children, timeout=30)[1] == []
