"""What anybody reads does not depend on where PostgreSQL keeps its rows: it moves them whenever they change."""

from __future__ import annotations

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine

from tests.api.matrix.test_disclosure import Twins, twins

__all__ = ["twins"]

pytestmark = pytest.mark.slow


# Two ways to the same rows: by every index there is, and by none. What is forbidden counts as dear, and dear
# statements would be compiled first.
BY_INDEX = ("jit", "enable_seqscan", "enable_sort", "enable_hashjoin", "enable_hashagg")
BY_TABLE = ("jit", "enable_indexscan", "enable_indexonlyscan", "enable_bitmapscan", "enable_nestloop")


@pytest.mark.parametrize("twins", ["postgresql"], indirect=True)
def test_no_answer_depends_on_where_rows_lie_and_how_they_are_found(twins: Twins) -> None:
    ours, turned = (twin.pair.world.ports.engine for twin in twins.worlds)
    _turn_round(turned)
    _forbid(ours, BY_INDEX)
    _forbid(turned, BY_TABLE)
    left, right = (twin.look() for twin in twins.worlds)
    assert {cell: (left[cell], right[cell]) for cell in left if left[cell] != right[cell]} == {}


def _turn_round(engine: Engine) -> None:
    """Lay the rows of every table in reverse."""
    with engine.begin() as connection:
        connection.execute(text("SET LOCAL session_replication_role = replica"))
        tables = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")
        for table in connection.execute(tables).scalars():
            rows = f'SELECT * FROM "{table}" ORDER BY ctid DESC'
            connection.execute(text(f"CREATE TEMP TABLE turned ON COMMIT DROP AS {rows}"))
            connection.execute(text(f'DELETE FROM "{table}"'))
            connection.execute(text(f'INSERT INTO "{table}" SELECT * FROM turned'))
            connection.execute(text("DROP TABLE turned"))


def _forbid(engine: Engine, ways: tuple[str, ...]) -> None:
    """Keep the planner of every later connection from these ways."""
    with engine.begin() as connection:
        name = connection.execute(text("SELECT current_database()")).scalar_one()
        for way in ways:
            connection.execute(text(f'ALTER DATABASE "{name}" SET {way} = off'))
    engine.dispose()
