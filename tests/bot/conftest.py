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
from backend.kernel.access import SYSTEM
from tests.bot.wired import Wired, wire
from tests.factories.databases import make_settings
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
