"""Migrated databases for tests: one SQLite file, one PostgreSQL database, copied per use."""

from __future__ import annotations

import base64
import shutil
from pathlib import Path
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

from backend.infra.database import build_engine
from backend.infra.installation import initialise
from backend.infra.settings import Settings, load_settings
from migrations import runner


def make_environment(url: str, storage: Path, mode: str = "rehearsal") -> dict[str, str]:
    """Return what a process must find in its environment; keys are fixed and public."""
    key = base64.urlsafe_b64encode(bytes(range(32))).decode()
    return {
        "GONGJUE_MODE": mode,
        "GONGJUE_DATABASE_URL": url,
        "GONGJUE_STORAGE": str(storage),
        "GONGJUE_FIELD_KEYS": f"t1:{key}",
        "GONGJUE_INDEX_KEY": key,
    }


def make_settings(url: str, storage: Path, mode: str = "rehearsal") -> Settings:
    """Return settings for a test database."""
    return load_settings(make_environment(url, storage, mode))


def without_waiting(engine: Engine) -> Engine:
    """Let SQLite leave writing to the system: a test loses nothing by a power cut, and much time by the disk."""
    if engine.dialect.name == "sqlite":
        event.listen(engine, "connect", _leave_to_the_system)
    return engine


def _leave_to_the_system(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA synchronous=OFF")


def migrate(url: str, storage: Path, mode: str = "rehearsal") -> Engine:
    """Build the schema by the migrations and write the installation row."""
    engine = build_engine(make_settings(url, storage, mode))
    runner.upgrade(engine)
    initialise(engine, mode)
    return engine


def sqlite_template(folder: Path) -> Path:
    """Create a migrated SQLite file to be copied by each test that wants a file of its own."""
    path = folder / "template.db"
    engine = migrate(f"sqlite:///{path}", folder / "files")
    engine.dispose()
    return path


def sqlite_copy(template: Path, target: Path) -> str:
    """Copy the template and return its URL."""
    shutil.copy(template, target)
    return f"sqlite:///{target}"
