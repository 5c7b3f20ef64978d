"""How long ago the bot last beat, by the database's clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.engine import Engine

from backend.infra.columns import from_micros
from backend.infra.database import now_sql

BOT_SILENT_AFTER = timedelta(minutes=2)


def bot_age(engine: Engine) -> timedelta | None:
    """Return the age of the bot's last beat; None when it never beat."""
    with engine.execution_options(read_only=True).connect() as connection:
        now = now_sql(connection.dialect.name)
        statement = f"SELECT beat_at, {now} AS now FROM heartbeat WHERE name = 'bot'"  # noqa: S608 - a constant
        row = connection.execute(text(statement)).one_or_none()
    return None if row is None else _moment(row.now) - _moment(row.beat_at)


def is_silent(age: timedelta | None) -> bool:
    """Tell whether somebody should look after the bot; voting goes on without it."""
    return age is None or age > BOT_SILENT_AFTER


def _moment(value: Any) -> datetime:
    return from_micros(value) if isinstance(value, int) else value
