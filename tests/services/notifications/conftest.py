"""A committed estate with an open ballot, residents with consents, and a pretended outside world."""

from __future__ import annotations

import secrets
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import col, select

from backend.ballots.repository.votes import NewVote, insert_vote_row
from backend.ballots.tables import Ballot
from backend.bootstrap import build_ports
from backend.infra.context import Context, Ports
from backend.infra.database import db_now, open_session
from backend.infra.installation import move_clock
from backend.kernel.access import SYSTEM
from backend.kernel.clock import SHANGHAI, end_of_day, local_date
from backend.notifications.channels.letter import Letter
from backend.notifications.repository import consents
from backend.notifications.rules.outcomes import Came, Outcome
from backend.notifications.service.writing import post_to_rooms
from backend.notifications.tables import ConsentBalance, Delivery, DoorstepEntry, Message, Room
from bot import delivery
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.databases import make_settings
from tests.factories.people import ResidentFixture, make_resident
from tests.factories.places import EstateFixture, make_estate


class Outside:
    """The servers and phones out there: keeps what arrived, answers as told."""

    def __init__(self) -> None:
        self.inbox: dict[str, list[Letter]] = defaultdict(list)
        self.calls = 0
        self.at_once = 0
        self.most_at_once = 0
        self.answer: Callable[[Letter], Outcome] = lambda _letter: Outcome(Came.SENT)
        self._lock = threading.Lock()

    def send(self, letter: Letter) -> Outcome:
        with self._lock:
            self.calls += 1
            self.at_once += 1
            self.most_at_once = max(self.most_at_once, self.at_once)
        outcome = self.answer(letter)
        with self._lock:
            self.at_once -= 1
            if outcome.came is Came.SENT:
                self.inbox[letter.address].append(letter)
        return outcome

    def arrived(self, channel: str | None = None) -> list[Letter]:
        letters = [letter for box in self.inbox.values() for letter in box]
        return [letter for letter in letters if channel in (None, letter.channel)]


@dataclass
class World:
    """Ports on a fresh database, with shortcuts."""

    ports: Ports
    outside: Outside = field(default_factory=Outside)
    shifted: timedelta = timedelta()

    @property
    def ways(self) -> Mapping[str, Any]:
        return {"subscribe": self.outside, "robot": self.outside}

    @contextmanager
    def acting(self) -> Iterator[Context]:
        with open_session(self.ports.engine) as session:
            yield Context(session=session, actor=SYSTEM, ports=self.ports, request_id="test")
            session.commit()

    def now(self) -> datetime:
        with open_session(self.ports.engine, read_only=True) as session:
            return db_now(session)

    def go(self, **by: float) -> None:
        """Move the clock on."""
        self.shifted += timedelta(**by)
        move_clock(self.ports.engine, self.shifted // timedelta(microseconds=1))

    def go_to(self, hour: float, *, days: int = 0) -> None:
        """Go to an hour of a later day, Asia/Shanghai."""
        now = self.now()
        midnight = end_of_day(local_date(now) + timedelta(days=days - 1))
        self.go(seconds=(midnight + timedelta(hours=hour) - now).total_seconds())

    def estate(self, dwellings: int = 6) -> EstateFixture:
        with self.acting() as ctx:
            return make_estate(ctx, dwellings=dwellings)

    def ballot(self, estate: EstateFixture, *, days: int = 20, **options: Any) -> BallotFixture:
        """An open ballot that ends with the day ``days`` from now, opened yesterday."""
        with self.acting() as ctx:
            made = make_ballot(ctx, estate, **options)
            row = ctx.session.get_one(Ballot, made.ballot_id)
            row.opens_at = ctx.clock.now() - timedelta(days=1)
            row.closes_at = end_of_day(local_date(ctx.clock.now()) + timedelta(days=days))
            ctx.session.add(row)
            return made

    def resident(self, *homes: str, relation: str = "owner", consents_left: int = 3) -> ResidentFixture:
        with self.acting() as ctx:
            person = make_resident(ctx, *homes, relation=relation)
            for purpose in ("reminder", "record", "result"):
                ctx.session.add(
                    ConsentBalance(account_id=person.account_id, purpose=purpose, remaining=consents_left)
                )
            return person

    def vote(self, ballot: BallotFixture, dwelling: str) -> None:
        with self.acting() as ctx:
            insert_vote_row(
                ctx.session,
                NewVote(
                    ballot_id=ballot.ballot_id,
                    roll_entry_id=ballot.entry_ids[dwelling],
                    channel="paper",
                    state="standing",
                    choices="fa",
                    documents_hash=ballot.documents_hash,
                    request_hash=secrets.token_bytes(32),
                    cast_at=ctx.clock.now(),
                    photo_sha256=None,
                ),
            )

    def room(self, organisation_id: str, key: str = "robot-key-0001") -> str:
        with self.acting() as ctx:
            row = Room(
                id=secrets.token_hex(10),
                organisation_id=organisation_id,
                name="居委会群",
                key_sealed=ctx.vault.seal(key, "room.key"),
                key_index=ctx.vault.index(key, "room"),
                next_send_at=ctx.clock.now(),
                created_by="test",
                created_at=ctx.clock.now(),
            )
            ctx.session.add(row)
            return row.id

    def deliveries(self, kind: str | None = None) -> list[Delivery]:
        with open_session(self.ports.engine, read_only=True) as session:
            rows = session.exec(select(Delivery).order_by(col(Delivery.id))).all()
        return [row for row in rows if kind in (None, row.kind)]

    def states(self) -> dict[str, int]:
        found: dict[str, int] = {}
        for row in self.deliveries():
            found[row.state] = found.get(row.state, 0) + 1
        return found

    def messages(self) -> list[Message]:
        with open_session(self.ports.engine, read_only=True) as session:
            return list(session.exec(select(Message)).all())

    def doorstep(self) -> dict[str, str]:
        """Return the reason per dwelling of the entries not done."""
        with open_session(self.ports.engine, read_only=True) as session:
            rows = session.exec(select(DoorstepEntry).where(col(DoorstepEntry.done_at).is_(None))).all()
        return {row.dwelling_id: row.reason for row in rows}

    def left(self, account_id: str, purpose: str = "reminder") -> int:
        with open_session(self.ports.engine, read_only=True) as session:
            return consents.balances(session, account_id).get(purpose, 0)


@pytest.fixture
def town(engine: Engine, database_url: str, tmp_path: Path) -> World:
    """A world whose clock shows noon."""
    made = World(build_ports(make_settings(database_url, tmp_path / "files"), engine=engine))
    made.go_to(12, days=1)
    assert made.now().astimezone(SHANGHAI).hour == 12
    return made


def prepare(town: World, homes: int = 4, **options: int) -> list[ResidentFixture]:
    """Enqueue one reminder each for ``homes`` households."""
    estate = town.estate(homes)
    town.ballot(estate, days=3)
    people = [town.resident(home, **options) for home in estate.dwelling_ids]
    assert delivery.remind(town.ports) == 1
    assert len(town.deliveries()) == homes
    return people


def send(town: World) -> int:
    return delivery.deliver(town.ports, town.ways)


def post(town: World, estate: EstateFixture, number: int) -> None:
    """Write one message to the community's rooms."""
    with town.acting() as ctx:
        post_to_rooms(
            ctx,
            organisation_id=estate.community.id,
            topic="ballot:x",
            kind="room_digest",
            occasion=str(number),
            text=f"第 {number} 条",
            at=ctx.clock.now(),
        )
