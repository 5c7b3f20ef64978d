"""The bot's fixtures: ports on a committed database of each kind."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from backend.bootstrap import build_ports
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.infra.limits import FloodGate
from backend.kernel.access import SYSTEM
from backend.wsgi import build_app
from tests.bot.chatting import Chatting
from tests.bot.wired import Wired, wire
from tests.factories.databases import make_settings, sqlite_copy
from tests.factories.postgres import Cluster
from tests.factories.simulator import SimulatorHandle, start_simulator

Acting = Callable[[], AbstractContextManager[Context]]
STATE_TABLES = (
    "ballot",
    "vote",
    "vote_disposition",
    "ledger_event",
    "ledger_leaf",
    "ledger_checkpoint",
    "import_run",
    "dwelling",
    "rectification_item",
    "warranty_reminder",
    "failed_try",
)


@pytest.fixture(autouse=True)
def _logs_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let caplog see our log also after another test configured the product's own."""
    monkeypatch.setattr(logging.getLogger("gongjue"), "propagate", True)


@pytest.fixture
def ports(engine: Engine, database_url: str, tmp_path: Path) -> Ports:
    return build_ports(make_settings(database_url, tmp_path / "files"), engine=engine)


@pytest.fixture
def acting(ports: Ports) -> Acting:
    """Open a context that commits."""

    @contextmanager
    def act() -> Iterator[Context]:
        with open_session(ports.engine) as session:
            yield Context(session=session, actor=SYSTEM, ports=ports, request_id="test")
            session.commit()

    return act


@pytest.fixture
def whole_state(ports: Ports) -> Callable[[], dict[str, list[str]]]:
    """Read every row a job may write."""

    def read() -> dict[str, list[str]]:
        with ports.engine.connect() as connection:
            return {
                table: sorted(str(tuple(row)) for row in connection.execute(text(f"SELECT * FROM {table}")))
                for table in STATE_TABLES
            }

    return read


@pytest.fixture(scope="session")
def running_simulator() -> Iterator[SimulatorHandle]:
    """One simulator of this worker's own."""
    handle = start_simulator()
    yield handle
    handle.stop()


@pytest.fixture
def wired(
    running_simulator: SimulatorHandle, engine: Engine, database_url: str, tmp_path: Path
) -> Iterator[Wired]:
    """A world at noon whose messages go to the simulator, emptied before."""
    running_simulator.reset()
    yield wire(make_settings(database_url, tmp_path / "files"), engine, running_simulator)
    running_simulator.control("DELETE", "faults")


@pytest.fixture(scope="module", params=("sqlite", "postgresql"))
def shared_chatting(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Chatting]:
    """One app and database of each kind for a module whose tests use people and places of their own."""
    folder = tmp_path_factory.mktemp("chat")
    if request.param == "sqlite":
        url = sqlite_copy(request.getfixturevalue("migrated_sqlite"), folder / "chat.db")
    else:
        cluster: Cluster = request.getfixturevalue("pg_cluster")
        template = request.getfixturevalue("migrated_postgresql")
        url = cluster.create_database(f"chat_{abs(hash(request.node.nodeid)) % 10**12}", template=template)
    ports = build_ports(make_settings(url, folder / "files"))
    made = Chatting(build_app(ports), ports)
    yield made
    made.close()
    ports.engine.dispose()


@pytest.fixture
def chat(shared_chatting: Chatting) -> Chatting:
    """The module's app with fresh flood counters."""
    shared_chatting.app.floods = FloodGate("memory://")
    return shared_chatting


@pytest.fixture
def chatting(ports: Ports) -> Iterator[Chatting]:
    """The app, called as WeChat calls it."""
    made = Chatting(build_app(ports), ports)
    yield made
    made.close()
