"""460,000 responses: lists, statistics and worklists within 200 ms on PostgreSQL, by indexes alone.

Writes ``var/surveys.json`` (the figures) and ``docs/plans/surveys.txt`` (the plans of every statement asked).
"""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from statistics import quantiles
from typing import Any

import orjson
import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from backend.infra.limits import FloodGate
from backend.wsgi import build_app
from tests.factories.postgres import Cluster
from tests.load.hall import Hall
from tests.load.survey_load import Load, load_survey

ROUNDS = 40
BOUND_MS = 200.0
ROOT = Path(__file__).parents[2]


def paths(load: Load) -> dict[str, tuple[str, str]]:
    """Return name → (token, address)."""
    staff, here = f"/api/v1/staff/surveys/{load.survey}", f"estate={load.estate}"
    bureau, committee, steward, resident = (
        person.token for person in (load.bureau, load.committee, load.steward, load.resident)
    )
    return {
        "list": (bureau, "/api/v1/staff/surveys"),
        "list of a steward": (steward, "/api/v1/staff/surveys"),
        "survey": (bureau, staff),
        "coverage by estate": (bureau, f"{staff}/coverage"),
        "coverage by building": (committee, f"{staff}/coverage?{here}"),
        "results of everything": (bureau, f"{staff}/results"),
        "results of an estate": (committee, f"{staff}/results?{here}"),
        "question by estate": (bureau, f"{staff}/breakdown?question=item_1"),
        "question by building": (committee, f"{staff}/breakdown?question=item_1&{here}"),
        "responses": (committee, f"{staff}/responses?{here}&limit=100"),
        "texts": (committee, f"{staff}/texts?{here}"),
        "texts searched": (committee, f"{staff}/texts?{here}&words=灯不亮"),
        "texts searched in vain": (committee, f"{staff}/texts?{here}&words=没有的词"),
        "worklist": (committee, f"{staff}/worklist?{here}&limit=100"),
        "worklist far on": (committee, f"{staff}/worklist?{here}&limit=100&cursor=80000"),
        "worklist of refusals": (committee, f"{staff}/worklist?{here}&outcome=refused"),
        "worklist of a steward": (steward, f"{staff}/worklist?{here}&building={load.building}"),
        "household": (steward, f"{staff}/households/{load.household}"),
        "my surveys": (resident, "/api/v1/surveys"),
        "my survey": (resident, f"/api/v1/surveys/{load.survey}"),
        "my answers": (resident, f"/api/v1/surveys/{load.survey}/answers?dwelling={load.home}"),
    }


@contextmanager
def listening(engine: Engine) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is asked of the survey tables."""
    heard: list[tuple[str, Any]] = []

    def hear(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if re.search(r"\bsurvey(_\w+)?\b", statement):
            heard.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", hear)
    try:
        yield heard
    finally:
        event.remove(engine, "before_cursor_execute", hear)


def plan_of(engine: Engine, statement: str, parameters: Any) -> list[str]:
    """Return the plan the database chooses, without costs."""
    with engine.connect() as connection:
        rows = connection.exec_driver_sql(f"EXPLAIN (COSTS OFF) {statement}", parameters)
        return [re.sub(r"'([0-9a-z]{20}|[^']{40,})'", "'…'", str(row[0])) for row in rows]


@pytest.mark.heavy
def test_460000_responses_are_read_within_200_ms_by_indexes(
    pg_cluster: Cluster, migrated_postgresql: str, tmp_path: Path
) -> None:
    url = pg_cluster.create_database("survey_load", template=migrated_postgresql)
    hall = Hall(url, tmp_path)
    load = load_survey(hall.ports)
    app = build_app(hall.ports)
    client = app.test_client()
    figures, plans = {}, {}
    for name, (token, path) in paths(load).items():
        headers = {"Authorization": f"Bearer {token}"}
        with listening(hall.engine) as heard:
            assert client.get(path, headers=headers).status_code == 200, name
        plans[name] = [plan_of(hall.engine, *found) for found in heard]
        taken = []
        for _ in range(ROUNDS):
            app.floods = FloodGate("memory://")
            started = time.perf_counter()
            assert client.get(path, headers=headers).status_code == 200
            taken.append((time.perf_counter() - started) * 1000)
        figures[name] = round(quantiles(taken, n=20)[-1], 1)
    _write(figures, plans)
    hall.close()
    print("\n".join(f"{name:24} p95 {value:7.1f} ms" for name, value in figures.items()))
    scanned = [
        (name, line)
        for name, found in plans.items()
        for line in chain.from_iterable(found)
        if re.search(r"Seq Scan on survey", line)
    ]
    assert scanned == []
    assert max(figures.values()) <= BOUND_MS, figures


def _write(figures: dict[str, float], plans: dict[str, list[list[str]]]) -> None:
    report = ROOT / "var" / "surveys.json"
    report.parent.mkdir(exist_ok=True)
    report.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2) + b"\n")
    lines = [
        "Plans of what the survey pages ask, at 460,000 responses of 515,200 households in one survey of 100 estates.",
        "Written by: python -m pytest -m heavy tests/load/test_surveys.py",
        "",
    ]
    for name, found in plans.items():
        lines += [f"== {name}", *("\n".join((*plan, "")) for plan in found)]
    target = ROOT / "docs" / "plans" / "surveys.txt"
    target.parent.mkdir(exist_ok=True)
    target.write_text("\n".join(lines), encoding="utf-8")
