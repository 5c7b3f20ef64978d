"""Migrated PostgreSQL databases without rows, used again: emptying one takes a tenth of copying the template."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any

import psycopg
from psycopg.errors import ObjectInUse
from psycopg.sql import SQL, Composed, Identifier, Literal

from tests.factories.postgres import Cluster

_SPARE = "spare_gongjue"
# A definition that was changed, added or taken away has another sum or number.
_DEFINED_IN = ("pg_class", "pg_attribute", "pg_constraint", "pg_index", "pg_trigger", "pg_proc")
_DEFINITIONS = "SELECT " + ", ".join(
    f"(SELECT ROW(count(*), sum(xmin::text::bigint)) FROM {catalog})::text" for catalog in _DEFINED_IN
)


class EmptyDatabases:
    """One cluster's copies of one template; at most one of them lies ready."""

    def __init__(self, cluster: Cluster, template: str) -> None:
        self._cluster = cluster
        self._template = template
        self._server = psycopg.connect(cluster.url, autocommit=True)
        self._has_spare = False

    def take(self, name: str) -> str:
        """Return the URL of a database that is as the template; the name is of this use alone.

        Whoever still holds the name of an earlier use finds nothing under it.
        """
        if not self._has_spare:
            return self._cluster.create_database(name, self._template)
        self._rename(_SPARE, name)
        self._has_spare = False
        return self._url(name)

    def give_back(self, name: str) -> None:
        """Make it as the template again; drop it if somebody changed more than rows."""
        self._server.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE datname = %s", [name]
        )
        with psycopg.connect(self._url(name)) as connection:
            is_like_template = _definitions(connection) == self._definitions
            if is_like_template:
                self._put_back_rows(connection)
        if is_like_template and not self._has_spare:
            try:
                self._rename(name, _SPARE)
            except ObjectInUse:
                pass  # a pool that lost its connections has made new ones: this one is not kept
            else:
                self._has_spare = True
                return
        self._cluster.drop_database(name)

    def close(self) -> None:
        """End the connection; the databases stay with the cluster."""
        self._server.close()

    def _put_back_rows(self, connection: psycopg.Connection) -> None:
        # The guards against changing what was written, and the order that foreign keys ask for, do not hold here.
        connection.execute("SET session_replication_role = replica")
        written = [table for (table,) in connection.execute(self._not_empty).fetchall()]
        for table in written:
            connection.execute(SQL("DELETE FROM {}").format(Identifier(table)))
        for table, rows in self._rows.items():
            for row in rows:
                values = SQL(", ").join([SQL("%s")] * len(row))
                connection.execute(SQL("INSERT INTO {} VALUES ({})").format(Identifier(table), values), row)

    @cached_property
    def _tables(self) -> list[str]:
        with psycopg.connect(self._url(self._template)) as connection:
            found = connection.execute(
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            ).fetchall()
        return [name for (name,) in found]

    @cached_property
    def _not_empty(self) -> Composed:
        asked = [
            SQL("SELECT {} WHERE EXISTS (SELECT FROM {})").format(Literal(name), Identifier(name))
            for name in self._tables
        ]
        return SQL(" UNION ALL ").join(asked)

    @cached_property
    def _rows(self) -> dict[str, Sequence[tuple[Any, ...]]]:
        """What the template's migrations and installation wrote."""
        with psycopg.connect(self._url(self._template)) as connection:
            tables = [name for (name,) in connection.execute(self._not_empty).fetchall()]
            return {
                name: connection.execute(SQL("SELECT * FROM {}").format(Identifier(name))).fetchall()
                for name in tables
            }

    @cached_property
    def _definitions(self) -> Any:
        with psycopg.connect(self._url(self._template)) as connection:
            return _definitions(connection)

    def _rename(self, name: str, new: str) -> None:
        # It waits for connections that are just ending.
        self._server.execute(SQL("ALTER DATABASE {} RENAME TO {}").format(Identifier(name), Identifier(new)))

    def _url(self, name: str) -> str:
        return self._cluster.url.rsplit("/", 1)[0] + f"/{name}"


def _definitions(connection: psycopg.Connection) -> Any:
    return connection.execute(_DEFINITIONS).fetchone()
