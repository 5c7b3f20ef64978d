"""The port behind ``cast_vote``: one autocommit statement on PostgreSQL, one immediate transaction on SQLite."""

from __future__ import annotations

import dataclasses
import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from psycopg import Connection, OperationalError, Rollback
from psycopg.errors import UniqueViolation
from psycopg_pool import ConnectionPool
from sqlalchemy.engine import Engine

from backend.ballots.repository import cast_sql
from backend.ballots.repository.cast_wire import PreparedCast
from backend.infra.columns import from_micros
from backend.infra.database import POSTGRESQL_NOW, SQLITE_NOW
from backend.infra.settings import Settings
from backend.kernel.errors import Unavailable

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What stands for and against a vote now; times are aware UTC."""

    state: str
    opens_at: datetime
    closes_at: datetime
    now: datetime
    re_vote: bool
    account_id: str | None
    dwelling_id: str | None
    relation: str | None
    effective_at: datetime | None
    has_mandate: bool
    documents_match: bool
    may: bool


@dataclass(frozen=True, slots=True)
class Replay:
    """A vote already recorded under the same account and idempotency key."""

    receipt: str
    request_hash: bytes
    cast_at: datetime
    state: str


@dataclass(frozen=True, slots=True)
class Standing:
    """The vote that stands for an entry now; ``account_id`` is None for paper."""

    receipt: str
    account_id: str | None
    channel: str


class Statements(Protocol):
    """Everything the vote's path asks of the database; each call is whole by itself."""

    def cast(self, values: Row) -> datetime | None:
        """Check, insert, and return when; None when nothing was inserted: ask ``judge`` why."""

    def replace(self, values: Row, old: str) -> datetime | None:
        """Mark ``old`` replaced and cast anew, or change nothing; None also when ``old`` stands no more."""

    def judge(self, values: Row) -> Verdict | None:
        """Return what stands for and against this vote; None when there is no such ballot."""

    def find_replay(self, account_id: str, idempotency_key: str) -> Replay | None:
        """Return the vote recorded under this key."""

    def find_standing(self, ballot: str, entry: str) -> Standing | None:
        """Return the standing vote of an entry."""

    def close(self) -> None:
        """Give back the connections held; nothing can be cast afterwards."""


def build_statements(settings: Settings, engine: Engine) -> Statements:
    """Make the port of this process."""
    if settings.is_sqlite:
        return SqliteStatements(engine)
    return PostgresqlStatements(settings)


def _replay(found: Sequence[Any] | None) -> Replay | None:
    if found is None:
        return None
    receipt, request_hash, cast_at, state = found
    moment = from_micros(cast_at) if isinstance(cast_at, int) else cast_at
    return Replay(receipt, bytes(request_hash), moment, state)


class PostgresqlStatements:
    """Raw psycopg on a pool of its own, autocommit: no round trip but the statement's own."""

    def __init__(self, settings: Settings) -> None:
        url = re.sub(r"^postgresql\+psycopg:", "postgresql:", settings.database_url)
        self._pool: ConnectionPool[Connection[tuple[Any, ...]]] = ConnectionPool(
            url,
            min_size=0,
            max_size=settings.pool_size,
            timeout=10,
            kwargs={"autocommit": True, "application_name": "gongjue-vote", "connect_timeout": 5},
            configure=_CAST.prepare,
            check=None,
            open=True,
        )

    def cast(self, values: Row) -> datetime | None:
        """See Statements."""
        try:
            with self._connection() as connection:
                return _CAST.run(connection, values)
        except UniqueViolation:
            return None

    def replace(self, values: Row, old: str) -> datetime | None:
        """See Statements; the casting lock comes first, so that the sealer can never wait for us in a ring."""
        try:
            with self._connection() as connection, connection.transaction() as block:
                connection.execute(_LOCK, values)
                if connection.execute(_REPLACE, {"old": old}).rowcount != 1:
                    return None
                connection.execute(_DISPOSITION, {**values, "old": old})
                cast_at = _CAST.run(connection, values)
                if cast_at is None:
                    raise Rollback(block)
                return cast_at
        except UniqueViolation:
            return None  # another vote of this entry came in between: nothing was replaced
        return None

    def judge(self, values: Row) -> Verdict | None:
        """See Statements."""
        found = self._one(_VERDICT, values)
        return None if found is None else Verdict(*found)

    def find_replay(self, account_id: str, idempotency_key: str) -> Replay | None:
        """See Statements."""
        values = {"account_id": account_id, "idempotency_key": idempotency_key}
        return _replay(self._one(_FIND_REPLAY, values))

    def find_standing(self, ballot: str, entry: str) -> Standing | None:
        """See Statements."""
        found = self._one(_FIND_STANDING, {"ballot": ballot, "entry": entry})
        return None if found is None else Standing(*found)

    def close(self) -> None:
        """See Statements."""
        self._pool.close()

    def _one(self, sql: Any, values: Row) -> tuple[Any, ...] | None:
        with self._connection() as connection:
            return connection.execute(sql, values).fetchone()

    @contextmanager
    def _connection(self) -> Iterator[Connection[tuple[Any, ...]]]:
        """Lend a connection; a server that is away or just went is Unavailable: the same key asks again safely."""
        try:
            connection = self._pool.getconn()
            try:
                yield connection
            finally:
                self._pool.putconn(connection)
        except OperationalError as error:
            raise Unavailable("unavailable", "系统暂时不可用，请稍后再试；重试不会重复投票。") from error


