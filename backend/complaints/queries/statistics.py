"""The hotline's figures, counted by the database: one pass for the numbers, one for each of the two times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Select,
    SQLColumnExpression,
    and_,
    case,
    cast,
    extract,
    func,
    literal,
    not_,
    or_,
    true,
    type_coerce,
)
from sqlmodel import Session, col, select

from backend.complaints.queries.access import assigned_to, visible_to
from backend.complaints.queries.lists import Watcher
from backend.complaints.rules.states import RUNNING, State
from backend.complaints.rules.statistics import Breakdown, Counts, Dimension, Period, Times, month_key
from backend.complaints.rules.vocabulary import HANDLED_HERE
from backend.complaints.tables import Complaint
from backend.kernel.clock import start_of_day

V = TypeVar("V")

Key = SQLColumnExpression[Any]

_COLUMNS: Mapping[Dimension, Key] = {
    Dimension.PARTY: col(Complaint.party_id),
    Dimension.CATEGORY: col(Complaint.category),
    Dimension.TIME_CLASS: col(Complaint.time_class),
    Dimension.ESTATE: col(Complaint.estate_id),
}
_TAKEN = RUNNING | {State.RESOLVED, State.FOLLOWED_UP, State.CLOSED}
_WITH_RESULT = _TAKEN - RUNNING


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
    key, titles = _key_of(dimension, wanted.period)
    counted = _counts(session, watcher, wanted, key)
    if dimension is Dimension.MONTH:
        counted = {place: counted.get(place, Counts()) for place in range(len(titles))}
    else:
        order = sorted(counted, key=lambda found: (-counted[found].registered, found or ""))
        counted = {found: counted[found] for found in order}
    to_accept, to_resolve = (
        _times(session, watcher, wanted, key, what) for what in (_TO_ACCEPT, _TO_RESOLVE)
    )
    return Breakdown(_renamed(counted, titles), _renamed(to_accept, titles), _renamed(to_resolve, titles))


def total_times(session: Session, watcher: Watcher, wanted: StatisticsFilter) -> tuple[Times, Times]:
    """Return how long it took to accept and to resolve, over all that is counted."""
    nothing = literal(0)
    accepted, resolved = (
        _times(session, watcher, wanted, nothing, what) for what in (_TO_ACCEPT, _TO_RESOLVE)
    )
    return accepted.get(0, Times()), resolved.get(0, Times())


def _key_of(dimension: Dimension, period: Period) -> tuple[Key, dict[Any, str | None]]:
    """Return what to group by, and the keys of its values where they are not keys themselves."""
    if dimension is not Dimension.MONTH:
        return _COLUMNS[dimension], {}
    months = period.months()
    # Compared with instants, a month needs no time zone of the database.
    ends = (
        (col(Complaint.registered_at) < start_of_day(month), place) for place, month in enumerate(months[1:])
    )
    key = case(*ends, else_=len(months) - 1) if len(months) > 1 else literal(0)
    return key, {place: month_key(month) for place, month in enumerate(months)}


def _renamed(found: Mapping[Any, V], names: Mapping[Any, str | None]) -> dict[str | None, V]:
    return {names.get(key, key): value for key, value in found.items()}


def _counts(session: Session, watcher: Watcher, wanted: StatisticsFilter, key: Key) -> dict[Any, Counts]:
    numbers = [
        func.count().filter(condition).label(name) for name, condition in _conditions(watcher.now).items()
    ]
    query: Select[Any] = select(key.label("key"), *numbers).where(*_chosen(watcher, wanted)).group_by("key")
    return {row[0]: Counts(*row[1:]) for row in session.execute(query)}


def _conditions(now: datetime) -> Mapping[str, ColumnElement[bool]]:
    """Return what each number counts, in the order of ``Counts``; the words are in docs/complaints.md."""
    state, handled = col(Complaint.state), col(Complaint.nature).in_(HANDLED_HERE)
    responded, respond_by = col(Complaint.responded_at), col(Complaint.respond_by_at)
    resolved, due = col(Complaint.resolved_at), col(Complaint.due_at)
    answerable = and_(handled, state.not_in((State.MERGED, State.WITHDRAWN)))
    taken, closed = and_(handled, state.in_(_TAKEN)), and_(handled, state == State.CLOSED)
    overdue = and_(handled, state.in_(RUNNING), due <= now)
    reopened = and_(taken, col(Complaint.reopenings) > 0)
    answered = and_(taken, col(Complaint.is_satisfied).is_not(None))
    return {
        "registered": true(),
        "passed_on": not_(handled),
        "merged": and_(handled, state == State.MERGED),
        "withdrawn": and_(handled, state == State.WITHDRAWN),
        "declined": and_(handled, state == State.DECLINED),
        "waiting": and_(handled, state == State.REGISTERED),
        "running": and_(handled, state.in_(RUNNING)),
        "resolved": and_(handled, state.in_((State.RESOLVED, State.FOLLOWED_UP))),
        "closed": closed,
        "response_due": and_(answerable, or_(responded.is_not(None), respond_by <= now)),
        "responded_in_time": and_(answerable, responded < respond_by),
        "response_missing": and_(answerable, responded.is_(None), respond_by <= now),
        "result_due": or_(closed, reopened, overdue),
        "solved": and_(closed, col(Complaint.is_solved).is_(True)),
        "unconfirmed": and_(closed, col(Complaint.is_solved).is_(None)),
        "rated": answered,
        "satisfied": and_(state.in_(_WITH_RESULT), handled, col(Complaint.is_satisfied).is_(True)),
        "reopened": reopened,
        "overdue": overdue,
        "late": and_(taken, resolved >= due),
        "repeats_place": and_(handled, col(Complaint.repeats_place)),
        "repeats_reporter": and_(handled, col(Complaint.repeats_reporter)),
    }


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


@dataclass(frozen=True, slots=True)
class _Span:
    """From registration to an instant; ``is_net``: without the pauses."""

    until: Any
    states: frozenset[State]
    is_net: bool = False


_TO_ACCEPT = _Span(Complaint.accepted_at, _TAKEN)
_TO_RESOLVE = _Span(Complaint.resolved_at, frozenset(_WITH_RESULT), is_net=True)


def _times(
    session: Session, watcher: Watcher, wanted: StatisticsFilter, key: Key, span: _Span
) -> dict[Any, Times]:
    """Return the median and the ninth tenth by nearest rank: the first value whose rank reaches that share."""
    counted = col(Complaint.nature).in_(HANDLED_HERE), col(Complaint.state).in_(span.states)
    minutes = (
        select(key.label("key"), _minutes(session, span).label("minutes"))
        .where(*_chosen(watcher, wanted), *counted, col(span.until).is_not(None))
        .subquery()
    )
    place, value = minutes.c.key, minutes.c.minutes
    ranked = select(
        place,
        value,
        func.row_number().over(partition_by=place, order_by=value).label("rank"),
        func.count().over(partition_by=place).label("number"),
    ).subquery()
    rank, number = ranked.c.rank, ranked.c.number
    least = (func.min(ranked.c.minutes).filter(rank * 10 >= number * tenths) for tenths in (5, 9))
    query = select(ranked.c.key, func.max(number), *least).group_by(ranked.c.key)
    return {row[0]: Times(*row[1:]) for row in session.execute(query)}


def _minutes(session: Session, span: _Span) -> ColumnElement[int]:
    since, until = col(Complaint.registered_at), col(span.until)
    if session.get_bind().dialect.name == "postgresql":
        seconds: ColumnElement[Any] = func.floor(extract("epoch", until.op("-")(since)))
    else:
        seconds = (type_coerce(until, BigInteger) - type_coerce(since, BigInteger)) // 1_000_000
    net = seconds - col(Complaint.paused_seconds) if span.is_net else seconds
    return cast(net, BigInteger) // 60
