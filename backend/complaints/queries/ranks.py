"""Median and ninth tenth by nearest rank: the first value whose rank reaches that share, the same on both databases."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    FromClause,
    Label,
    ScalarSelect,
    SQLColumnExpression,
    and_,
    cast,
    func,
    literal,
    select,
)
from sqlmodel import Session, col

# How many, the median, the ninth tenth.
Spread = tuple[int, int | None, int | None]
Key = SQLColumnExpression[Any]
_NOTHING: Spread = (0, None, None)
_TENTHS = (5, 9)


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows of a table by their group."""

    source: FromClause
    key: Key
    condition: ColumnElement[bool]

    def only(self, condition: ColumnElement[bool]) -> Rows:
        """Return those for which a condition holds too."""
        return replace(self, condition=and_(self.condition, condition))


def spreads(
    session: Session, rows: Rows, columns: tuple[Any, ...]
) -> tuple[list[dict[Any, Spread]], list[Spread]]:
    """Return for each column key → spread, and the spread of all; empty values count nowhere."""
    if session.get_bind().dialect.name == "postgresql":
        return _by_lists(session, rows, columns)
    whole = replace(rows, key=literal(0))
    groups = [_by_windows(session, rows, column) for column in columns]
    return groups, [_by_windows(session, whole, column).get(0, _NOTHING) for column in columns]


def _by_lists(
    session: Session, rows: Rows, columns: tuple[Any, ...]
) -> tuple[list[dict[Any, Spread]], list[Spread]]:
    """Read each row once and rank the lists: sorting whole rows by group takes twice as long."""
    labels: list[Label[Any]] = [func.array_agg(col(column)).label(f"list_{column.key}") for column in columns]
    counts = [func.count(col(column)).label(f"number_{column.key}") for column in columns]
    listed = select(rows.key.label("key"), *labels, *counts).select_from(rows.source)
    cell = listed.where(rows.condition).group_by(rows.key).cte("cell")
    lists = [cell.c[each.name] for each in labels]
    wholes = [select(func.unnest(each).label("value")).subquery() for each in lists]
    query = select(
        cell.c.key,
        *(cell.c[each.name] for each in counts),
        *(_ranked(func.unnest(each).column_valued()) for each in lists),
        *(_ranked(whole.c.value, whole) for whole in wholes),
    )
    size = len(columns)
    groups: list[dict[Any, Spread]] = [{} for _ in columns]
    totals: list[Spread] = [_NOTHING for _ in columns]
    for place, *row in session.execute(query):
        numbers, each, everything = row[:size], row[size : 2 * size], row[2 * size :]
        for at in range(size):
            groups[at][place] = (numbers[at], *(each[at] or (None, None)))
            totals[at] = (totals[at][0] + numbers[at], *(everything[at] or (None, None)))
    return groups, totals


def _ranked(value: ColumnElement[Any], source: FromClause | None = None) -> ScalarSelect[Any]:
    """``percentile_disc`` is the nearest rank; up to two million values nine tenths of the number are exact in floats."""
    shares = cast([tenths / 10 for tenths in _TENTHS], ARRAY(Float))
    found = select(func.percentile_disc(shares).within_group(value))
    return (found if source is None else found.select_from(source)).scalar_subquery()


def _by_windows(session: Session, rows: Rows, column: Any) -> dict[Any, Spread]:
    value = col(column)
    rank = func.row_number().over(partition_by=rows.key, order_by=value)
    number = func.count().over(partition_by=rows.key)
    ranked = (
        select(rows.key.label("key"), value.label("value"), rank.label("rank"), number.label("number"))
        .select_from(rows.source)
        .where(rows.condition, value.is_not(None))
        .subquery()
    )
    reached = (
        func.min(ranked.c.value).filter(ranked.c.rank * 10 >= ranked.c.number * tenths) for tenths in _TENTHS
    )
    query = select(ranked.c.key, func.max(ranked.c.number), *reached).group_by(ranked.c.key)
    return {place: (number, median, p90) for place, number, median, p90 in session.execute(query)}
