"""A complaint's clock as columns: started, paused, resumed, extended by the rules of ``policies``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.policies.queries import calendars, hotline_limits
from backend.policies.rules.clocks import (
    Clock,
    Period,
    Unit,
    due_of,
    extend_clock,
    pause_clock,
    resume_clock,
    start_clock,
    warn_at,
)
from backend.policies.rules.hotline import ClassLimits, Limits, TimeClass


def limits_for(ctx: Context, organisation_id: str) -> Limits:
    """Return the time limits in force for an organisation."""
    return hotline_limits(ctx.session, organisation_id)


def class_limits(ctx: Context, organisation_id: str, time_class: str) -> ClassLimits:
    """Return the periods of one class."""
    return limits_for(ctx, organisation_id).classes[TimeClass(time_class)]


def response_columns(ctx: Context, period: Period, since: datetime) -> dict[str, Any]:
    """Return the columns of the deadline for the first answer."""
    due = due_of(start_clock(period, since), calendars(ctx.session))
    return {"respond_by_at": due.at, "is_respond_provisional": due.is_provisional}


def start_columns(ctx: Context, period: Period, since: datetime) -> dict[str, Any]:
    """Return the columns of a clock that starts now."""
    return clock_columns(ctx, start_clock(period, since))


def clock_columns(ctx: Context, clock: Clock) -> dict[str, Any]:
    """Return the columns of a running clock."""
    known = calendars(ctx.session)
    due = due_of(clock, known)
    return {
        "clock_unit": clock.unit.value,
        "clock_left": clock.left,
        "clock_since": clock.since,
        "due_at": due.at,
        "warn_at": warn_at(clock, known),
        "is_due_provisional": due.is_provisional,
        "paused_at": None,
        "pause_reason": None,
    }


def clock_of(row: Complaint) -> Clock | None:
    """Return the clock that a complaint's columns hold, None before it is accepted."""
    if row.clock_unit is None or row.clock_left is None or row.clock_since is None:
        return None
    return Clock(Unit(row.clock_unit), row.clock_left, row.clock_since)


def pause_columns(ctx: Context, clock: Clock, reason: str, now: datetime) -> dict[str, Any]:
    """Return the columns of a clock that stands still: what is left, and no due date."""
    left = pause_clock(clock, now, calendars(ctx.session))
    return {
        "clock_left": left,
        "clock_since": now,
        "paused_at": now,
        "pause_reason": reason,
        "due_at": None,
        "warn_at": None,
        "is_due_provisional": False,
    }


def paused_seconds(row: Complaint, now: datetime) -> int:
    """Return the whole seconds of all pauses, one that lasts until now too."""
    return row.paused_seconds + (0 if row.paused_at is None else int((now - row.paused_at).total_seconds()))


def resume_columns(ctx: Context, clock: Clock, now: datetime) -> dict[str, Any]:
    """Return the columns of a clock that goes on."""
    return clock_columns(ctx, resume_clock(clock, clock.left, now))


def extension_columns(ctx: Context, clock: Clock, period: Period) -> dict[str, Any]:
    """Return the columns of a clock with a period added to its end."""
    return clock_columns(ctx, extend_clock(clock, period, calendars(ctx.session)))
