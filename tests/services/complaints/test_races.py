"""Two at once on the same cases: one stands."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from backend.bootstrap import build_ports
from backend.complaints import service
from backend.complaints.service import MergeComplaint
from backend.complaints.tables import Complaint
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM, Actor
from backend.kernel.errors import DomainError
from tests.factories.databases import make_settings
from tests.services.complaints.hotline import Hotline, open_hotline


@pytest.fixture
def ports(engine: Engine, database_url: str, tmp_path: Path) -> Ports:
    return build_ports(make_settings(database_url, tmp_path / "files"), engine=engine)


def arranged(ports: Ports, count: int) -> tuple[Hotline, list[str]]:
    """Commit a hotline with some complaints."""
    with Session(ports.engine, expire_on_commit=False) as session:
        place = open_hotline(Context(session=session, actor=SYSTEM, ports=ports, request_id="test"))
        ids = [place.register().id for _ in range(count)]
        session.commit()
    return place, ids


def at_once(ports: Ports, deeds: list[tuple[Actor, Callable[[Context], object]]]) -> list[str]:
    """Do all of them at the same moment, each in a transaction of its own; return ``done`` or why not."""
    start = Barrier(len(deeds))

    def act(deed: tuple[Actor, Callable[[Context], object]]) -> str:
        start.wait()
        with open_session(ports.engine) as session:
            ctx = Context(session=session, actor=deed[0], ports=ports, request_id="test")
            try:
                deed[1](ctx)
                session.commit()
            except DomainError as error:
                return type(error).__name__
        return "done"

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(act, deeds))


def test_two_cases_merged_into_each_other_at_once_leave_one(ports: Ports) -> None:
    place, ids = arranged(ports, 3)

    def merge(which: int, into: int) -> tuple[Actor, Callable[[Context], object]]:
        command = MergeComplaint(ids[which], 1, ids[into])
        return place.hotline.actor, lambda ctx: service.merge_complaint(ctx, command)

    said = at_once(ports, [merge(0, 1), merge(1, 0), merge(2, 0), merge(2, 1)])
    assert "done" in said
    with open_session(ports.engine, read_only=True) as session:
        rows = session.exec(select(Complaint)).all()
    into = {row.id: row.merged_into_id for row in rows}
    merged = {key for key, target in into.items() if target is not None}
    assert said.count("done") == len(merged) < 3
    assert all(into[str(into[key])] is None for key in merged)
