"""Copying a whole database out and in: SQLite's online backup, PostgreSQL's own programs."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.engine import URL, Engine, make_url
from sqlmodel import Session

from backend.commands._backup_files import DUMPS, Facts, copy_file
from backend.infra.database import build_engine, open_session
from backend.infra.settings import Settings

Read = Callable[[Session, Engine], Facts]

_TABLES = text(
    "SELECT count(*) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace "
    "WHERE n.nspname NOT IN ('pg_catalog', 'information_schema') AND n.nspname NOT LIKE 'pg_toast%'"
)
_SQLITE_COMPANIONS = ("", "-wal", "-shm", "-journal")


class ToolFailed(Exception):
    """``pg_dump`` or ``pg_restore`` is missing or gave up; the text holds its last words."""


def dump(settings: Settings, engine: Engine, folder: Path, read: Read) -> Facts:
    """Write the database into ``folder`` and return what ``read`` finds in exactly that state of it."""
    return (_dump_sqlite if settings.is_sqlite else _dump_postgresql)(settings, engine, folder, read)


def is_empty(settings: Settings, engine: Engine) -> bool:
    """Tell whether nothing was ever created in the database."""
    if settings.is_sqlite:
        with engine.connect() as connection:
            return not connection.execute(text("SELECT count(*) FROM sqlite_master")).scalar_one()
    with engine.connect() as connection:
        return not connection.execute(_TABLES).scalar_one()


def load(settings: Settings, folder: Path) -> None:
    """Put the copy in ``folder`` into the empty database; on PostgreSQL whole or not at all."""
    if settings.is_sqlite:
        _load_sqlite(_path(settings), folder / DUMPS["sqlite"])
        return
    address, environment = _connection(settings)
    _run(
        "pg_restore",
        ["--exit-on-error", "--single-transaction", "--no-owner", "--no-privileges", f"--dbname={address}"],
        folder / DUMPS["postgresql"],
        environment,
    )


def _dump_sqlite(settings: Settings, engine: Engine, folder: Path, read: Read) -> Facts:
    target = folder / DUMPS["sqlite"]
    with closing(sqlite3.connect(_path(settings))) as source, closing(sqlite3.connect(target)) as copy:
        source.backup(copy)
    copied = build_engine(replace(settings, database_url=f"sqlite:///{target}"))
    with open_session(copied, read_only=True) as session:
        facts = read(session, copied)
    copied.dispose()
    with closing(sqlite3.connect(target)) as copy:
        # Out of WAL mode, so that the backup is one file.
        copy.execute("PRAGMA journal_mode=DELETE")
        (verdict,) = copy.execute("PRAGMA integrity_check(1)").fetchone()
    if verdict != "ok":
        raise ToolFailed(f"SQLite 完整性检查不通过：{verdict}")
    return facts


def _load_sqlite(path: Path, copy: Path) -> None:
    # A leftover log of another database would be replayed into this one.
    for companion in _SQLITE_COMPANIONS:
        path.with_name(path.name + companion).unlink(missing_ok=True)
    draft = path.with_name(f".{path.name}.restoring")
    draft.unlink(missing_ok=True)
    copy_file(copy, draft)
    draft.replace(path)


def _dump_postgresql(settings: Settings, engine: Engine, folder: Path, read: Read) -> Facts:
    address, environment = _connection(settings)
    # One snapshot for both: what the manifest says is what the dump holds, whatever is cast meanwhile.
    with engine.connect().execution_options(isolation_level="REPEATABLE READ") as connection:
        snapshot = connection.execute(text("SELECT pg_export_snapshot()")).scalar_one()
        with Session(connection) as session:
            facts = read(session, engine)
            target = folder / DUMPS["postgresql"]
            options = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}"]
            _run("pg_dump", [*options, f"--file={target}"], address, environment)
    return facts


def _connection(settings: Settings) -> tuple[str, dict[str, str]]:
    """Return the address without its password, which belongs in no list of processes, and the environment."""
    url = make_url(settings.database_url)
    bare = URL.create("postgresql", url.username, None, url.host, url.port, url.database, url.query)
    secret = {"PGPASSWORD": str(url.password)} if url.password else {}
    return bare.render_as_string(), {**os.environ, **secret}


def _run(program: str, options: Sequence[str], last: str | Path, environment: dict[str, str]) -> None:
    folder = os.environ.get("PG_BIN")
    found = shutil.which(program, path=folder)
    if found is None:
        raise ToolFailed(f"找不到 {program}，请安装 PostgreSQL 客户端，或用 PG_BIN 指明它所在的目录")
    command = [found, *options, str(last)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - found on PATH or PG_BIN, no shell
    if done.returncode:
        raise ToolFailed(f"{program} 失败：{' '.join(done.stderr.split()[-60:])}")


def _path(settings: Settings) -> Path:
    return Path(settings.database_url.removeprefix("sqlite:///"))
