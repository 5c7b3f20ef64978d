"""A clock with everything that happened to it: kept as granted, so that it can be counted again.

What is left at a pause depends on the calendar; a number written down then would be wrong once the year is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from backend.kernel.clock import local_date
from backend.policies.rules.clocks import (
    Calendars,
    Clock,
    Period,
    Unit,
    due_of,
    extend_clock,
    pause_clock,
    resume_clock,
)
from backend.policies.rules.periods import look_up


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that is over."""

    starts_at: datetime
    ends_at: datetime


# An extension is the period that was added.
Course = Sequence[Pause | Period]


@dataclass(frozen=True, slots=True)
class Counted:
    """The clock as it runs now; provisional when what happened to it was counted without a year's calendar."""

    clock: Clock
    is_provisional: bool


def count_course(granted: Clock, course: Course, calendars: Calendars | None = None) -> Counted:
    """Return a granted clock after its pauses and extensions, in their order."""
    clock, is_provisional = granted, False
    for each in course:
        if isinstance(each, Pause):
            is_provisional |= _is_guessed(clock, each, calendars)
            clock = resume_clock(
                clock, pause_clock(clock, each.starts_at, calendars), each.ends_at, calendars
            )
        else:
            is_provisional |= clock.unit is Unit.DAYS and due_of(clock, calendars).is_provisional
            clock = extend_clock(clock, each, calendars)
    return Counted(clock, is_provisional)


def pauses_within(granted: Clock, course: Course, calendars: Calendars | None = None) -> list[Pause]:
    """Return the pauses of a course that another grant still knows: none that began after it had run out.

    A shorter time that was over before a pause is not brought back by it.
    """
    kept: list[Pause] = []
    for each in course:
        if not isinstance(each, Pause):
            continue
        clock = count_course(granted, kept, calendars).clock
        if each.starts_at >= due_of(clock, calendars).at:
            break
        kept.append(each)
    return kept


def _is_guessed(clock: Clock, pause: Pause, calendars: Calendars | None) -> bool:
    """Tell whether a day that this pause is counted by lies in an unknown year; days of the week tell no hours."""
    if clock.unit is not Unit.WORKING_DAYS:
        return False
    begun = local_date(clock.since)
    days = [begun + timedelta(days=n) for n in range(1, (local_date(pause.starts_at) - begun).days + 1)]
    return any(look_up(day, calendars).is_provisional for day in [*days, local_date(pause.ends_at)])
