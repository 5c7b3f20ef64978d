"""The ground everything stands on: time, events, guards."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError, IntegrityError
from sqlmodel import Session, select

from backend.infra.context import Context
from backend.infra.database import db_now
from backend.infra.installation import move_clock
from backend.kernel.events import Event
from backend.ledger import service
from backend.ledger.tables import LedgerEvent


def test_database_time_is_aware_and_close_to_now(ctx: Context) -> None:
    assert abs(ctx.clock.now() - datetime.now(UTC)) < timedelta(seconds=5)


def test_event_round_trips_and_cannot_be_edited_or_deleted(ctx: Context) -> None:
    identifier = service.append(ctx, Event("ballot.opened", None, "ballot", "b1", {"n": 1}))
    ctx.session.flush()
    row = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.id == identifier)).one()
    assert row.payload == {"n": 1}
    for statement in ("UPDATE ledger_event SET type = 'x'", "DELETE FROM ledger_event"):
        with pytest.raises(DatabaseError), ctx.session.begin_nested():
            ctx.session.connection().execute(text(statement))


def test_rehearsal_clock_moves_and_mode_does_not(engine: Engine) -> None:
    move_clock(engine, 3_600_000_000)
    with Session(engine) as session:
        assert timedelta(minutes=59) < db_now(session) - datetime.now(UTC) < timedelta(minutes=61)
    with pytest.raises(DatabaseError), engine.begin() as connection:
        connection.execute(text("UPDATE installation SET mode = 'production', clock_offset_us = 0"))


def test_production_clock_cannot_be_moved(engine: Engine) -> None:
    with engine.begin() as connection:
        guards = ("installation_guard_update", "installation_guard_delete")
        if connection.dialect.name == "postgresql":
            connection.execute(text("ALTER TABLE installation DISABLE TRIGGER ALL"))
        else:
            for guard in guards:
                connection.execute(text(f"DROP TRIGGER {guard}"))
        connection.execute(text("UPDATE installation SET mode = 'production'"))
    with pytest.raises(IntegrityError):
        move_clock(engine, 1)
