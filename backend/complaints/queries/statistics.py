"""The hotline's figures, counted by the database: the rules say what its numbers mean."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, and_, func, inspect, join, literal, or_, true, union_all
from sqlmodel import Session, col, select

from backend.complaints.queries.access import assigned_to, visible_to
from backend.complaints.queries.lists import Watcher
from backend.complaints.queries.ranks import Key, Rows, read_all
from backend.complaints.rules.states import State
from backend.complaints.rules.statistics import (
    TAKEN,
    Breakdown,
    Cell,
    Counts,
    Dimension,
    Period,
    Times,
    counts_of,
    month_key,
)
from backend.complaints.rules.vocabulary import HANDLED_HERE, Nature
from backend.complaints.tables import Complaint
from backend.infra.columns import UtcDateTime
from backend.kernel.clock import start_of_day

_COLUMNS: Mapping[Dimension, Key] = {
    Dimension.PARTY: col(Complaint.party_id),
    Dimension.CATEGORY: col(Complaint.category),
    Dimension.TIME_CLASS: col(Complaint.time_class),
    Dimension.ESTATE: col(Complaint.estate_id),
}
_MINUTES = (Complaint.minutes_to_accept, Complaint.minutes_to_resolve)


@dataclass(frozen=True, slots=True)
class StatisticsFilter:
    """Which complaints to count; everything given must hold. ``organisation_path`` is a subtree."""

    period: Period
    organisation_path: str | None = None
    estate_id: str | None = None
    category: str | None = None
    party_id: str | None = None
    only_assigned: bool = False
    is_restricted: bool = False


def break_down_by(
    session: Session, watcher: Watcher, wanted: StatisticsFilter, dimension: Dimension
) -> Breakdown:
    """Return the figures by a dimension, the largest group first, months in order and none left out."""
    rows, titles = _grouped(dimension, wanted.period, watcher.now, and_(*_chosen(watcher, wanted)))
    found = read_all(session, rows)
    counts = {key: counts_of(_cell(*each) for each in cells) for key, cells in found.cells.items()}
    largest_first = sorted(counts, key=lambda key: (-counts[key].registered, str(key)))
    to_accept, to_resolve = (
        {titles.get(key, key): Times(*each) for key, each in spreads.items()} for spreads in found.spreads
    )
    accepting, resolving = found.wholes
    return Breakdown(
        {titles.get(key, key): counts.get(key, Counts()) for key in list(titles) or largest_first},
        to_accept,
        to_resolve,
        (Times(*accepting), Times(*resolving)),
    )


def _cell(state: str, nature: str, *numbers: int) -> Cell:
    return Cell(State(state), Nature(nature), *numbers)


def _grouped(
    dimension: Dimension, period: Period, now: datetime, chosen: ColumnElement[bool]
) -> tuple[Rows, dict[Any, str | None]]:
    """Return the rows by their group, and the keys of groups that are not named by their keys."""
    counted = (chosen, (Complaint.state, Complaint.nature), _numbers(now), _MINUTES, _are_timed)
    if dimension is not Dimension.MONTH:
        return Rows(inspect(Complaint).local_table, _COLUMNS[dimension], *counted), {}
    months = period.months()
    starts = [*(start_of_day(month) for month in months), period.ends_at]
    # Joined as instants: no time zone of the database, and each month is a range of the index.
    spans = union_all(
        *(
            select(
                literal(place).label("place"),
                literal(start, UtcDateTime()).label("starts_at"),
                literal(end, UtcDateTime()).label("ends_at"),
            )
            for place, (start, end) in enumerate(pairwise(starts))
        )
    ).subquery()
    at = col(Complaint.registered_at)
    source = join(spans, Complaint, and_(at >= spans.c.starts_at, at < spans.c.ends_at))
    names: dict[Any, str | None] = {place: month_key(month) for place, month in enumerate(months)}
    return Rows(source, spans.c.place, *counted), names


def _are_timed(state: ColumnElement[str], nature: ColumnElement[str]) -> ColumnElement[bool]:
    return and_(nature.in_(HANDLED_HERE), state.in_(TAKEN))


def _numbers(now: datetime) -> tuple[ColumnElement[int], ...]:
    """Return what of a cell is counted, in its order."""
    responded, respond_by = col(Complaint.responded_at), col(Complaint.respond_by_at)
    reopened, is_due = col(Complaint.reopenings) > 0, col(Complaint.due_at) <= now
    conditions: tuple[ColumnElement[bool], ...] = (
        true(),
        responded.is_not(None),
        responded < respond_by,
        and_(responded.is_(None), respond_by <= now),
        reopened,
        is_due,
        or_(reopened, is_due),
        col(Complaint.resolved_at) >= col(Complaint.due_at),
        col(Complaint.is_solved).is_not(None),
        col(Complaint.is_solved).is_(True),
        col(Complaint.is_satisfied).is_not(None),
        col(Complaint.is_satisfied).is_(True),
        col(Complaint.repeats_place).is_(True),
        col(Complaint.repeats_reporter).is_(True),
    )
    return tuple(func.count().filter(condition) for condition in conditions)


def _chosen(watcher: Watcher, wanted: StatisticsFilter) -> list[ColumnElement[bool]]:
    """Return which complaints are counted: none that the watcher's own lists would not show."""
    seen = assigned_to if wanted.only_assigned else visible_to
    clauses = [
        seen(watcher.actor, watcher.party_ids),
        col(Complaint.is_restricted).is_(wanted.is_restricted),
        col(Complaint.registered_at) >= wanted.period.starts_at,
        col(Complaint.registered_at) < wanted.period.ends_at,
    ]
    if wanted.organisation_path is not None:
        # Ids are Crockford base 32 and slashes: nothing in a path means anything to LIKE.
        clauses.append(col(Complaint.organisation_path).like(wanted.organisation_path + "%"))
    equal = (
        (col(Complaint.estate_id), wanted.estate_id),
        (col(Complaint.category), wanted.category),
        (col(Complaint.party_id), wanted.party_id),
    )
    return clauses + [column == value for column, value in equal if value is not None]
