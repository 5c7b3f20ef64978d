"""Migrations: one line of history, round trip, and nothing the tables say that they do not."""

from __future__ import annotations

from alembic.script import ScriptDirectory
from sqlalchemy import inspect
from sqlalchemy.engine import Engine

from migrations import runner


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(runner._config()).get_heads()) == 1


def test_tables_and_migrations_agree(engine: Engine) -> None:
    assert runner.pending_changes(engine) == []


def test_migrations_undo_and_redo(engine: Engine) -> None:
    runner.downgrade(engine, "base")
    assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
    runner.upgrade(engine)
    assert runner.current_revision(engine) == runner.head_revision()
