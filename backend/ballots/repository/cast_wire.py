"""The vote's statement on PostgreSQL's own protocol: prepared once per connection, one call, a binary answer.

A cursor would send, wait, and convert in a dozen steps, between which the threads of a process wait for each
other; libpq's one call waits for the server without the interpreter's lock.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from struct import unpack
from typing import Any

from psycopg import Connection, OperationalError
from psycopg.errors import error_from_result
from psycopg.pq import ConnStatus, ExecStatus

_NAME = b"gongjue_cast"
_PARAMETER = r"(?<![:\w]):([a-z_]+)"
_BYTEA = 17
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


class PreparedCast:
    """One statement with ``:name`` parameters; those in ``binary`` are bytes, all others text."""

    def __init__(self, sql: str, binary: frozenset[str]) -> None:
        self._names = tuple(dict.fromkeys(re.findall(_PARAMETER, sql)))
        numbers = {name: f"${number}" for number, name in enumerate(self._names, 1)}
        self._sql = re.sub(_PARAMETER, lambda found: numbers[found[1]], sql).encode()
        self._formats = [int(name in binary) for name in self._names]
        self._types = [_BYTEA if name in binary else 0 for name in self._names]

    def prepare(self, connection: Connection[Any]) -> None:
        """Prepare on a new connection; the pool calls it once for each."""
        self._checked(connection, connection.pgconn.prepare(_NAME, self._sql, self._types))

    def run(self, connection: Connection[Any], values: Mapping[str, Any]) -> datetime | None:
        """Execute and return the instant in the only cell, or None without a row; raises psycopg's own errors."""
        sent: list[Any] = [_sent(values[name]) for name in self._names]
        found = self._checked(connection, connection.pgconn.exec_prepared(_NAME, sent, self._formats, 1))
        cell: bytes | None = found.get_value(0, 0) if found.ntuples else None
        return None if cell is None else _instant(cell)

    @staticmethod
    def _checked(connection: Connection[Any], result: Any) -> Any:
        if result.status in (ExecStatus.TUPLES_OK, ExecStatus.COMMAND_OK):
            return result
        if connection.pgconn.status == ConnStatus.BAD:
            raise OperationalError("the server went away")
        raise error_from_result(result, encoding=connection.info.encoding)


def _instant(value: bytes) -> datetime:
    """Read microseconds since 2000, the wire's binary timestamptz."""
    microseconds: int = unpack("!q", value)[0]
    return _EPOCH + timedelta(microseconds=microseconds)


def _sent(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value
