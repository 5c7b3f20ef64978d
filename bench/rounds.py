"""Seven interleaved rounds: within a round every path meets the same machine, so ratios are taken per round."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from pathlib import Path

import orjson
from sqlalchemy import text
from sqlmodel import Session

from backend.ballots.repository.cast import build_statements
from backend.ballots.service.desk import PollingDesk
from backend.identity.service import authenticate
from bench.client import CONNECTIONS, Burst, Outcome, fire
from bench.crowd import Crowd
from bench.place import Place

# More voters than any burst can use up; a burst that does ends early, its rate stays right.
VOTERS_PER_SECOND = 3000

_PGBENCH = """INSERT INTO bare_vote VALUES (substr(gen_random_uuid()::text, 25), '0123456789abcdefghjk',
 '0123456789abcdefghjk', '0123456789abcdefghjk', 'bench-key-000001', decode(repeat('ab', 32), 'hex'), 'online',
 'standing', 'standing', 'fa', repeat('d', 64), NULL, decode(repeat('ab', 32), 'hex'), now(), NULL);
"""


class WrongAnswer(Exception):
    """A server did not do what it was asked: its rate means nothing."""


@dataclass
class Rounds:
    """Every figure of every round, by name; in the order measured."""

    figures: dict[str, list[float]] = field(default_factory=dict)
    votes: int = 0

    def add(self, name: str, value: float) -> None:
        """Note one figure of the running round."""
        self.figures.setdefault(name, []).append(value)


def run_rounds(place: Place, rounds: int, seconds: float, say: Callable[[str], None]) -> Rounds:
    """Warm up, then measure; every second round goes backwards, so that no path always follows the same one."""
    found = Rounds()
    voters = _Voters(place.casting)
    steps: dict[str, Callable[[Rounds], None]] = {
        "hello": lambda to: to.add("hello_rps", _read(place.bare.port, place.small, "/", seconds)),
        "insert": lambda to: _insert(to, place, seconds),
        "cast": lambda to: _cast(to, place, voters, seconds),
        "tally": lambda to: to.add("tally_rps", _read(place.product.port, place.small, None, seconds)),
        "large": lambda to: to.add("tally_large_rps", _read(place.product.port, place.large, None, seconds)),
        "uncached": lambda to: to.add("tally_uncached_ms", _uncached(place)),
    }
    if place.pgbench is not None:
        steps["pgbench"] = lambda to: to.add("pgbench_tps", _pgbench(place, seconds))
    for step in steps.values():
        step(Rounds())
    for number in range(rounds):
        names = list(steps)
        for name in names if number % 2 == 0 else reversed(names):
            steps[name](found)
        say(f"  round {number + 1} of {rounds}")
    found.votes = _check_votes(place, voters)
    return found


class _Voters:
    """Hands every burst voters who have not voted yet, and keeps what they were given."""

    def __init__(self, crowd: Crowd) -> None:
        self._crowd = crowd
        self._next = 0
        self.receipts: list[str] = []

    def requests(self, count: int) -> list[bytes]:
        return self._crowd.vote_requests(self._next, count)

    def note(self, outcome: Outcome) -> None:
        self._next += outcome.sent
        for _, body in outcome.bodies:
            self.receipts.append(orjson.loads(body)["recorded"][0]["receipt"].replace("-", ""))


def _expect(outcome: Outcome, status: int) -> Outcome:
    if set(outcome.statuses) != {status} or len(outcome.latencies) != outcome.sent:
        raise WrongAnswer(f"expected {outcome.sent} answers {status}, got {dict(outcome.statuses)}")
    return outcome


def _read(port: int, crowd: Crowd, path: str | None, seconds: float) -> float:
    """Each connection is a reader of its own."""
    requests = crowd.read_requests(CONNECTIONS, path)
    return _expect(fire(Burst(port, requests, seconds, is_repeated=True)), 200).rate


def _insert(to: Rounds, place: Place, seconds: float) -> None:
    """The very bytes of a vote, sent to the baseline; its table starts empty every time."""
    with place.engine.begin() as connection:
        connection.execute(
            text("DELETE FROM bare_vote" if place.settings.is_sqlite else "TRUNCATE bare_vote")
        )
    requests = place.casting.vote_requests(0, int(VOTERS_PER_SECOND * seconds), "/insert")
    burst = Burst(place.bare.port, requests, seconds, is_repeated=True)
    to.add("bare_insert_rps", _expect(fire(burst), 201).rate)


def _cast(to: Rounds, place: Place, voters: _Voters, seconds: float) -> None:
    requests = voters.requests(int(VOTERS_PER_SECOND * seconds))
    outcome = _expect(fire(Burst(place.product.port, requests, seconds)), 201)
    voters.note(outcome)
    to.add("cast_rps", outcome.rate)
    to.add("cast_p50_ms", outcome.percentile(0.50))
    to.add("cast_p99_ms", outcome.percentile(0.99))


def _uncached(place: Place) -> float:
    """Milliseconds for the whole tally of the large ballot, both motions, by a desk that remembers nothing."""
    with Session(place.engine) as session:
        actor = authenticate(session, sha256(place.large.tokens[0].encode()).digest())
    assert actor is not None
    desk = PollingDesk(place.engine, build_statements(place.settings, place.engine))
    started = time.perf_counter()
    desk.tally(place.large.ballot.ballot_id, actor)
    return 1000 * (time.perf_counter() - started)


def _pgbench(place: Place, seconds: float) -> float:
    """Transactions per second of PostgreSQL's own client with the same row; without connecting."""
    assert place.pgbench is not None
    url = place.engine.url
    script = place.settings.storage_path.parent / "insert.sql"
    script.write_text(_PGBENCH)
    clients = str(CONNECTIONS)
    command = [
        str(place.pgbench),
        "-n",
        "-M",
        "prepared",
        "-c",
        clients,
        "-j",
        "2",
        "-T",
        str(max(1, int(seconds))),
    ]
    command += ["-f", str(script), "-h", str(url.host), "-p", str(url.port), "-U", str(url.username)]
    with place.engine.begin() as connection:
        connection.execute(text("TRUNCATE bare_vote"))
    done = subprocess.run(
        [*command, str(url.database)], capture_output=True, text=True, check=True, cwd=Path("/")
    )
    return next(float(line.split()[2]) for line in done.stdout.splitlines() if line.startswith("tps = "))


def _check_votes(place: Place, voters: _Voters) -> int:
    """Find every acknowledged receipt in the table, once, with its event; returns how many there are."""
    with place.engine.connect() as connection:
        chosen = text("SELECT receipt FROM vote WHERE ballot_id = :ballot AND state = 'standing'")
        stored = [row[0] for row in connection.execute(chosen, {"ballot": place.casting.ballot.ballot_id})]
        events = connection.execute(
            text("SELECT count(*) FROM ledger_event WHERE type = 'vote.recorded'")
        ).scalar_one()
    if sorted(stored) != sorted(voters.receipts) or events != len(stored):
        raise WrongAnswer(f"{len(voters.receipts)} votes acknowledged, {len(stored)} stored, {events} events")
    return len(stored)


def ratios(figures: Mapping[str, list[float]]) -> dict[str, list[float]]:
    """Return the ratios of each round."""
    pairs = {
        "cast_to_insert": ("cast_rps", "bare_insert_rps"),
        "tally_to_hello": ("tally_rps", "hello_rps"),
        "tally_large_to_small": ("tally_large_rps", "tally_rps"),
    }
    return {
        name: [a / b for a, b in zip(figures[above], figures[below], strict=True)]
        for name, (above, below) in pairs.items()
    }
