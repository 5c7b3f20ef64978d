"""A post office: households whom a reminder is due, each with a phone at the simulator and consents on both sides."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import insert, literal, select, text
from sqlmodel import col

from backend.ballots.tables import Ballot
from backend.identity.tables import Account
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.infra.installation import move_clock
from backend.kernel.access import SYSTEM
from backend.kernel.clock import end_of_day, local_date
from backend.notifications.rules.kinds import Purpose
from backend.notifications.rules.templates import SIMULATED
from backend.notifications.tables import ConsentBalance
from bench.crowd import Crowd, make_crowd
from tests.factories.simulator import SimulatorHandle

CONSENTS = 3
_PAGE = 10_000


@dataclass(frozen=True)
class Post:
    """A filled database and the simulator that knows its people."""

    ports: Ports
    simulator: SimulatorHandle
    crowd: Crowd
    openids: frozenset[str]

    def inboxes(self) -> dict[str, int]:
        """Return how many messages lie on each phone that has any."""
        found: dict[str, int] = {}
        read = 0
        while page := self.simulator.control("GET", f"messages?after={read}&limit={_PAGE}")["messages"]:
            read += len(page)
            for message in page:
                found[message["openid"]] = found.get(message["openid"], 0) + 1
        return found

    def states(self) -> dict[str, int]:
        """Return how many deliveries are in each state."""
        with self.ports.engine.connect() as connection:
            rows = connection.execute(text("SELECT state, count(*) AS number FROM delivery GROUP BY state"))
            return {row.state: row.number for row in rows}


def open_post(ports: Ports, simulator: SimulatorHandle, homes: int) -> Post:
    """Fill a migrated database of mode rehearsal; it is noon there and the reminder T-3 is due to ``homes`` households."""
    with _acting(ports) as ctx:
        now = ctx.clock.now()
    noon = end_of_day(local_date(now)) + timedelta(hours=12)
    move_clock(ports.engine, (noon - now) // timedelta(microseconds=1))
    with _acting(ports) as ctx:
        crowd = make_crowd(ctx, homes)
        ballot = ctx.session.get_one(Ballot, crowd.ballot.ballot_id)
        ballot.opens_at = ctx.clock.now() - timedelta(days=1)
        ballot.closes_at = end_of_day(local_date(ctx.clock.now()) + timedelta(days=3))
        accounts = _grant(ctx)
    openids = [crowd.openid_of(account) for account in accounts]
    _tell(simulator, openids)
    return Post(ports, simulator, crowd, frozenset(openids))


def _grant(ctx: Context) -> list[str]:
    """Give everybody consents; returns the accounts."""
    chosen = select(col(Account.id), literal(Purpose.REMINDER), literal(CONSENTS))
    chosen = chosen.where(col(Account.kind) == "resident")
    statement = insert(ConsentBalance).from_select(["account_id", "purpose", "remaining"], chosen)
    ctx.session.connection().execute(statement)
    return list(ctx.session.execute(select(col(ConsentBalance.account_id))).scalars())


def _tell(simulator: SimulatorHandle, openids: list[str]) -> None:
    template = SIMULATED[Purpose.REMINDER].template_id
    for start in range(0, len(openids), _PAGE):
        page = openids[start : start + _PAGE]
        simulator.create_users([{"openid": openid} for openid in page])
        simulator.control("POST", "consents", {"grants": [[openid, template, CONSENTS] for openid in page]})


@contextmanager
def _acting(ports: Ports) -> Iterator[Context]:
    with open_session(ports.engine) as session:
        yield Context(session=session, actor=SYSTEM, ports=ports, request_id="bench")
        session.commit()
