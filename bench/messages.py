"""Reminders: how fast a whole electorate is enqueued, and how fast one bot process sends what is enqueued."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from backend.bootstrap import build_ports
from backend.infra.settings import load_settings
from bench.place import settle
from bench.post import Post, open_post
from bench.rounds import WrongAnswer
from bot import delivery
from tests.factories.databases import make_settings, migrate
from tests.factories.postgres import cluster
from tests.factories.servers import environment_of
from tests.factories.simulator import start_simulator

REMINDERS = 46_000
_ROOT = Path(__file__).parents[1]
_SAMPLE_SECONDS = 0.5


def measure_messages(kind: str, folder: Path, homes: int, say: Callable[[str], None]) -> dict[str, Any]:
    """Enqueue one reminder for each of ``homes`` households, let one bot process send them, look into every inbox."""
    load_before = os.getloadavg()[0]
    with _post(kind, folder, homes) as (post, environment):
        started = time.perf_counter()
        delivery.remind(post.ports)
        enqueued = time.perf_counter() - started
        if (waiting := post.states()) != {"created": homes}:
            raise WrongAnswer(f"{homes} reminders were due, enqueued are {waiting}")
        say(f"  {homes} reminders enqueued in {enqueued:.1f} s")
        sent, memory = _send(environment)
        _check(post, homes)
    return {
        "reminders": homes,
        "reminders_enqueued_s": round(enqueued, 2),
        "delivery_rps": round(sent["sent"] / sent["seconds"], 1),
        "delivery_cpu_ms": round(1000 * sent["cpu_seconds"] / sent["sent"], 2),
        **memory,
        "delivery_rss_growth": round(memory["delivery_rss_mb_last"] / memory["delivery_rss_mb_first"], 3),
        "delivery_load_before": round(load_before, 2),
        "delivery_load_after": round(os.getloadavg()[0], 2),
    }


@contextmanager
def _post(kind: str, folder: Path, homes: int) -> Iterator[tuple[Post, Mapping[str, str]]]:
    """A post office on a database with durable defaults, and the environment of a bot that works there."""
    with ExitStack() as stack:
        url = f"sqlite:///{folder / 'post.db'}"
        if kind == "postgresql":
            url = stack.enter_context(cluster()).create_database("post")
        engine = migrate(url, folder / "files")
        stack.callback(engine.dispose)
        simulator = start_simulator()
        stack.callback(simulator.stop)
        environment = environment_of(make_settings(url, folder / "files"))
        environment["GONGJUE_WECHAT_API_BASE"] = simulator.base_url
        settings = load_settings(environment)
        post = open_post(build_ports(settings, engine=engine), simulator, homes)
        settle(engine, settings.is_sqlite)
        yield post, {**os.environ, **environment}


def _send(environment: Mapping[str, str]) -> tuple[dict[str, float], dict[str, float]]:
    """Run a bot process until nothing waits; returns what it says and its memory early and late."""
    bot = subprocess.Popen(
        [sys.executable, "-m", "bench.sender"], cwd=_ROOT, env=environment, stdout=subprocess.PIPE, text=True
    )
    seen: list[int] = []
    process = psutil.Process(bot.pid)
    while bot.poll() is None:
        seen.append(process.memory_info().rss)
        time.sleep(_SAMPLE_SECONDS)
    said, _ = bot.communicate()
    if bot.returncode or not said:
        raise WrongAnswer(f"the bot ended with {bot.returncode}")
    tenth = max(len(seen) // 10, 1)
    # The first tenth loads modules and opens connections; the one after it is the bot at work.
    early, late = seen[tenth : 2 * tenth] or seen, seen[-tenth - 1 : -1] or seen
    memory = {"delivery_rss_mb_first": median(early), "delivery_rss_mb_last": median(late)}
    return json.loads(said), {name: round(size / 2**20, 1) for name, size in memory.items()}


def _check(post: Post, homes: int) -> None:
    """Everybody has one message, and the rows say so."""
    inboxes, states = post.inboxes(), post.states()
    if states != {"delivered": homes} or inboxes != dict.fromkeys(post.openids, 1):
        wrong = sum(number != 1 for number in inboxes.values())
        raise WrongAnswer(f"states {states}, {len(inboxes)} phones reached, {wrong} of them not once")
