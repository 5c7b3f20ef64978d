"""Bots killed in the middle of sending: nobody gets a message twice, nobody is lost but who is marked ``unknown``."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from backend.bootstrap import build_ports
from backend.infra.installation import move_clock
from backend.infra.settings import load_settings
from backend.notifications.rules.timing import LEASE
from bench.post import Post, open_post
from bot import delivery
from tests.factories.databases import make_settings
from tests.factories.servers import environment_of
from tests.factories.simulator import start_simulator

ROOT = Path(__file__).parents[2]
PATIENCE = 120.0
SIZES = [(400, 3), pytest.param(5000, 10, marks=pytest.mark.heavy)]


class Bot:
    """A real bot process; it is started ahead, and begins when told."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.load.gated_bot"],
            cwd=ROOT,
            env={**os.environ, **environment},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def wait_until_ready(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "ready\n"

    def begin(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("go\n")
        self._process.stdin.flush()

    def kill(self) -> None:
        assert self._process.poll() is None, "the bot ended by itself"
        self.close()

    def close(self) -> None:
        self._process.kill()
        assert self._process.wait() == -signal.SIGKILL
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()


@contextmanager
def post_office(url: str, folder: Path, homes: int) -> Iterator[tuple[Post, dict[str, str]]]:
    """Enqueue a reminder for every home; each request takes WeChat a moment."""
    simulator = start_simulator()
    environment = environment_of(make_settings(url, folder / "files"))
    environment["GONGJUE_WECHAT_API_BASE"] = simulator.base_url
    ports = build_ports(load_settings(environment))
    try:
        post = open_post(ports, simulator, homes)
        delivery.remind(ports)
        assert post.states() == {"created": homes}
        simulator.inject("slow", count=1_000_000, path="/cgi-bin/message", milliseconds=40)
        yield post, environment
    finally:
        ports.engine.dispose()
        simulator.stop()


def arrived(post: Post) -> int:
    counts = post.simulator.control("GET", "messages?limit=0")["counts"]
    return int(counts.get("subscribe", 0))


def wait_for(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.02)


def kill_while_sending(post: Post, victims: Sequence[Bot]) -> None:
    """Let one bot after the other send its share, and kill it on the way."""
    share = len(post.openids) // (2 * len(victims))
    for victim in victims:
        goal = arrived(post) + share
        victim.begin()
        wait_for(lambda goal=goal: arrived(post) >= goal, "the bots to send")  # type: ignore[misc] # mypy cannot infer a lambda's default
        time.sleep(random.uniform(0, 0.06))
        victim.kill()


def finish(post: Post) -> None:
    """Wait until only the dead's rows stand still, let their leases end, and wait until every row has an end."""

    def rest() -> set[str]:
        return set(post.states()) - {"delivered", "unknown"}

    wait_for(lambda: rest() <= {"sending"}, "the queue to run dry")
    with post.ports.engine.connect() as connection:
        moved = connection.execute(text("SELECT clock_offset_us FROM installation")).scalar_one()
    later = LEASE + timedelta(minutes=1)
    move_clock(post.ports.engine, moved + later // timedelta(microseconds=1))
    delivery.sweep(post.ports)
    wait_for(lambda: not rest(), "what the dead held to be sent")


def check(post: Post, most_unknown: int) -> None:
    """Compare the phones with the rows."""
    with post.ports.engine.connect() as connection:
        rows = connection.execute(text("SELECT recipient_id, state FROM delivery")).all()
        listed = connection.execute(
            text(
                "SELECT d.recipient_id FROM doorstep_entry e JOIN delivery d ON d.id = e.delivery_id "
                "WHERE e.done_at IS NULL AND e.reason = 'unknown'"
            )
        ).scalars()
        visited = {post.crowd.openid_of(account) for account in listed}
    states = {post.crowd.openid_of(account): state for account, state in rows}
    assert len(states) == len(rows) == len(post.openids), "somebody has no row, or two"
    unknown = {openid for openid, state in states.items() if state == "unknown"}
    inboxes = post.inboxes()
    reached = len(unknown & inboxes.keys())
    print(
        f"{len(rows)} messages: {len(rows) - len(unknown)} delivered, {len(unknown)} unknown ({reached} of them arrived)"
    )
    assert set(inboxes.values()) == {1}, "somebody got a message twice"
    assert post.openids - inboxes.keys() <= unknown, "a message is lost and not marked"
    assert 0 < len(unknown) <= most_unknown
    assert visited == unknown, "who may not have been reached is not on the doorstep list"


@pytest.mark.parametrize(("homes", "kills"), SIZES)
def test_bots_killed_while_sending_deliver_nothing_twice_and_lose_nothing(
    database_url: str, tmp_path: Path, homes: int, kills: int
) -> None:
    with post_office(database_url, tmp_path, homes) as (post, environment):
        with ExitStack() as running:
            bots = [Bot(environment) for _ in range(kills + 1)]
            for bot in bots:
                running.callback(bot.close)
            for bot in bots:
                bot.wait_until_ready()
            survivor, victims = bots[0], bots[1:]
            # SQLite has one bot: the survivor is the one that is started after the last kill.
            if database_url.startswith("postgresql"):
                survivor.begin()
                kill_while_sending(post, victims)
            else:
                kill_while_sending(post, victims)
                survivor.begin()
            finish(post)
        check(post, kills * delivery.IN_FLIGHT)
