"""A committed database full of voters, and the ways of voting in it over HTTP."""

from __future__ import annotations

import http.client
import json
import threading
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.ballots.repository.cast import Statements, build_statements
from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.database import build_engine
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.databases import make_settings
from tests.factories.people import ResidentFixture, make_resident
from tests.factories.phones import FakeExchange
from tests.factories.places import make_estate
from tests.factories.servers import WebServer


@dataclass(frozen=True)
class Voter:
    """An owner with their own entry."""

    entry: str
    resident: ResidentFixture


@dataclass(frozen=True)
class Crowd:
    """An open ballot with one voter per entry."""

    ballot: BallotFixture
    voters: Sequence[Voter]

    @property
    def path(self) -> str:
        """Return where votes are posted."""
        return f"/api/v1/ballots/{self.ballot.ballot_id}/votes"

    def body(self, voter: Voter, choice: str) -> bytes:
        """Return a paper with one choice throughout."""
        choices = dict.fromkeys(self.ballot.motion_ids, choice)
        paper = {"entries": [voter.entry], "choices": choices, "documents_hash": self.ballot.documents_hash}
        return json.dumps(paper).encode()

    def request(self, voter: Voter, choice: str, key: str) -> bytes:
        """Return the whole request as bytes."""
        body = self.body(voter, choice)
        head = (
            f"POST {self.path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {voter.resident.token}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {key}\r\n\r\n"
        )
        return head.encode() + body


class Hall:
    """The database and its ports in this process; servers of their own run on the same database."""

    def __init__(self, url: str, folder: Path) -> None:
        self.settings = make_settings(url, folder / "files")
        self.engine: Engine = build_engine(self.settings)
        vault = build_vault(self.settings)
        storage = Storage(self.settings.storage_path, vault)
        self.ports = Ports(self.settings, self.engine, vault, storage, FakeExchange())

    @cached_property
    def statements(self) -> Statements:
        """Return the vote's port of this process."""
        return build_statements(self.settings, self.engine)

    def close(self) -> None:
        """End every connection of this process."""
        if "statements" in self.__dict__:
            self.statements.close()
        self.engine.dispose()

    def crowd(self, size: int, kind: str = "plan", hours: int = 24) -> Crowd:
        """Add an estate, an open ballot and one logged-in owner per home."""
        with Session(self.engine, expire_on_commit=False) as session:
            ctx = Context(session=session, actor=SYSTEM, ports=self.ports, request_id="hall")
            estate = make_estate(ctx, dwellings=size)
            ballot = make_ballot(ctx, estate, kind=kind, hours=hours)
            voters = [Voter(ballot.entry_ids[home], make_resident(ctx, home)) for home in estate.dwelling_ids]
            session.commit()
        return Crowd(ballot, voters)

    def standing(self, crowd: Crowd) -> dict[str, tuple[str, str]]:
        """Return entry → (receipt, choices) of the standing votes; fails if an entry has two."""
        rows = self.rows(
            "SELECT roll_entry_id, receipt, choices FROM vote WHERE ballot_id = :ballot AND state = 'standing'",
            ballot=crowd.ballot.ballot_id,
        )
        found = {entry: (receipt, choices) for entry, receipt, choices in rows}
        assert len(found) == len(rows), "an entry has two standing votes"
        return found

    def rows(self, sql: str, **values: object) -> list[tuple[str, ...]]:
        """Return what a query finds."""
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(text(sql), values)]


@dataclass
class Acknowledged:
    """What the voters were told: entry → receipts, and every other answer."""

    receipts: dict[str, set[str]] = field(default_factory=dict)
    others: Counter[str] = field(default_factory=Counter)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, status: int, answer: bytes) -> bool:
        """Note an answer; True when it is final for its sender."""
        told = json.loads(answer)
        with self.lock:
            if status != 201:
                self.others[f"{status} {told['code']}"] += 1
                return status < 500
            for recorded in told["recorded"]:
                receipt = recorded["receipt"].replace("-", "")
                self.receipts.setdefault(recorded["entry"], set()).add(receipt)
            return True


def vote_until_answered(server: WebServer, crowd: Crowd, voters: Iterable[Voter], told: Acknowledged) -> None:
    """Post for each voter, with the same key until somebody answers, as the client does."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    for number, voter in enumerate(voters):
        headers = {
            "Authorization": f"Bearer {voter.resident.token}",
            "Idempotency-Key": f"key-{number:06d}",
            "Content-Type": "application/json",
        }
        deadline = time.monotonic() + 60
        while True:
            assert time.monotonic() < deadline, "no answer for a minute"
            try:
                connection.request("POST", crowd.path, crowd.body(voter, "for"), headers)
                response = connection.getresponse()
                if told.note(response.status, response.read()):
                    break
                time.sleep(0.1)
            except (OSError, http.client.HTTPException):
                connection.close()
                told.others["no answer"] += 1
                time.sleep(0.05)
    connection.close()


def vote_all(server: WebServer, crowd: Crowd, told: Acknowledged, threads: int = 8) -> list[threading.Thread]:
    """Start threads that share the voters."""
    started = [
        threading.Thread(target=vote_until_answered, args=(server, crowd, crowd.voters[n::threads], told))
        for n in range(threads)
    ]
    for thread in started:
        thread.start()
    return started