_CAST = PreparedCast(cast_sql.POSTGRESQL_CAST, cast_sql.BYTES)
_VERDICT: Any = cast_sql.to_psycopg(cast_sql.POSTGRESQL_VERDICT)
_LOCK: Any = cast_sql.to_psycopg(cast_sql.TAKE_CASTING_LOCK)
_REPLACE: Any = cast_sql.to_psycopg(cast_sql.REPLACE_STANDING)
_DISPOSITION: Any = cast_sql.to_psycopg(cast_sql.INSERT_DISPOSITION.format(now=POSTGRESQL_NOW))
_FIND_REPLAY: Any = cast_sql.to_psycopg(cast_sql.FIND_REPLAY)
_FIND_STANDING: Any = cast_sql.to_psycopg(cast_sql.FIND_STANDING)


class SqliteStatements:
    """The same steps in one ``BEGIN IMMEDIATE … COMMIT``: the writer's lock is the barrier."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def cast(self, values: Row) -> datetime | None:
        """See Statements."""
        with self._transaction() as connection:
            return self._cast(connection, values)

    def replace(self, values: Row, old: str) -> datetime | None:
        """See Statements."""
        with self._transaction() as connection:
            if connection.execute(cast_sql.REPLACE_STANDING, {"old": old}).rowcount != 1:
                return None
            disposition = cast_sql.INSERT_DISPOSITION.format(now=SQLITE_NOW)
            connection.execute(disposition, {**values, "old": old})
            cast_at = self._cast(connection, values)
            if cast_at is None:
                connection.execute("ROLLBACK")
            return cast_at

    def judge(self, values: Row) -> Verdict | None:
        """See Statements."""
        with self._raw() as connection:
            found = connection.execute(cast_sql.SQLITE_VERDICT, values).fetchone()
        return None if found is None else _verdict(found)

    def find_replay(self, account_id: str, idempotency_key: str) -> Replay | None:
        """See Statements."""
        values = {"account_id": account_id, "idempotency_key": idempotency_key}
        with self._raw() as connection:
            return _replay(connection.execute(cast_sql.FIND_REPLAY, values).fetchone())

    def find_standing(self, ballot: str, entry: str) -> Standing | None:
        """See Statements."""
        with self._raw() as connection:
            found = connection.execute(cast_sql.FIND_STANDING, {"ballot": ballot, "entry": entry}).fetchone()
        return None if found is None else Standing(*found)

    def close(self) -> None:
        """See Statements; the connections are the engine's."""

    @staticmethod
    def _cast(connection: sqlite3.Connection, values: Row) -> datetime | None:
        found = connection.execute(cast_sql.SQLITE_ENTITLED, values).fetchone()
        if found is None:
            return None
        taken = {**values, **dict(zip(_ENTITLED, found, strict=True))}
        if connection.execute(cast_sql.SQLITE_VOTE, taken).rowcount != 1:
            return None
        connection.execute(cast_sql.SQLITE_EVENT, taken)
        return from_micros(taken["now"])

    @contextmanager
    def _raw(self) -> Iterator[sqlite3.Connection]:
        pooled = self._engine.raw_connection()
        try:
            yield pooled.driver_connection  # type: ignore[misc] # SQLAlchemy types it as Any | None
        finally:
            pooled.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._raw() as connection:
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
                if connection.in_transaction:
                    connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise


_ENTITLED = ("account_id", "organisation_id", "dwelling_id", "has_mandate", "now")


def _verdict(facts: Sequence[Any]) -> Verdict:
    """Give SQLite's integers their meaning: instants and truth values."""
    row = Verdict(*facts)
    times = ("opens_at", "closes_at", "now", "effective_at")
    truths = ("re_vote", "has_mandate", "documents_match", "may")
    meant: dict[str, Any] = {name: bool(getattr(row, name)) for name in truths}
    for name in times:
        micros: int | None = getattr(row, name)
        meant[name] = None if micros is None else from_micros(micros)
    return dataclasses.replace(row, **meant)
