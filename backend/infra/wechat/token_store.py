"""The token in our database, encrypted."""

from __future__ import annotations

import logging
from collections.abc import Callable

from sqlalchemy import Insert, Table, select
from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import OperationalError, SQLAlchemyError
from sqlmodel import SQLModel

from backend.infra.crypto import UnknownKey
from backend.infra.wechat import tables as _tables  # noqa: F401 - registers the table
from backend.infra.wechat.tokens import Token

_TOKENS: Table = SQLModel.metadata.tables["wechat_token"]
_BUSY_MILLISECONDS = 200
_log = logging.getLogger(__name__)


class DatabaseTokenStore:
    """A ``TokenStore`` on its own connection, apart from any request's transaction."""

    def __init__(self, engine: Engine, *, seal: Callable[[str], str], open: Callable[[str], str]) -> None:
        self._engine = engine
        self._seal = seal
        self._open = open

    def get(self, app_id: str) -> Token | None:
        """Return the stored token; None when there is none, its key is gone or the database is away."""
        query = select(_TOKENS.c.token_ciphertext, _TOKENS.c.expires_at).where(_TOKENS.c.app_id == app_id)
        try:
            with self._engine.execution_options(read_only=True).connect() as connection:
                row = connection.execute(query).one_or_none()
        except SQLAlchemyError:
            _log.warning("WeChat token not read: the database is away")
            return None
        if row is None:
            return None
        try:
            return Token(self._open(row.token_ciphertext), row.expires_at)
        except (UnknownKey, ValueError):
            return None

    def save(self, app_id: str, token: Token) -> None:
        """Store the token, or give up quickly while another writer holds SQLite.

        That writer may be the very request that waits for this call; and WeChat gives every process that asks
        the same token, so the store only saves calls.
        """
        values = {"token_ciphertext": self._seal(token.text), "expires_at": token.expires_at}
        insert = postgresql_insert if self._engine.dialect.name == "postgresql" else sqlite_insert
        upsert = insert(_TOKENS).values(app_id=app_id, **values)
        upsert = upsert.on_conflict_do_update(index_elements=[_TOKENS.c.app_id], set_=values)
        try:
            self._write(upsert)
        except SQLAlchemyError:
            _log.warning("WeChat token not stored: the database is away")

    def _write(self, upsert: Insert) -> None:
        with self._engine.connect() as connection:
            usual = _set_busy_wait(connection, _BUSY_MILLISECONDS)
            try:
                connection.execute(upsert)
                connection.commit()
            except OperationalError:
                connection.rollback()
                _log.warning("WeChat token not stored: the database is busy")
            finally:
                _set_busy_wait(connection, usual)


def _set_busy_wait(connection: Connection, milliseconds: int) -> int:
    """Set how long this SQLite connection waits for a writer; return what it was. Elsewhere, do nothing."""
    raw = connection.connection.dbapi_connection
    if connection.dialect.name != "sqlite" or raw is None:
        return 0
    # Straight to the driver: through SQLAlchemy the first statement would already say BEGIN IMMEDIATE.
    cursor = raw.cursor()
    cursor.execute("PRAGMA busy_timeout")
    (before,) = cursor.fetchone() or (0,)
    cursor.execute(f"PRAGMA busy_timeout = {int(milliseconds)}")
    cursor.close()
    return int(before)
