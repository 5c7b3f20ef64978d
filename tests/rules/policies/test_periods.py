"""Statutory periods: Civil Code 201, 203; working days with 调休; provisional beyond the known years."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import chinese_calendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.policies.rules.periods import (
    look_up,
    our_calendars,
    read_calendars,
    statutory_deadline,
    working_deadline,
)


@pytest.mark.parametrize(
    ("start", "days", "last_day"),
    [
        (date(2026, 3, 2), 15, date(2026, 3, 17)),  # the first day is not counted
        (date(2026, 3, 2), 5, date(2026, 3, 9)),  # Saturday gives way to Monday
        (date(2026, 9, 24), 7, date(2026, 10, 8)),  # National Day gives way to the first working day
        (date(2026, 9, 13), 7, date(2026, 9, 20)),  # a Sunday that is worked (调休) stands
        (date(2026, 2, 7), 7, date(2026, 2, 14)),  # a Saturday that is worked stands
        (date(2026, 2, 8), 7, date(2026, 2, 24)),  # Spring Festival
    ],
)
def test_last_day_of_a_statutory_period(start: date, days: int, last_day: date) -> None:
    found = statutory_deadline(start, days)
    assert found.last_day == last_day
    assert not found.is_provisional
    assert found.is_moved == (last_day != start + timedelta(days=days))


def test_period_ends_at_midnight_of_shanghai_after_the_last_day() -> None:
    assert statutory_deadline(date(2026, 3, 2), 15).ends_at == datetime(2026, 3, 17, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("start", "days", "last_day"),
    [
        (date(2026, 9, 30), 1, date(2026, 10, 8)),
        (date(2026, 10, 8), 2, date(2026, 10, 10)),  # Saturday 10 October is worked
        (date(2026, 3, 6), 5, date(2026, 3, 13)),
    ],
)
def test_working_days_follow_the_make_up_days(start: date, days: int, last_day: date) -> None:
    assert working_deadline(start, days).last_day == last_day


def test_unknown_years_are_monday_to_friday_and_marked_provisional() -> None:
    found = statutory_deadline(date(2031, 5, 28), 3)
    assert (found.counted_to, found.last_day) == (date(2031, 5, 31), date(2031, 6, 2))
    assert found.is_provisional
    assert working_deadline(date(2031, 5, 30), 1).is_provisional


def test_a_loaded_year_prevails_over_the_package_and_over_the_guess(tmp_path: Path) -> None:
    (tmp_path / "2031.toml").write_text(
        'year = 2031\nsource = "通知"\nholidays = [2031-06-02]\nworkdays = [2031-05-31]\n', encoding="utf-8"
    )
    calendars = read_calendars(tmp_path)
    assert statutory_deadline(date(2031, 5, 28), 3, calendars).last_day == date(2031, 5, 31)
    assert not look_up(date(2031, 6, 2), calendars).is_workday
    assert not statutory_deadline(date(2031, 5, 28), 3, calendars).is_provisional


def test_a_day_outside_its_year_is_refused(tmp_path: Path) -> None:
    (tmp_path / "2031.toml").write_text(
        'year = 2031\nsource = "通知"\nholidays = [2030-06-02]\nworkdays = []\n', encoding="utf-8"
    )
    with pytest.raises(ValueError, match=r"2031\.toml"):
        read_calendars(tmp_path)


def test_our_calendars_agree_with_the_package_where_both_know_the_year() -> None:
    for year in our_calendars():
        day = date(year, 1, 1)
        while day.year == year:
            assert look_up(day).is_workday == chinese_calendar.is_workday(day), day
            day += timedelta(days=1)


@pytest.mark.parametrize("days", [0, -1, 3661])
def test_impossible_periods_are_refused(days: int) -> None:
    with pytest.raises(ValueError, match="1 to 3660"):
        statutory_deadline(date(2026, 1, 1), days)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.integers(1, 400))
def test_a_period_never_ends_early_nor_on_a_holiday(start: date, days: int) -> None:
    found = statutory_deadline(start, days)
    assert found.last_day >= start + timedelta(days=days)
    assert look_up(found.last_day).is_workday
    assert statutory_deadline(start, days + 1).last_day >= found.last_day
