"""Service deadlines: periods in working days, calendar days or hours, that can be paused, resumed and extended."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from backend.kernel.clock import end_of_day, local_date, start_of_day
from backend.policies.rules.periods import (
    MAX_DAYS,
    YearCalendar,
    first_workday,
    look_up,
    statutory_deadline,
    working_deadline,
)
from backend.tally.parameter import ParameterError

Calendars = Mapping[int, YearCalendar]

_TEXT = re.compile(r"(?P<amount>[0-9]{1,4})(?P<unit>wd|d|h)")
_SECOND = timedelta(seconds=1)
_MORNING = timedelta(hours=8)
# A warning on the last morning leaves too little of a longer period.
_SHORT_DAYS = 2


class Unit(StrEnum):
    """How a period is counted; the values are the spelling in policy data: ``5wd``, ``7d``, ``24h``."""

    WORKING_DAYS = "wd"
    DAYS = "d"
    HOURS = "h"


UNIT_TITLES = {Unit.WORKING_DAYS: "个工作日", Unit.DAYS: "日", Unit.HOURS: "小时"}


@dataclass(frozen=True, slots=True)
class Period:
    """An amount of time as a policy states it."""

    amount: int
    unit: Unit

    def __str__(self) -> str:
        """Return its one spelling: ``5wd``."""
        return f"{self.amount}{self.unit}"

    @property
    def title(self) -> str:
        """Return it in words: ``5个工作日``."""
        return f"{self.amount}{UNIT_TITLES[self.unit]}"


def parse_period(text: str) -> Period | None:
    """Return the period behind ``5wd``, ``7d`` or ``24h``; None for anything else, and for nothing or too much."""
    found = _TEXT.fullmatch(text.strip())
    if found is None or not 1 <= int(found["amount"]) <= MAX_DAYS:
        return None
    return Period(int(found["amount"]), Unit(found["unit"]))


@dataclass(frozen=True, slots=True)
class PeriodNumber:
    """A period that a locality may set, with the default in force while nobody has."""

    name: str
    title: str
    description: str
    default: str

    def read(self, text: str) -> str:
        """Return the period in its one spelling; raises ParameterError in Chinese."""
        found = parse_period(text)
        if found is None:
            raise ParameterError(self.name, text, "应为数字加单位：5wd（工作日）、7d（日）或 24h（小时）")
        return str(found)


@dataclass(frozen=True, slots=True)
class Clock:
    """What is left of a period, counted from an instant; ``left`` in days, or in seconds where the unit is hours."""

    unit: Unit
    left: int
    since: datetime


@dataclass(frozen=True, slots=True)
class Due:
    """The instant a clock runs out; provisional while a calendar year it touches is unknown."""

    at: datetime
    is_provisional: bool


def start_clock(period: Period, at: datetime) -> Clock:
    """Return a clock that starts at an instant; the day of the start is not counted, hours run at once."""
    return Clock(period.unit, period.amount * _unit_size(period.unit), at)


def due_of(clock: Clock, calendars: Calendars | None = None) -> Due:
    """Return when the clock runs out: hours exactly, days at the end of the last day (Asia/Shanghai).

    Calendar days whose last one is no working day give way to the next working day, as in Civil Code 203.
    """
    if clock.unit is Unit.HOURS:
        return Due(clock.since + clock.left * _SECOND, is_provisional=False)
    day = local_date(clock.since)
    if clock.left == 0:
        last = first_workday(day, calendars)
        return Due(end_of_day(last.day), last.is_provisional)
    count = working_deadline if clock.unit is Unit.WORKING_DAYS else statutory_deadline
    found = count(day, clock.left, calendars)
    return Due(found.ends_at, found.is_provisional)


def pause_clock(clock: Clock, now: datetime, calendars: Calendars | None = None) -> int:
    """Return what is left at ``now``, before the clock runs out; a day that has begun is used up.

    Nobody loses by a pause: stopped and resumed on the same day, the clock runs out when it did.
    """
    if clock.unit is Unit.HOURS:
        return -(-(due_of(clock).at - now) // _SECOND)
    today, begun = local_date(now), local_date(clock.since)
    if clock.unit is Unit.DAYS:
        return max((begun + timedelta(days=clock.left) - today).days, 0)
    used, day = 0, begun
    while day < today and used < clock.left:
        day += timedelta(days=1)
        used += look_up(day, calendars).is_workday
    return clock.left - used


def resume_clock(clock: Clock, left: int, now: datetime, calendars: Calendars | None = None) -> Clock:
    """Return the clock that goes on with what was left.

    With nothing left it runs out on the day itself; where that one is free, on the next working day. That day is
    granted and stays so: a later pause or extension counts from it.
    """
    if left == 0 and clock.unit is Unit.WORKING_DAYS and not look_up(local_date(now), calendars).is_workday:
        left = 1
    return replace(clock, left=left, since=now)


def extend_clock(clock: Clock, period: Period, calendars: Calendars | None = None) -> Clock:
    """Return the clock with a period added after its end; raises ValueError for a period of another unit.

    Calendar days are added to the last day as holidays have moved it: an extension is never eaten by them.
    """
    if period.unit is not clock.unit:
        raise ValueError(f"a clock in {clock.unit} cannot be extended by {period}")
    left = clock.left
    if clock.unit is Unit.DAYS:
        left = (_last_day(clock, calendars) - local_date(clock.since)).days
    return replace(clock, left=left + period.amount * _unit_size(period.unit))


def warn_at(clock: Clock, calendars: Calendars | None = None) -> datetime:
    """Return when to warn: the morning of the last day, or of the working day before where there were days enough.

    Of hours, when a quarter is left.
    """
    if clock.unit is Unit.HOURS:
        return due_of(clock).at - (clock.left * _SECOND) / 4
    day = _last_day(clock, calendars)
    if clock.left > _SHORT_DAYS:
        day = _workday_before(day, calendars)
    return start_of_day(day) + _MORNING


def _last_day(clock: Clock, calendars: Calendars | None) -> date:
    return local_date(due_of(clock, calendars).at) - timedelta(days=1)


def _workday_before(day: date, calendars: Calendars | None) -> date:
    before = look_up(day - timedelta(days=1), calendars)
    while not before.is_workday:
        before = look_up(before.day - timedelta(days=1), calendars)
    return before.day


def _unit_size(unit: Unit) -> int:
    return 3600 if unit is Unit.HOURS else 1
