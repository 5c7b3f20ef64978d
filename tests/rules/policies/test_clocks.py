"""Service deadlines against a table made by hand from the State's notice on the holidays of 2026.

Free: 1-3 Jan, 15-23 Feb, 4-6 Apr, 1-5 May, 19-21 Jun, 25-27 Sep, 1-7 Oct; worked although a weekend: 4 Jan, 14 and
28 Feb, 9 May, 20 Sep, 10 Oct. The table gives the last day, or the minute where hours are counted.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.clock import SHANGHAI, end_of_day
from backend.policies.rules.clocks import (
    Clock,
    Period,
    PeriodNumber,
    Unit,
    due_of,
    extend_clock,
    parse_period,
    pause_clock,
    resume_clock,
    start_clock,
    warn_at,
)
from backend.policies.rules.periods import YearCalendar, look_up, our_calendars
from backend.tally.parameter import ParameterError

# start, period, what happens (pause and resume with their moments, extension by a period), when it is due
CASES = [
    # Spring Festival: 15-23 February are free, Saturdays 14 and 28 February are worked.
    ("02-09 10:00", "5wd", "", "02-14"),
    ("02-10 10:00", "5wd", "", "02-24"),
    ("02-12 23:00", "2wd", "", "02-14"),
    ("02-13 23:00", "2wd", "", "02-24"),
    ("02-13 23:59", "1wd", "", "02-14"),
    ("02-14 00:00", "1wd", "", "02-24"),
    ("02-14 23:00", "5wd", "", "02-28"),
    ("02-15 09:00", "5wd", "", "02-28"),
    ("02-23 23:00", "1wd", "", "02-24"),
    ("02-24 08:00", "5wd", "", "03-02"),
    ("02-20 12:00", "10wd", "", "03-06"),
    ("02-11 12:00", "15wd", "", "03-10"),
    # Mid-Autumn and National Day: Sunday 20 September and Saturday 10 October are worked.
    ("09-18 16:00", "1wd", "", "09-20"),
    ("09-18 16:00", "5wd", "", "09-24"),
    ("09-23 23:00", "2wd", "", "09-28"),
    ("09-24 10:00", "5wd", "", "10-09"),
    ("09-30 23:00", "1wd", "", "10-08"),
    ("09-30 10:00", "3wd", "", "10-10"),
    ("10-01 00:00", "5wd", "", "10-13"),
    ("10-07 23:00", "2wd", "", "10-09"),
    ("10-09 10:00", "1wd", "", "10-10"),
    ("10-10 10:00", "1wd", "", "10-12"),
    ("10-10 23:00", "2wd", "", "10-13"),
    # Calendar days: a last day that is free gives way to the next working day.
    ("09-24 10:00", "7d", "", "10-08"),
    ("02-07 10:00", "7d", "", "02-14"),
    ("02-08 10:00", "7d", "", "02-24"),
    ("09-25 10:00", "15d", "", "10-10"),
    ("09-26 10:00", "15d", "", "10-12"),
    # Hours run through nights and holidays.
    ("09-30 23:00", "24h", "", "10-01 23:00"),
    ("02-14 23:00", "2h", "", "02-15 01:00"),
    ("10-10 12:00", "24h", "", "10-11 12:00"),
    # Extended on the last day: counted on from the former due date.
    ("02-09 10:00", "5wd", "extend 5wd", "02-28"),
    ("09-23 10:00", "5wd", "extend 5wd", "10-14"),
    ("09-30 10:00", "24h", "extend 24h", "10-02 10:00"),
    ("09-24 10:00", "7d", "extend 7d", "10-15"),
    # Paused and resumed: the day of the pause is used up, the day of the resumption is not counted.
    ("02-09 10:00", "5wd", "pause 02-11 10:00, resume 02-24 09:00", "02-27"),
    ("02-09 10:00", "5wd", "pause 02-11 10:00, resume 02-11 17:00", "02-14"),
    ("02-09 10:00", "5wd", "pause 02-14 23:00, resume 02-16 10:00", "02-24"),
    ("09-30 10:00", "5wd", "pause 10-01 12:00, resume 10-08 09:00", "10-14"),
    ("09-30 10:00", "24h", "pause 09-30 20:00, resume 10-03 08:00", "10-03 22:00"),
    ("09-21 10:00", "7d", "pause 09-23 10:00, resume 09-30 10:00", "10-08"),
    ("02-24 10:00", "5wd", "pause 02-26 10:00, resume 03-03 10:00, extend 5wd", "03-13"),
]


def at(text: str) -> datetime:
    return datetime.strptime(f"2026-{text}", "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


def period(text: str) -> Period:
    found = parse_period(text)
    assert found is not None
    return found


def play(clock: Clock, script: str) -> Clock:
    left = clock.left
    for step in filter(None, script.split(", ")):
        name, _, rest = step.partition(" ")
        if name == "extend":
            clock = extend_clock(clock, period(rest))
        elif name == "pause":
            assert at(rest) < due_of(clock).at
            left = pause_clock(clock, at(rest))
        else:
            clock = resume_clock(clock, left, at(rest))
    return clock


@pytest.mark.parametrize(("start", "amount", "script", "expected"), CASES)
def test_the_table_made_by_hand(start: str, amount: str, script: str, expected: str) -> None:
    found = due_of(play(start_clock(period(amount), at(start)), script))
    wanted = at(expected) if " " in expected else end_of_day(date.fromisoformat(f"2026-{expected}"))
    assert found.at == wanted
    assert not found.is_provisional


def test_the_table_is_as_long_as_it_should_be() -> None:
    assert len(CASES) >= 40


def test_beyond_the_known_years_dates_are_provisional_until_the_year_is_loaded() -> None:
    clock = start_clock(period("5wd"), at("12-28 10:00"))
    before = due_of(clock)
    assert (before.at, before.is_provisional) == (end_of_day(date(2027, 1, 4)), True)
    free = frozenset({date(2027, 1, 1), date(2027, 1, 2), date(2027, 1, 3)})
    loaded = {**our_calendars(), 2027: YearCalendar(2027, "通知", free, frozenset())}
    after = due_of(clock, loaded)
    assert (after.at, after.is_provisional) == (end_of_day(date(2027, 1, 5)), False)


def test_an_extension_has_the_unit_of_its_clock() -> None:
    with pytest.raises(ValueError, match="cannot be extended"):
        extend_clock(start_clock(period("24h"), at("03-02 10:00")), period("1wd"))


@pytest.mark.parametrize("text", ["", "0wd", "5", "wd", "-1d", "99999h", "5 wd", "5w", "１d"])
def test_what_is_no_period_is_refused(text: str) -> None:
    assert parse_period(text) is None
    with pytest.raises(ParameterError):
        PeriodNumber("x", "", "", "5wd").read(text)


def test_a_warning_comes_on_the_working_day_before_or_the_last_morning() -> None:
    assert warn_at(start_clock(period("5wd"), at("10-01 10:00"))) == at("10-12 08:00")
    assert warn_at(start_clock(period("5wd"), at("02-10 10:00"))) == at("02-14 08:00")
    assert warn_at(start_clock(period("1wd"), at("09-30 10:00"))) == at("10-08 08:00")
    assert warn_at(start_clock(period("24h"), at("09-30 10:00"))) == at("10-01 04:00")


PERIODS = st.builds(Period, st.integers(1, 60), st.sampled_from([Unit.WORKING_DAYS, Unit.DAYS, Unit.HOURS]))
MOMENTS = st.datetimes(datetime(2026, 1, 1), datetime(2026, 9, 1)).map(
    lambda found: found.replace(tzinfo=SHANGHAI).astimezone(UTC)
)


@given(PERIODS, MOMENTS, st.integers(0, 10**6), st.integers(0, 10**6))
def test_a_pause_never_takes_time_away(amount: Period, start: datetime, wait: int, rest: int) -> None:
    clock = start_clock(amount, start)
    due = due_of(clock).at
    pause = start + timedelta(seconds=wait)
    if pause >= due:
        return
    left = pause_clock(clock, pause)
    assert 0 <= left <= clock.left
    at_once, later = (
        due_of(resume_clock(clock, left, moment)).at for moment in (pause, pause + timedelta(seconds=rest))
    )
    assert at_once == due or (amount.unit is Unit.HOURS and abs(at_once - due) < timedelta(seconds=1))
    assert later >= at_once - timedelta(seconds=1)


@given(PERIODS, MOMENTS)
def test_days_end_at_midnight_of_a_working_day_and_are_warned_of_before(
    amount: Period, start: datetime
) -> None:
    clock = start_clock(amount, start)
    due = due_of(clock).at
    assert start < due
    assert warn_at(clock) < due
    if amount.unit is not Unit.HOURS:
        last = due.astimezone(SHANGHAI) - timedelta(seconds=1)
        assert due == end_of_day(last.date()) and look_up(last.date()).is_workday


@given(PERIODS, MOMENTS, st.integers(1, 30))
def test_an_extension_always_moves_the_due_date(amount: Period, start: datetime, more: int) -> None:
    clock = start_clock(amount, start)
    assert due_of(extend_clock(clock, Period(more, amount.unit))).at > due_of(clock).at
