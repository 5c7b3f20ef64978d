"""Two places side by side in one database of each kind, built once per worker and put back after each change."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from backend.infra.context import Ports
from backend.infra.crypto import build_vault
from backend.infra.database import build_engine
from backend.infra.limits import FloodGate
from backend.infra.storage import Storage
from backend.wsgi import build_app
from tests.api.conftest import World
from tests.api.matrix.bodies import BODIES
from tests.api.matrix.body import Body
from tests.api.matrix.place import Place, build_place
from tests.api.matrix.table import Row
from tests.factories.databases import make_settings, sqlite_copy, without_waiting
from tests.factories.phones import FakeExchange
from tests.factories.postgres import Cluster

Answer = tuple[int, bytes]


@dataclass
class Pair:
    """The app, our place, the place elsewhere, and our place under identifiers that exist nowhere."""

    world: World
    ours: Place
    theirs: Place
    nowhere: Place
    saved: sqlite3.Connection | None = None
    live: sqlite3.Connection | None = None
    untouched: int = 0

    def ask(self, row: Row, who: str | None, home: Place, about: Place) -> Answer:
        """Let somebody of ``home`` call the route about the things of ``about``."""
        address = re.sub(r"<(\w+)>", lambda name: self._value(name[1], who, home, about), row.path)
        body = BODIES.get(f"{row.method} {row.path.partition('?')[0]}", lambda _: Body())(about)
        headers = dict(body.headers)
        if who is not None:
            headers["Authorization"] = f"Bearer {home.tokens[who]}"
        answer = self.world.app.test_client().open(
            address, method=row.method, json=body.json, data=body.data, headers=headers
        )
        return answer.status_code, answer.data

    def _value(self, name: str, who: str | None, home: Place, about: Place) -> str:
        if name == "own_session":
            return home.own_sessions.get(who or "", "0" * 20)
        return about.ids[name]

    def put_back(self) -> None:
        """Undo whatever was written (SQLite); nothing was: nothing is done."""
        if self.saved is not None and self.live is not None and self.writes() != self.untouched:
            self.saved.backup(self.live)
            self.untouched = self.writes()

    def writes(self) -> int:
        """Return a number that changes with every commit of anybody else (SQLite; else 0)."""
        if self.live is None:
            return 0
        return int(self.live.execute("PRAGMA data_version").fetchone()[0])


@pytest.fixture(scope="session")
def sqlite_pair(migrated_sqlite: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pair]:
    """Both places in an SQLite file, arranged once."""
    folder = tmp_path_factory.mktemp("matrix")
    made = _arrange(sqlite_copy(migrated_sqlite, folder / "matrix.db"), folder)
    made.world.ports.engine.dispose()
    made.live, made.saved = sqlite3.connect(folder / "matrix.db"), sqlite3.connect(":memory:")
    made.live.execute("PRAGMA synchronous=OFF")
    made.live.backup(made.saved)
    made.untouched = made.writes()
    yield made
    made.live.close()
    made.saved.close()
    made.world.ports.engine.dispose()


@pytest.fixture(scope="session")
def postgresql_pair(
    pg_cluster: Cluster, migrated_postgresql: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pair]:
    """Both places in a PostgreSQL database, arranged once; nothing there is put back."""
    made = _arrange(
        pg_cluster.create_database("matrix", template=migrated_postgresql), tmp_path_factory.mktemp("matrix")
    )
    yield made
    made.world.ports.engine.dispose()


def _arrange(url: str, folder: Path) -> Pair:
    settings = make_settings(url, folder / "files")
    vault = build_vault(settings)
    storage = Storage(settings.storage_path, vault)
    engine = without_waiting(build_engine(settings))
    ports = Ports(settings, engine, vault, storage, FakeExchange())
    world = World(build_app(ports), ports)
    with world.arrange() as ctx:
        ours, theirs = build_place(ctx), build_place(ctx)
    return Pair(world, ours, theirs, ours.unknown())


@pytest.fixture
def pair(request: pytest.FixtureRequest) -> Pair:
    """Both places with fresh flood counters: this is about rights, not about floods."""
    kind = getattr(request, "param", "sqlite")
    chosen: Pair = request.getfixturevalue(f"{kind}_pair")
    chosen.world.app.floods = FloodGate("memory://")
    return chosen


def routes_of(app: Any) -> set[str]:
    """Return every route of the app as ``METHOD /path`` with nameless parameters."""
    found = set()
    for rule in app.url_map.iter_rules():
        for method in (rule.methods or set()) - {"HEAD", "OPTIONS"}:
            found.add(f"{method} {nameless(rule.rule)}")
    return found


def nameless(path: str) -> str:
    """Return a path whose parameters have no names."""
    return re.sub(r"<[^>]*>", "<>", path.partition("?")[0])
