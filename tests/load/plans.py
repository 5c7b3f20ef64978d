"""What a page asks of the database, how it is answered, and how long the whole answer takes."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from statistics import quantiles
from typing import Any

import orjson
from sqlalchemy import event
from sqlalchemy.engine import Engine

from backend.infra.limits import FloodGate
from backend.infra.web import GongjueFlask

ROOT = Path(__file__).parents[2]
# What differs from one load to the next: identifiers, instants, long words.
_VARYING = re.compile(r"'([0-9a-z]{20}|[0-9]{12}|/[0-9a-z/]+%?|\d{4}-\d\d-\d\d[^']*|[^']{40,})'")


@dataclass
class Readings:
    """Name → milliseconds (p50, p95) and plans of everything asked."""

    figures: dict[str, dict[str, float]] = field(default_factory=dict)
    plans: dict[str, list[list[str]]] = field(default_factory=dict)

    def scans_of(self, tables: str, names: set[str]) -> list[tuple[str, str]]:
        """Return where the pages named read a whole table whose name matches."""
        return [
            (name, line)
            for name in sorted(names)
            for line in chain.from_iterable(self.plans[name])
            if re.search(rf"Seq Scan on ({tables})\b", line)
        ]

    def slowest(self) -> float:
        """Return the worst p95."""
        return max(found["p95"] for found in self.figures.values())

    def write(self, name: str, heading: str, command: str) -> None:
        """Write ``var/<name>.json`` and ``docs/plans/<name>.txt``."""
        report, target = ROOT / "var" / f"{name}.json", ROOT / "docs" / "plans" / f"{name}.txt"
        report.parent.mkdir(exist_ok=True)
        report.write_bytes(orjson.dumps(self.figures, option=orjson.OPT_INDENT_2) + b"\n")
        lines = [heading, f"Written by: {command}", ""]
        for page, found in self.plans.items():
            lines += [f"== {page}", *("\n".join((*plan, "")) for plan in found)]
        target.parent.mkdir(exist_ok=True)
        target.write_text("\n".join(lines), encoding="utf-8")


def read_pages(
    app: GongjueFlask, engine: Engine, pages: Mapping[str, tuple[str | None, str]], tables: str, rounds: int
) -> Readings:
    """Ask for each page (token, address) once for its plans, then time it through the whole app."""
    client, found = app.test_client(), Readings()
    for name, (token, path) in pages.items():
        headers = {} if token is None else {"Authorization": f"Bearer {token}"}
        with _listening(engine, tables) as heard:
            answer = client.get(path, headers=headers)
            assert answer.status_code == 200, (name, answer.text)
        found.plans[name] = [plan_of(engine, *asked) for asked in heard]
        taken = []
        for _ in range(rounds):
            app.floods = FloodGate("memory://")
            started = time.perf_counter()
            assert client.get(path, headers=headers).status_code == 200
            taken.append((time.perf_counter() - started) * 1000)
        parts = quantiles(taken, n=20, method="inclusive")
        found.figures[name] = {"p50": round(parts[9], 1), "p95": round(parts[18], 1)}
    return found


@contextmanager
def _listening(engine: Engine, tables: str) -> Iterator[list[tuple[str, Any]]]:
    """Collect what is asked of the tables whose names match."""
    heard: list[tuple[str, Any]] = []

    def hear(_conn: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        if statement.startswith(("SELECT", "WITH")) and re.search(rf"\b({tables})\b", statement):
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
        return [_VARYING.sub("'…'", str(row[0])) for row in rows]
