"""The installation row: written once when a database is created, checked at every start."""

from __future__ import annotations

from sqlalchemy import text
from sqlalchemy.engine import Engine

from backend.infra.database import SQLITE_BARE_NOW, now_sql


class WrongInstallation(Exception):
    """The database was created for another mode than the settings say."""


def initialise(engine: Engine, mode: str) -> None:
    """Write the single row if it is missing; refuse a database of another mode."""
    with engine.begin() as connection:
        # The row itself holds the offset that db_now() needs, so its own birth is told by the bare clock.
        born = "now()" if connection.dialect.name == "postgresql" else SQLITE_BARE_NOW
        connection.execute(
            text(
                "INSERT INTO installation (id, mode, clock_offset_us, created_at) "  # noqa: S608 - born: one of our two
                f"VALUES (1, :mode, 0, {born}) ON CONFLICT (id) DO NOTHING"
            ).bindparams(mode=mode)
        )
        found = connection.execute(text("SELECT mode FROM installation")).scalar_one()
    _refuse_other(found, mode)


def installation_mode(engine: Engine) -> str:
    """Return the mode the database was created in."""
    with engine.connect() as connection:
        return str(connection.execute(text("SELECT mode FROM installation")).scalar_one())


def require_mode(engine: Engine, mode: str) -> None:
    """Refuse a database of another mode than the settings say; every process asks at its start."""
    _refuse_other(installation_mode(engine), mode)


def _refuse_other(found: str, mode: str) -> None:
    if found != mode:
        raise WrongInstallation(f"这个数据库的用途是 {found}，而 GONGJUE_MODE 是 {mode}")


def move_clock(engine: Engine, offset_us: int) -> None:
    """Set a rehearsal's clock offset in microseconds; the constraint refuses it anywhere else."""
    with engine.begin() as connection:
        connection.execute(
            text("UPDATE installation SET clock_offset_us = :offset").bindparams(offset=offset_us)
        )


def database_time(engine: Engine) -> object:
    """Return the raw ``db_now()`` value; used by readiness checks."""
    with engine.connect() as connection:
        return connection.execute(text(f"SELECT {now_sql(connection.dialect.name)}")).scalar_one()
