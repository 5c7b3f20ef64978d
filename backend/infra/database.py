"""Engines, sessions and the one source of time."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, event, text
from sqlalchemy.engine import Connection, Engine
from sqlmodel import Session

from backend.infra.columns import from_micros
from backend.infra.settings import Settings

# 'now' is constant within one SQLite statement and read after BEGIN IMMEDIATE got the lock.
SQLITE_BARE_NOW = (
    "(CAST(strftime('%s','now') AS INTEGER) * 1000000"
    " + CAST(substr(strftime('%f','now'), 4) AS INTEGER) * 1000)"
)
SQLITE_NOW = f"({SQLITE_BARE_NOW} + (SELECT clock_offset_us FROM installation))"  # noqa: S608 - constant
POSTGRESQL_NOW = "gongjue_now()"


def build_engine(settings: Settings, *, pool_size: int | None = None) -> Engine:
    """Make the engine: pool as large as the threads of one process; SQLite in WAL with immediate writers."""
    if settings.is_sqlite:
        return _sqlite_engine(settings.database_url, pool_size or settings.pool_size)
    return create_engine(
        settings.database_url,
        pool_size=pool_size or settings.pool_size,
        max_overflow=4,
        pool_pre_ping=True,
        pool_timeout=10,
        connect_args={"application_name": "gongjue", "connect_timeout": 5},
    )


def _sqlite_engine(url: str, pool_size: int) -> Engine:
    path = url.removeprefix("sqlite:///")
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    engine = create_engine(
        url, pool_size=pool_size, max_overflow=8, connect_args={"timeout": 30, "check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def _prepare(connection: Any, _record: Any) -> None:
        connection.isolation_level = None  # we say BEGIN ourselves
        connection.execute("PRAGMA journal_mode=WAL")
        connection.execute("PRAGMA synchronous=FULL")  # an acknowledged vote survives a power cut
        connection.execute("PRAGMA foreign_keys=ON")
        connection.execute("PRAGMA busy_timeout=30000")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        read_only = connection.get_execution_options().get("read_only", False)
        # A deferred reader that later writes fails with SQLITE_BUSY at once, whatever the timeout.
        connection.exec_driver_sql("BEGIN" if read_only else "BEGIN IMMEDIATE")

    return engine


def open_session(engine: Engine, *, read_only: bool = False) -> Session:
    """Open a session; ``read_only`` lets SQLite readers run beside a writer."""
    return Session(engine.execution_options(read_only=True) if read_only else engine, expire_on_commit=False)


def hold(session: Session, name: str | None) -> None:
    """Let nobody else hold this name until the transaction ends; None holds nothing. SQLite has one writer anyway."""
    if name is not None and session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 2))")
        session.connection().execute(lock, {"name": name})


def now_sql(dialect_name: str) -> str:
    """Return the SQL expression of ``db_now()`` for a dialect (native storage form)."""
    return POSTGRESQL_NOW if dialect_name == "postgresql" else SQLITE_NOW


def db_now(session: Session) -> datetime:
    """Return the database's time plus the rehearsal offset: the only clock any rule may depend on."""
    dialect = session.get_bind().dialect.name
    value = session.connection().execute(text(f"SELECT {now_sql(dialect)}")).scalar_one()
    return from_micros(value) if isinstance(value, int) else value
