"""Fixtures that every test may use: a database of each kind, a context with a savepoint per test."""

from __future__ import annotations

import gc
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings
from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.database import build_engine
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM
from tests.factories.databases import make_settings, migrate, sqlite_copy, sqlite_template, without_waiting
from tests.factories.empty_databases import EmptyDatabases
from tests.factories.phones import FakeExchange
from tests.factories.postgres import Cluster, cluster, find_binaries

DATABASES = ("sqlite", "postgresql")


def pytest_configure() -> None:
    """Look for garbage seldom: with thousands of tests in memory that takes a sixth of the time.

    How long an example took says who else runs on this machine: Hypothesis' own time limits tell nothing here.
    """
    gc.set_threshold(50_000)
    settings.register_profile("shared", deadline=None, suppress_health_check=[HealthCheck.too_slow])
    settings.load_profile("shared")


def pytest_collection_finish() -> None:
    """Leave out what stays until the end."""
    gc.collect()
    gc.freeze()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """One worker more than processors: each of them waits now and then, for a server or the disk."""
    return (os.cpu_count() or 1) + 1


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let each worker begin with its share of the files that hold long tests: short ones even out the end.

    xdist first gives every worker an equal run of this list, and then moves what has not begun from the run's end.
    """
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    long = [item for item in items if _is_long(item)]
    short = iter([item for item in items if not _is_long(item)])
    files = list(dict.fromkeys(item.path for item in long))
    ordered: list[pytest.Item] = []
    for turn in range(workers):
        ordered += [item for item in long if item.path in files[turn::workers]]
        ordered += islice(short, max(0, len(items) * (turn + 1) // workers - len(ordered)))
    items[:] = [*ordered, *short]


def _is_long(item: pytest.Item) -> bool:
    return item.get_closest_marker("slow") is not None or item.path.parent.name == "load"


def require_postgresql(reason: str) -> None:
    """Skip loudly, or fail where PostgreSQL is required."""
    if os.environ.get("REQUIRE_PG") == "1":
        pytest.fail(f"REQUIRE_PG=1, but {reason}")
    pytest.skip(f"POSTGRESQL NOT TESTED: {reason}")


@pytest.fixture(scope="session")
def pg_cluster() -> Iterator[Cluster]:
    """A PostgreSQL cluster of this worker's own, which waits for the disk only where a test wants it to."""
    if find_binaries() is None:
        require_postgresql("no PostgreSQL binaries found")
    with cluster() as running:
        running.set_durable(False)
        yield running


@pytest.fixture
def durable(request: pytest.FixtureRequest) -> Iterator[None]:
    """For tests about load and time: PostgreSQL, where the test uses it, with its durable defaults."""
    name = getattr(getattr(request.node, "callspec", None), "id", "")
    if "pg_cluster" not in request.fixturenames and "postgresql" not in name:
        yield
        return
    if "database_url" in request.fixturenames:
        # Made before and removed after, without waiting.
        request.getfixturevalue("database_url")
    running: Cluster = request.getfixturevalue("pg_cluster")
    running.set_durable(True)
    yield
    running.set_durable(False)


@pytest.fixture(scope="session")
def session_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for this worker's databases and files."""
    return tmp_path_factory.mktemp("gongjue")


@pytest.fixture(scope="session")
def migrated_sqlite(session_folder: Path) -> Path:
    """A migrated SQLite file to copy."""
    return sqlite_template(session_folder)


@pytest.fixture(scope="session")
def migrated_postgresql(pg_cluster: Cluster, session_folder: Path) -> str:
    """The name of a migrated PostgreSQL database to use as a template."""
    url = pg_cluster.create_database("template_gongjue")
    migrate(url, session_folder / "files").dispose()
    return "template_gongjue"


@pytest.fixture(scope="session")
def empty_databases(pg_cluster: Cluster, migrated_postgresql: str) -> Iterator[EmptyDatabases]:
    """Migrated PostgreSQL databases for tests that commit."""
    made = EmptyDatabases(pg_cluster, migrated_postgresql)
    yield made
    made.close()


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a fresh migrated database, for tests that commit; runs once per kind of database."""
    if request.param == "sqlite":
        yield sqlite_copy(request.getfixturevalue("migrated_sqlite"), tmp_path / "test.db")
        return
    empty: EmptyDatabases = request.getfixturevalue("empty_databases")
    name = f"t_{abs(hash(request.node.nodeid)) % 10**12}"
    yield empty.take(name)
    empty.give_back(name)


@pytest.fixture
def engine(database_url: str, tmp_path: Path) -> Iterator[Engine]:
    """An engine on a fresh migrated database of each kind."""
    built = without_waiting(build_engine(make_settings(database_url, tmp_path / "files")))
    yield built
    built.dispose()


@pytest.fixture(scope="session")
def shared_sqlite(migrated_sqlite: Path, session_folder: Path) -> Iterator[Engine]:
    """One SQLite database per worker for tests that roll back."""
    url = sqlite_copy(migrated_sqlite, session_folder / "shared.db")
    built = build_engine(make_settings(url, session_folder / "files"))
    yield built
    built.dispose()


@pytest.fixture(scope="session")
def shared_postgresql(
    pg_cluster: Cluster, migrated_postgresql: str, session_folder: Path
) -> Iterator[Engine]:
    """One PostgreSQL database per worker for tests that roll back."""
    url = pg_cluster.create_database("shared", template=migrated_postgresql)
    built = build_engine(make_settings(url, session_folder / "files"))
    yield built
    built.dispose()


@pytest.fixture(params=DATABASES)
def ctx(request: pytest.FixtureRequest, session_folder: Path) -> Iterator[Context]:
    """A context on each kind of database; whatever the test does is rolled back."""
    bound: Engine = request.getfixturevalue(f"shared_{request.param}")
    settings = make_settings(str(bound.url.render_as_string(hide_password=False)), session_folder / "files")
    vault = build_vault(settings)
    ports = Ports(settings, bound, vault, Storage(settings.storage_path, vault), FakeExchange())
    with bound.connect() as connection, connection.begin() as outer:
        with Session(connection, join_transaction_mode="create_savepoint", expire_on_commit=False) as session:
            yield Context(session=session, actor=SYSTEM, ports=ports, request_id="test")
        outer.rollback()
