"""100,000 complaints: what outsiders list comes within 200 ms on PostgreSQL, by indexes alone.

Writes ``var/open311.json`` (the figures) and ``docs/plans/open311.txt`` (the plans of every statement asked).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import chain
from pathlib import Path
from statistics import quantiles
from typing import Any

import orjson
import pytest
from sqlalchemy import event, text
from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.complaints import service
from backend.complaints.rules.vocabulary import PartyKind
from backend.complaints.service import CreateParty
from backend.infra.context import Context
from backend.infra.limits import FloodGate
from backend.kernel.access import SYSTEM, Role
from backend.registry import service as registry
from backend.registry.service import SetEstatePoint
from backend.wsgi import build_app
from tests.factories.complaints import fill_complaints
from tests.factories.people import acting_as, make_staff
from tests.factories.places import make_community, make_estate
from tests.factories.postgres import Cluster
from tests.load.hall import Hall
from tests.load.plans import plan_of

COMPLAINTS = 100_000
ESTATES = 40
ROUNDS = 30
BOUND_MS = 200.0
ROOT = Path(__file__).parents[2]


def fill(hall: Hall) -> tuple[str, str]:
    """Write everything; return a community and its county."""
    with Session(hall.engine, expire_on_commit=False) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=hall.ports, request_id="load")
        first = make_community(ctx)
        communities = [first, *(make_community(ctx) for _ in range(3))]
        county = first.path.strip("/").split("/")[2]
        places = [make_estate(ctx, community=communities[n % 4], dwellings=1) for n in range(ESTATES)]
        for number, place in enumerate(places):
            middle = (37_900_000 + number * 10_000, 106_100_000)
            registry.set_estate_point(ctx, SetEstatePoint(place.estate.id, middle, 300))
        bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, county))
        party = service.create_party(bureau, CreateParty(county, PartyKind.CONTRACTOR, "某公司"))
        fill_complaints(ctx, places, party.id, COMPLAINTS)
        session.commit()
    with hall.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE"))
    return first.id, county


def paths(hall: Hall, community: str, county: str) -> dict[str, str]:
    """Return name → address."""
    with Session(hall.engine) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=hall.ports, request_id="load")
        now = ctx.clock.now()
        rows = session.connection().execute(text("SELECT number FROM complaint ORDER BY id LIMIT 200"))
        numbers = [row.number for row in rows]
    past = (now - timedelta(days=400)).strftime("%Y-%m-%dT%H:%M:%SZ")
    base = "/open311/v2"
    return {
        "list of 1,000": f"{base}/requests.json",
        "list of 1,000 in XML": f"{base}/requests.xml",
        "list of 100": f"{base}/requests.json?page_size=100",
        "list far on": f"{base}/requests.json?page_size=100&page=80",
        "list of a past span": f"{base}/requests.json?start_date={past}&page_size=100",
        "one service": f"{base}/requests.json?service_code=quality&page_size=100",
        "two services": f"{base}/requests.json?service_code=quality,other&page_size=100",
        "open ones": f"{base}/requests.json?status=open&page_size=100",
        "closed ones": f"{base}/requests.json?status=closed&page_size=100",
        "a community": f"{base}/requests.json?jurisdiction_id={community}&page_size=100",
        "a county": f"{base}/requests.json?jurisdiction_id={county}&page_size=100",
        "a community's open ones of a service": f"{base}/requests.json?jurisdiction_id={community}"
        "&status=open&service_code=safety&page_size=100",
        "200 by their numbers": f"{base}/requests.json?service_request_id={','.join(numbers)}",
        "one": f"{base}/requests/{numbers[0]}.json",
        "updates": f"{base}/servicerequestupdates.json?page_size=100",
        "updates of a community": f"{base}/servicerequestupdates.json?jurisdiction_id={community}&page_size=100",
        "updates of a day in the past": f"{base}/servicerequestupdates.json?start_date={past}&page_size=100",
    }


@contextmanager
def listening(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is asked of the tables of complaints."""
    heard: list[tuple[str, Any]] = []

    def hear(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if re.search(r"\bcomplaint(_\w+)?\b", statement):
            heard.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


@pytest.mark.heavy
def test_100000_complaints_are_listed_within_200_ms_by_indexes(
    pg_cluster: Cluster, migrated_postgresql: str, tmp_path: Path
) -> None:
    url = pg_cluster.create_database("open311_load", template=migrated_postgresql)
    hall = Hall(url, tmp_path)
    addresses = paths(hall, *fill(hall))
    app = build_app(hall.ports)
    client = app.test_client()
    figures, plans = {}, {}
    for name, path in addresses.items():
        with listening(hall.engine) as heard:
            assert client.get(path).status_code in (200, 404), name
        plans[name] = [_short(plan_of(hall.engine, *found)) for found in heard]
        taken = []
        for _ in range(ROUNDS):
            app.floods = FloodGate("memory://")
            started = time.perf_counter()
            client.get(path)
            taken.append((time.perf_counter() - started) * 1000)
        figures[name] = round(quantiles(taken, n=20)[-1], 1)
    _write(figures, plans)
    hall.close()
    print("\n".join(f"{name:40} p95 {value:7.1f} ms" for name, value in figures.items()))
    scanned = [
        (name, line)
        for name, found in plans.items()
        for line in chain.from_iterable(found)
        if re.search(r"Seq Scan on complaint", line)
    ]
    assert scanned == []
    assert max(figures.values()) <= BOUND_MS, figures


def _short(plan: list[str]) -> list[str]:
    """Return a plan without its lists of ids and numbers, and without instants."""
    return [re.sub(r"'\{[^}]*\}'|'[^']*'(, '[^']*')+|'2[^']*'", "'…'", line) for line in plan]


def _write(figures: dict[str, float], plans: dict[str, list[list[str]]]) -> None:
    report = ROOT / "var" / "open311.json"
    report.parent.mkdir(exist_ok=True)
    report.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
    lines = [
        "Plans of what outsiders list by Open311, at 100,000 complaints of 40 estates over two years.",
        "Written by: python -m pytest -m heavy tests/load/test_open311.py",
        "",
    ]
    for name, found in plans.items():
        lines += [f"== {name}", *("\n".join((*plan, "")) for plan in found)]
    (ROOT / "docs" / "plans" / "open311.txt").write_text("\n".join(lines), encoding="utf-8")
