"""Statutory periods and working days: the first day is not counted, a last day on a holiday moves on."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import chinese_calendar

from backend.kernel.clock import end_of_day

_CALENDARS = Path(__file__).parent.parent / "calendars"
_ONE_DAY = timedelta(days=1)
_packaged: Any = chinese_calendar  # the package ships no types
MAX_DAYS = 3660


@dataclass(frozen=True, slots=True)
class YearCalendar:
    """The free days and make-up working days of one year, from a named document."""

    year: int
    source: str
    holidays: frozenset[date]
    workdays: frozenset[date]


@dataclass(frozen=True, slots=True)
class Day:
    """Whether a day is worked; provisional = the year's arrangement is not known yet (Mon–Fri assumed)."""

    day: date
    is_workday: bool
    is_provisional: bool


@dataclass(frozen=True, slots=True)
class Deadline:
    """A period's last day and the instant it ends: the next day's 00:00 Asia/Shanghai.

    ``counted_to`` is the last day before it was moved off a holiday; provisional results are recomputed when
    the year's calendar is loaded.
    """

    counted_to: date
    last_day: date
    is_provisional: bool

    @property
    def ends_at(self) -> datetime:
        """Return the UTC instant at which the period has ended (windows are half-open)."""
        return end_of_day(self.last_day)

    @property
    def is_moved(self) -> bool:
        """Tell whether a holiday moved the last day (Civil Code art. 203)."""
        return self.last_day != self.counted_to


def read_calendars(folder: Path) -> dict[int, YearCalendar]:
    """Read every ``<year>.toml``; raises ValueError naming the file when a day lies outside its year."""
    found: dict[int, YearCalendar] = {}
    for path in sorted(folder.glob("*.toml")):
        text = tomllib.loads(path.read_text(encoding="utf-8"))
        calendar = YearCalendar(
            text["year"], text["source"], frozenset(text["holidays"]), frozenset(text["workdays"])
        )
        days = calendar.holidays | calendar.workdays
        if any(day.year != calendar.year for day in days) or calendar.holidays & calendar.workdays:
            raise ValueError(f"{path.name}: a day outside the year, or both free and worked")
        found[calendar.year] = calendar
    return found


@cache
def our_calendars() -> Mapping[int, YearCalendar]:
    """Return the calendars shipped beside this file; they prevail over the packaged ones."""
    return read_calendars(_CALENDARS)


def look_up(day: date, calendars: Mapping[int, YearCalendar] | None = None) -> Day:
    """Tell whether ``day`` is worked, 调休 included."""
    ours = our_calendars() if calendars is None else calendars
    if day.year in ours:
        known = ours[day.year]
        worked = day in known.workdays or (day.weekday() < 5 and day not in known.holidays)
        return Day(day, worked, is_provisional=False)
    try:
        return Day(day, bool(_packaged.is_workday(day)), is_provisional=False)
    except NotImplementedError:  # its way of saying that the year is unknown
        return Day(day, day.weekday() < 5, is_provisional=True)


def statutory_deadline(
    start: date, days: int, calendars: Mapping[int, YearCalendar] | None = None
) -> Deadline:
    """Return the end of a period of calendar days that begins on ``start``.

    The day of the beginning is not counted (Civil Code art. 201); a last day on a legal holiday, weekends
    included, gives way to the first working day after it (art. 203). Raises ValueError for days outside
    1–3660.
    """
    _check(days)
    counted_to = start + timedelta(days=days)
    found = first_workday(counted_to, calendars)
    return Deadline(counted_to, found.day, found.is_provisional)


def first_workday(day: date, calendars: Mapping[int, YearCalendar] | None = None) -> Day:
    """Return the day itself or the first working day after it; provisional if any day looked at was."""
    found = look_up(day, calendars)
    provisional = found.is_provisional
    while not found.is_workday:
        found = look_up(found.day + _ONE_DAY, calendars)
        provisional = provisional or found.is_provisional
    return Day(found.day, is_workday=True, is_provisional=provisional)


def working_deadline(start: date, days: int, calendars: Mapping[int, YearCalendar] | None = None) -> Deadline:
    """Return the end of a period of ``days`` working days after ``start``; raises ValueError outside 1–3660."""
    _check(days)
    found, left, provisional = look_up(start, calendars), days, False
    while left:
        found = look_up(found.day + _ONE_DAY, calendars)
        provisional = provisional or found.is_provisional
        left -= found.is_workday
    return Deadline(found.day, found.day, provisional)


def _check(days: int) -> None:
    if not 1 <= days <= MAX_DAYS:
        raise ValueError(f"a period has 1 to {MAX_DAYS} days, not {days}")
