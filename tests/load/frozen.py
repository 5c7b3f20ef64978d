"""Stopping the database's clock at an instant, in the database itself: nothing in the product knows of it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import event, text
from sqlalchemy.engine import Engine

_MILLISECOND = timedelta(milliseconds=1)


def freeze_clock(engine: Engine, instant: datetime) -> None:
    """Make ``db_now()`` answer ``instant`` (whole milliseconds) from now on.

    PostgreSQL: for every process on this database, by replacing the function that tells the time.
    SQLite: for this engine's connections, by their own ``strftime``; the expression around it is the product's.
    """
    assert instant.microsecond % 1000 == 0
    if engine.dialect.name == "postgresql":
        stopped = f"SELECT timestamptz '{instant.isoformat()}'"
        with engine.begin() as connection:
            connection.execute(
                text(
                    f"CREATE OR REPLACE FUNCTION gongjue_now() RETURNS timestamptz LANGUAGE sql AS $${stopped}$$"
                )
            )
        return

    def strftime(pattern: str, _when: str) -> str:
        if pattern == "%s":
            return str(int(instant.timestamp()))
        assert pattern == "%f"
        return f"{instant.second:02d}.{instant.microsecond // 1000:03d}"

    def stop(connection: Any, _record: Any) -> None:
        connection.create_function("strftime", 2, strftime)

    event.listen(engine, "connect", stop)
    engine.dispose()  # connections opened before would go on telling the true time
