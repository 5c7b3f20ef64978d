"""A complaint's clock as columns: granted for a round, with the pauses and extensions since (rules of ``policies``)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.kernel.clock import iso
from backend.policies.queries import calendars, hotline_limits
from backend.policies.rules.clocks import (
    Clock,
    Period,
    Unit,
    due_of,
    parse_period,
    pause_clock,
    start_clock,
    warn_at,
)
from backend.policies.rules.courses import Course, Pause, count_course, pauses_within
from backend.policies.rules.hotline import ClassLimits, Limits, TimeClass


def limits_for(ctx: Context, organisation_id: str) -> Limits:
    """Return the time limits in force for an organisation."""
    return hotline_limits(ctx.session, organisation_id)


def class_limits(ctx: Context, organisation_id: str, time_class: str) -> ClassLimits:
    """Return the periods of one class."""
    return limits_for(ctx, organisation_id).classes[TimeClass(time_class)]


def ends_at(ctx: Context, period: Period, since: datetime) -> datetime:
    """Return when a period that began at an instant is over."""
    return due_of(start_clock(period, since), calendars(ctx.session)).at


def asked_at(row: Complaint) -> datetime:
    """Return since when a report waits for its first answer: since it came in, or since its declining was disputed."""
    return row.disputed_at or row.registered_at


def response_columns(ctx: Context, period: Period, since: datetime) -> dict[str, Any]:
    """Return the columns of the deadline for the first answer."""
    due = due_of(start_clock(period, since), calendars(ctx.session))
    return {"respond_by_at": due.at, "is_respond_provisional": due.is_provisional}


def start_columns(ctx: Context, period: Period, since: datetime) -> dict[str, Any]:
    """Return the columns of a clock that starts now."""
    return clock_columns(ctx, start_clock(period, since), ())


def granted_columns(ctx: Context, row: Complaint, period: Period) -> dict[str, Any]:
    """Return the columns of a running clock that gets another period: counted from its round's start, with its pauses."""
    assert row.clock_since is not None  # it runs
    granted = start_clock(period, row.clock_since)
    return clock_columns(ctx, granted, pauses_within(granted, course_of(row), calendars(ctx.session)))


def clock_columns(ctx: Context, granted: Clock, course: Course) -> dict[str, Any]:
    """Return the columns of a running clock."""
    known = calendars(ctx.session)
    counted = count_course(granted, course, known)
    due = due_of(counted.clock, known)
    return {
        "clock_unit": granted.unit.value,
        "clock_left": granted.left,
        "clock_since": granted.since,
        "clock_course": _stored(course),
        "due_at": due.at,
        "warn_at": warn_at(counted.clock, known),
        "is_due_provisional": due.is_provisional or counted.is_provisional,
        "paused_at": None,
        "pause_reason": None,
    }


def clock_of(row: Complaint) -> Clock | None:
    """Return the clock that a complaint was granted for this round, None before it is accepted."""
    if row.clock_unit is None or row.clock_left is None or row.clock_since is None:
        return None
    return Clock(Unit(row.clock_unit), row.clock_left, row.clock_since)


def course_of(row: Complaint) -> list[Pause | Period]:
    """Return what happened to the clock of this round."""
    return [_event(*each) for each in row.clock_course or ()]


def left_of(ctx: Context, row: Complaint, granted: Clock, now: datetime) -> int:
    """Return what is left now, as far as the calendars tell."""
    known = calendars(ctx.session)
    return pause_clock(count_course(granted, course_of(row), known).clock, now, known)


def pause_columns(ctx: Context, row: Complaint, reason: str, now: datetime) -> dict[str, Any]:
    """Return the columns of a clock that stands still: no due date; what is left is counted when it goes on."""
    return {
        "paused_at": now,
        "pause_reason": reason,
        "due_at": None,
        "warn_at": remind_at(ctx, row, now),
        "is_due_provisional": False,
    }


def remind_at(ctx: Context, row: Complaint, now: datetime) -> datetime:
    """Return when to remind of a pause that goes on."""
    return ends_at(ctx, limits_for(ctx, row.organisation_id).pause, now)


def paused_seconds(row: Complaint, now: datetime) -> int:
    """Return the whole seconds of all pauses, one that lasts until now too."""
    return row.paused_seconds + (0 if row.paused_at is None else int((now - row.paused_at).total_seconds()))


def resume_columns(ctx: Context, row: Complaint, granted: Clock, now: datetime) -> dict[str, Any]:
    """Return the columns of a clock that goes on."""
    assert row.paused_at is not None  # who calls has asked
    return clock_columns(ctx, granted, [*course_of(row), Pause(row.paused_at, now)])


def extension_columns(ctx: Context, row: Complaint, granted: Clock, period: Period) -> dict[str, Any]:
    """Return the columns of a clock with a period added to its end."""
    return clock_columns(ctx, granted, [*course_of(row), period])


def _stored(course: Course) -> list[Sequence[str]]:
    return [
        ("pause", iso(each.starts_at), iso(each.ends_at))
        if isinstance(each, Pause)
        else ("extend", str(each))
        for each in course
    ]


def _event(what: str, first: str, second: str = "") -> Pause | Period:
    if what == "pause":
        return Pause(datetime.fromisoformat(first), datetime.fromisoformat(second))
    found = parse_period(first)
    assert found is not None  # written by us
    return found
