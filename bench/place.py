"""A database of each kind with the product and the baseline serving on it."""

from __future__ import annotations

import base64
import os
import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlmodel import Session

from backend.bootstrap import build_ports
from backend.infra.context import Context
from backend.infra.database import build_engine
from backend.infra.installation import initialise
from backend.infra.settings import Settings, load_settings
from backend.kernel.access import SYSTEM
from bench.crowd import Crowd, make_crowd
from migrations import runner
from tests.factories.postgres import cluster
from tests.factories.servers import WebServer, web_server

SMALL, LARGE = 300, 30_000

# The columns of ``vote`` with their types, its key, and none of its other indexes.
_BARE_TABLE = """
CREATE TABLE bare_vote (
  receipt varchar NOT NULL PRIMARY KEY, ballot_id varchar NOT NULL, roll_entry_id varchar NOT NULL,
  account_id varchar, idempotency_key varchar, request_hash {binary} NOT NULL, channel varchar NOT NULL,
  arrived_as varchar NOT NULL, state varchar NOT NULL, choices varchar NOT NULL,
  documents_hash varchar NOT NULL, photo_sha256 varchar, nonce {binary} NOT NULL, cast_at {instant} NOT NULL,
  leaf_no bigint
)
"""


@dataclass(frozen=True)
class Place:
    """What one database's rounds need: servers, voters, and the way in for the checks."""

    settings: Settings
    engine: Engine
    product: WebServer
    bare: WebServer
    casting: Crowd
    small: Crowd
    large: Crowd
    pgbench: Path | None
    server_version: str


@contextmanager
def build_place(kind: str, folder: Path, voters: int) -> Iterator[Place]:
    """Create the database with durable defaults, fill it, and serve it until the block ends."""
    with ExitStack() as stack:
        pgbench = None
        if kind == "postgresql":
            running = stack.enter_context(cluster())
            url = running.create_database("bench")
            found = running.binaries / "pgbench"
            pgbench = found if found.exists() else None
        else:
            url = f"sqlite:///{folder / 'bench.db'}"
        environment = _environment(url, folder)
        settings = load_settings(environment)
        engine = build_engine(settings)
        stack.callback(engine.dispose)
        crowds = _fill(engine, settings, voters)
        bare_environment = {"BENCH_DATABASE_URL": url}
        bare = web_server(bare_environment, folder / "bare.log", app="bench.bare:app", ready="/")
        product = web_server({**os.environ, **environment}, folder / "product.log")
        yield Place(
            settings,
            engine,
            stack.enter_context(product),
            stack.enter_context(bare),
            *crowds,
            pgbench,
            _version(engine),
        )


def _environment(url: str, folder: Path) -> dict[str, str]:
    """Return production settings with keys of this run's own."""

    def key() -> str:
        return base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()

    return {
        "GONGJUE_MODE": "production",
        "GONGJUE_DATABASE_URL": url,
        "GONGJUE_STORAGE": str(folder / "files"),
        "GONGJUE_FIELD_KEYS": f"bench:{key()}",
        "GONGJUE_INDEX_KEY": key(),
        "GONGJUE_WECHAT_APP_SECRET": secrets.token_hex(16),
        "GONGJUE_POOL_SIZE": "4",
    }


def _fill(engine: Engine, settings: Settings, voters: int) -> tuple[Crowd, Crowd, Crowd]:
    runner.upgrade(engine)
    initialise(engine, settings.mode)
    is_sqlite = settings.is_sqlite
    types = ("BLOB", "BIGINT") if is_sqlite else ("bytea", "timestamptz")
    with engine.begin() as connection:
        connection.execute(text(_BARE_TABLE.format(binary=types[0], instant=types[1])))
    ports = build_ports(settings, engine=engine)
    with Session(engine, expire_on_commit=False) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id="bench")
        crowds = (
            make_crowd(ctx, voters),
            make_crowd(ctx, SMALL, voted=SMALL),
            make_crowd(ctx, LARGE, voted=LARGE),
        )
        session.commit()
    settle(engine, is_sqlite)
    return crowds


def settle(engine: Engine, is_sqlite: bool) -> None:
    """Do what autovacuum and the checkpointer do by themselves within minutes: the planner knows the tables."""
    pooled = engine.raw_connection()
    connection = pooled.driver_connection
    assert connection is not None
    if not is_sqlite:
        connection.autocommit = True
    for statement in (
        ("ANALYZE", "PRAGMA wal_checkpoint(TRUNCATE)") if is_sqlite else ("VACUUM ANALYZE", "CHECKPOINT")
    ):
        connection.execute(statement)
    if not is_sqlite:
        connection.autocommit = False
    pooled.close()


def _version(engine: Engine) -> str:
    with engine.connect() as connection:
        query = "SHOW server_version" if engine.dialect.name == "postgresql" else "SELECT sqlite_version()"
        return str(connection.exec_driver_sql(query).scalar_one())
