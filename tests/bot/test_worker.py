"""One leader at a time; it is replaced when it dies; a failing job stops neither the others nor itself."""

from __future__ import annotations

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import orjson
import pytest
from sqlalchemy import text

from backend.infra.context import Ports
from bot.schedule import Job
from bot.worker import describe_jobs, leadership_for, work
from tests.bot.environment import process_environment
from tests.factories.databases import make_settings

ROOT = Path(__file__).parents[2]
PATIENCE = 60.0


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.05)


class BotProcess:
    """A real bot with its log."""

    def __init__(self, url: str, folder: Path, name: str) -> None:
        self.log = folder / f"{name}.log"
        environment = process_environment(url, folder / "files")
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "backend.cli", "bot"], cwd=ROOT, env=environment, stderr=output
            )

    def events(self) -> list[str]:
        return [orjson.loads(line)["event"] for line in self.log.read_bytes().splitlines()]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        return self.process.wait(30)


@contextmanager
def bot_process(url: str, folder: Path, name: str) -> Iterator[BotProcess]:
    bot = BotProcess(url, folder, name)
    try:
        yield bot
    finally:
        bot.process.kill()
        bot.process.wait()


@pytest.mark.slow
def test_a_second_bot_stands_by_and_takes_over_when_the_leader_is_killed(
    database_url: str, tmp_path: Path
) -> None:
    with ExitStack() as stack:
        first = stack.enter_context(bot_process(database_url, tmp_path, "first"))
        wait_for(lambda: "bot_leads" in first.events(), "the first bot to lead")
        second = stack.enter_context(bot_process(database_url, tmp_path, "second"))
        wait_for(lambda: "bot_stands_by" in second.events(), "the second bot to stand by")
        assert "bot_leads" not in second.events()
        assert first.end(signal.SIGKILL) == -signal.SIGKILL
        wait_for(lambda: "bot_leads" in second.events(), "the second bot to take over")
        assert second.end() == 0
        assert second.events() == ["bot_started", "bot_stands_by", "bot_leads", "bot_stopped"]


def test_two_bots_have_one_leader(database_url: str, tmp_path: Path) -> None:
    settings = make_settings(database_url, tmp_path / "files")
    first, second = leadership_for(settings), leadership_for(settings)
    assert first.take()
    assert not second.take()
    assert (first.is_held(), second.is_held()) == (True, False)
    first.release()
    assert not first.is_held()
    assert second.take()
    second.release()


# A lock on a file has no connection to lose.
@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_the_lead_is_lost_with_its_connection_and_taken_again(ports: Ports) -> None:
    beaten = threading.Event()
    starts: list[float] = []

    def start(_ports: Ports) -> None:
        starts.append(time.monotonic())
        beaten.set()

    table = (Job("only", timedelta(hours=1), start, "test"),)
    with running(ports, table):
        assert beaten.wait(PATIENCE)
        with ports.engine.connect() as connection:
            cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'gongjue-bot'"
            assert connection.execute(text(f"{cut} AND datname = current_database()")).all() == [(True,)]
        wait_for(lambda: len(starts) == 2, "the lead to be taken again")


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_a_bot_that_stands_by_sends_all_the_same(ports: Ports) -> None:
    done: list[str] = []
    often = timedelta(milliseconds=50)
    table = (
        Job("leading", often, lambda _: done.append("leading"), "test"),
        Job("sending", often, lambda _: done.append("sending"), "test", everywhere=True),
    )
    leader = leadership_for(ports.settings)
    assert leader.take()
    with running(ports, table):
        wait_for(lambda: len(done) > 2, "the second bot to send")
        assert set(done) == {"sending"}
        leader.release()
        wait_for(lambda: "leading" in done, "the second bot to lead")
        done.clear()
        wait_for(lambda: set(done) == {"leading", "sending"}, "both to go on")


def test_a_job_that_raises_is_logged_and_stops_nothing(
    ports: Ports, caplog: pytest.LogCaptureFixture
) -> None:
    calls = {"broken": 0, "sound": 0}

    def broken(_ports: Ports) -> None:
        calls["broken"] += 1
        raise ValueError("张三 13800000001")

    def sound(_ports: Ports) -> None:
        calls["sound"] += 1

    often = timedelta(milliseconds=100)
    with running(ports, (Job("broken", often, broken, "test"), Job("sound", often, sound, "test"))):
        wait_for(lambda: min(calls.values()) >= 3, "three runs of each job")
    failures = [record for record in caplog.records if record.message == "job_failed"]
    assert len(failures) == calls["broken"]


@contextmanager
def running(ports: Ports, table: tuple[Job, ...]) -> Iterator[None]:
    """Run the worker in a thread."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(ports, stop, table))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def test_operators_can_read_the_table_of_jobs() -> None:
    lines = describe_jobs()
    assert any(line.startswith("heartbeat") and "10 秒" in line for line in lines)
    assert any(line.startswith("checkpoints") and "1 小时" in line for line in lines)
