"""Several people at once on one register: numbers differ, a step is taken once, a key opens once."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.engine import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, select

from backend.bootstrap import build_ports
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM, Actor
from backend.kernel.errors import DomainError
from backend.rectification import service
from backend.rectification.rules.progress import Step
from backend.rectification.service import ImportLedger, OpenItem, TakeStep
from backend.rectification.tables import RectificationItem, RectificationStep
from tests.factories.databases import make_settings
from tests.rules.rectification.ledgers import line, to_csv
from tests.services.rectification.conftest import Site, make_site

CROWD = 6


@dataclass
class Crowd:
    """A committed site, and a way to let everybody do something at the same moment."""

    ports: Ports
    site: Site

    def at_once(self, actor: Actor, action: Callable[[Context, int], object]) -> list[str]:
        """Let ``CROWD`` threads act, each in a transaction of its own; return ``done`` or why not."""
        start = Barrier(CROWD)

        def act(number: int) -> str:
            start.wait()
            with open_session(self.ports.engine) as session:
                ctx = Context(session=session, actor=actor, ports=self.ports, request_id="test")
                try:
                    action(ctx, number)
                    session.commit()
                except (DomainError, IntegrityError) as error:
                    return type(error).__name__
            return "done"

        with ThreadPoolExecutor(CROWD) as pool:
            return list(pool.map(act, range(CROWD)))


@pytest.fixture
def crowd(engine: Engine, database_url: str, tmp_path: Path) -> Crowd:
    """Return a site whose people are committed."""
    ports = build_ports(make_settings(database_url, tmp_path / "files"), engine=engine)
    with Session(engine, expire_on_commit=False) as session:
        site = make_site(Context(session=session, actor=SYSTEM, ports=ports, request_id="test"))
        session.commit()
    return Crowd(ports, site)


def test_everybody_gets_a_number_of_their_own(crowd: Crowd) -> None:
    site = crowd.site

    def open_one(ctx: Context, number: int) -> None:
        service.open_item(ctx, OpenItem(site.estate, site.links(), site.said(), f"open-key-{number}"))

    assert crowd.at_once(site.committee.actor, open_one) == ["done"] * CROWD
    with open_session(crowd.ports.engine, read_only=True) as session:
        numbers = session.exec(select(RectificationItem.number)).all()
    assert sorted(numbers) == [f"ZG-{count:04d}" for count in range(1, CROWD + 1)]


def test_one_key_opens_one_item_and_one_step_is_taken_once(crowd: Crowd) -> None:
    site = crowd.site

    def open_same(ctx: Context, _number: int) -> None:
        service.open_item(ctx, OpenItem(site.estate, site.links(), site.said(), "open-key-1"))

    assert set(crowd.at_once(site.committee.actor, open_same)) <= {"done", "IntegrityError"}
    with open_session(crowd.ports.engine, read_only=True) as session:
        item = session.exec(select(RectificationItem.id)).one()

    def start(ctx: Context, _number: int) -> None:
        service.take_step(ctx, TakeStep(item, Step.START, 1))

    taken = crowd.at_once(site.builder.actor, start)
    assert taken.count("done") == 1
    assert set(taken) == {"done", "PreconditionFailed"}
    with open_session(crowd.ports.engine, read_only=True) as session:
        steps = session.exec(select(RectificationStep.step)).all()
    assert sorted(steps) == ["opened", "start"]


def test_one_ledger_sent_by_several_at_once_comes_in_once(crowd: Crowd) -> None:
    site = crowd.site
    digest = crowd.ports.storage.put(to_csv([line(), line("2")]))

    def take_in(ctx: Context, _number: int) -> None:
        service.import_ledger(ctx, ImportLedger(site.estate, digest, False))

    assert crowd.at_once(site.committee.actor, take_in) == ["done"] * CROWD
    with open_session(crowd.ports.engine, read_only=True) as session:
        assert len(session.exec(select(RectificationItem)).all()) == 2


def test_two_bots_tell_once(crowd: Crowd) -> None:
    site = crowd.site
    with open_session(crowd.ports.engine) as session:
        ctx = Context(session=session, actor=site.committee.actor, ports=crowd.ports, request_id="test")
        said = site.said(due_on=site.today)
        item = service.open_item(ctx, OpenItem(site.estate, site.links(), said, "open-key-1")).id
        session.commit()
    told: list[bool] = []
    assert (
        crowd.at_once(SYSTEM, lambda ctx, _: told.append(service.tell_of_item(ctx, item))) == ["done"] * CROWD
    )
    assert told.count(True) == 1
