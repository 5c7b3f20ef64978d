"""Numbers of each part of a group, with median and ninth tenth by nearest rank: the first value whose rank reaches
that share, the same on both databases."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from sqlalchemy import (
    ARRAY,
    CTE,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    ScalarSelect,
    Select,
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
    """Rows of a table by their group ``key``, and by ``parts`` of it.

    ``numbers``: what is counted in each part; ``ranked``: columns of whole numbers, empty values count nowhere;
    ``are_ranked``: in which parts, as a condition on their columns.
    """

    source: FromClause
    key: Key
    condition: ColumnElement[bool]
    parts: tuple[Any, ...]
    numbers: tuple[ColumnElement[int], ...]
    ranked: tuple[Any, ...]
    are_ranked: Callable[..., ColumnElement[bool]]


@dataclass(frozen=True, slots=True)
class Found:
    """By key the cells ``(*parts, *numbers)``, by column key → spread, and each column's spread of all."""

    cells: dict[Any, list[tuple[Any, ...]]] = field(default_factory=dict)
    spreads: tuple[dict[Any, Spread], ...] = ()
    wholes: tuple[Spread, ...] = ()


def read_all(session: Session, rows: Rows) -> Found:
    """Return what there is to know of the rows; PostgreSQL reads each of them once."""
    if session.get_bind().dialect.name == "postgresql":
        return _by_lists(session, rows)
    whole = replace(rows, key=literal(0))
    groups = tuple(_by_windows(session, rows, column) for column in rows.ranked)
    wholes = tuple(_by_windows(session, whole, column).get(0, _NOTHING) for column in rows.ranked)
    cells: dict[Any, list[tuple[Any, ...]]] = {}
    for key, *cell in session.execute(_cells(rows)):
        cells.setdefault(key, []).append(tuple(cell))
    return Found(cells, groups, wholes)


def _cells(rows: Rows, *more: ColumnElement[Any]) -> Select[Any]:
    parts: list[Any] = [col(part).label(f"part_{place}") for place, part in enumerate(rows.parts)]
    numbers = [number.label(f"number_{place}") for place, number in enumerate(rows.numbers)]
    query = select(rows.key.label("key"), *parts, *numbers, *more).select_from(rows.source)
    return query.where(rows.condition).group_by(rows.key, *rows.parts)


def _by_lists(session: Session, rows: Rows) -> Found:
    """Sorting whole rows by group takes twice as long as gathering their values in lists and ranking those."""
    size = len(rows.ranked)
    listed = _listed(rows)
    lists = [listed.c[f"list_{place}"] for place in range(size)]
    wholes = [select(func.unnest(each).label("value")).subquery() for each in lists]
    query = select(
        listed.c.key,
        *(column for column in listed.c if column.name.startswith("cell_")),
        *(func.coalesce(func.cardinality(each), 0) for each in lists),
        *(_ranked(select(func.unnest(each).label("value")).correlate(listed).subquery()) for each in lists),
        *(_ranked(whole) for whole in wholes),
    )
    cells: dict[Any, list[tuple[Any, ...]]] = {}
    groups: tuple[dict[Any, Spread], ...] = tuple({} for _ in range(size))
    totals = [_NOTHING for _ in range(size)]
    for key, *row in session.execute(query):
        columns, numbers, each, everything = _cut(row, size)
        cells[key] = list(zip(*columns, strict=True))
        for at in range(size):
            groups[at][key] = (numbers[at], *(each[at] or (None, None)))
            totals[at] = (totals[at][0] + numbers[at], *(everything[at] or (None, None)))
    return Found(cells, groups, tuple(totals))


def _cut(row: list[Any], size: int) -> tuple[list[Any], ...]:
    first = len(row) - 3 * size
    return row[:first], *(row[first + at * size : first + (at + 1) * size] for at in range(3))


def _listed(rows: Rows) -> CTE:
    """One row for each group: its cells, a list for each of their columns, and the lists of its values."""
    lists = [
        func.gongjue_listed(col(column), type_=ARRAY(Integer))
        .filter(col(column).is_not(None))
        .label(f"list_{place}")
        for place, column in enumerate(rows.ranked)
    ]
    cell = _cells(rows, *lists).cte("cell")
    shown = [column for column in cell.c if column.name.startswith(("part_", "number_"))]
    are_ranked = rows.are_ranked(*(cell.c[f"part_{place}"] for place in range(len(rows.parts))))
    joined = [
        func.gongjue_joined(cell.c[each.name], type_=ARRAY(Integer)).filter(are_ranked).label(each.name)
        for each in lists
    ]
    gathered = [func.array_agg(column).label(f"cell_{place}") for place, column in enumerate(shown)]
    return select(cell.c.key, *gathered, *joined).group_by(cell.c.key).cte("listed")


def _ranked(source: FromClause) -> ScalarSelect[Any]:
    """``percentile_disc`` is the nearest rank; up to two million values nine tenths of the number are exact in floats."""
    shares = cast([tenths / 10 for tenths in _TENTHS], ARRAY(Float))
    found = select(func.percentile_disc(shares).within_group(source.c.value))
    return found.select_from(source).scalar_subquery()


def _by_windows(session: Session, rows: Rows, column: Any) -> dict[Any, Spread]:
    value = col(column)
    rank = func.row_number().over(partition_by=rows.key, order_by=value)
    number = func.count().over(partition_by=rows.key)
    ranked = (
        select(rows.key.label("key"), value.label("value"), rank.label("rank"), number.label("number"))
        .select_from(rows.source)
        .where(and_(rows.condition, rows.are_ranked(*map(col, rows.parts))), value.is_not(None))
        .subquery()
    )
    reached = (
        func.min(ranked.c.value).filter(ranked.c.rank * 10 >= ranked.c.number * tenths) for tenths in _TENTHS
    )
    query = select(ranked.c.key, func.max(ranked.c.number), *reached).group_by(ranked.c.key)
    return {place: (number, median, p90) for place, number, median, p90 in session.execute(query)}
