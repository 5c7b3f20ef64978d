"""The real app on a fresh migrated database of each kind, called over its WSGI interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.database import build_engine
from backend.infra.settings import Settings
from backend.infra.storage import Storage
from backend.infra.web import GongjueFlask
from backend.kernel.access import SYSTEM
from backend.wsgi import build_app
from tests.conftest import DATABASES
from tests.factories.databases import make_settings, sqlite_copy, without_waiting
from tests.factories.phones import FakeExchange


@dataclass(frozen=True)
class World:
    """An app, its ports, and a way to arrange data that is really committed."""

    app: GongjueFlask
    ports: Ports

    @contextmanager
    def arrange(self) -> Iterator[Context]:
        """Give a system context and commit what the test did with it."""
        with Session(self.ports.engine, expire_on_commit=False) as session:
            yield Context(session=session, actor=SYSTEM, ports=self.ports, request_id="arrange")
            session.commit()


@pytest.fixture
def world(engine: Engine, database_url: str, tmp_path: Path) -> World:
    """The app on each kind of database."""
    return _world(make_settings(database_url, tmp_path / "files"), engine)


@pytest.fixture(scope="module", params=DATABASES)
def shared_world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """One app and database of each kind for a module whose tests use people and places of their own."""
    folder = tmp_path_factory.mktemp("world")
    if request.param == "sqlite":
        url = sqlite_copy(request.getfixturevalue("migrated_sqlite"), folder / "world.db")
    else:
        cluster, template = (request.getfixturevalue(name) for name in ("pg_cluster", "migrated_postgresql"))
        url = cluster.create_database("shared_world", template=template)
    settings = make_settings(url, folder / "files")
    made = _world(settings, without_waiting(build_engine(settings)))
    yield made
    made.ports.engine.dispose()


def _world(settings: Settings, engine: Engine) -> World:
    vault = build_vault(settings)
    ports = Ports(settings, engine, vault, Storage(settings.storage_path, vault), FakeExchange())
    return World(build_app(ports), ports)
