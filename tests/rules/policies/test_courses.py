"""Clocks with their pauses and extensions, against a day-by-day count that knows nothing of the product's rules."""

from __future__ import annotations

import random
from datetime import UTC, date, datetime, timedelta

import pytest

from backend.kernel.clock import SHANGHAI, end_of_day, local_date
from backend.policies.rules.clocks import (
    Clock,
    Period,
    Unit,
    due_of,
    extend_clock,
    parse_period,
    pause_clock,
    resume_clock,
    start_clock,
)
from backend.policies.rules.courses import Pause, count_course, pauses_within
from backend.policies.rules.periods import YearCalendar, look_up

DAY = timedelta(days=1)


def at(text: str) -> datetime:
    return datetime.strptime(text, "%Y-%m-%d %H:%M").replace(tzinfo=SHANGHAI).astimezone(UTC)


def days(amount: int) -> Period:
    return Period(amount, Unit.WORKING_DAYS)


def after(day: date, amount: int) -> date:
    """Return the working day that many working days later, counted day by day."""
    while amount:
        day += DAY
        amount -= look_up(day).is_workday
    return day


def first(day: date) -> date:
    while not look_up(day).is_workday:
        day += DAY
    return day


def test_a_day_granted_on_a_free_day_is_not_lost_to_what_comes_next() -> None:
    clock = start_clock(days(5), at("2026-03-02 10:00"))
    left = pause_clock(clock, at("2026-03-09 23:59"))
    assert left == 0
    clock = resume_clock(clock, left, at("2026-03-14 10:00"))  # a Saturday
    assert due_of(clock).at == end_of_day(date(2026, 3, 16))
    assert due_of(extend_clock(clock, days(1))).at == end_of_day(date(2026, 3, 17))
    again = resume_clock(clock, pause_clock(clock, at("2026-03-15 10:00")), at("2026-03-21 10:00"))
    assert due_of(again).at == end_of_day(date(2026, 3, 23))
    on_a_workday = resume_clock(clock, 0, at("2026-03-16 10:00"))
    assert due_of(on_a_workday).at == end_of_day(date(2026, 3, 16))


@pytest.mark.parametrize("seed", range(4))
def test_any_sequence_runs_out_on_the_day_that_a_count_by_hand_gives(seed: int) -> None:
    chance = random.Random(seed)
    for _ in range(60):
        amount = chance.choice([1, 2, 3, 5, 7])
        now = at("2026-01-02 00:00") + timedelta(minutes=chance.randrange(200 * 1440))
        granted = start_clock(days(amount), now)
        course: list[Pause | Period] = []
        last = after(local_date(now), amount)
        for _ in range(chance.randrange(1, 5)):
            span = int((end_of_day(last) - now).total_seconds())
            if chance.random() < 0.5 and span > 1:
                begins = now + timedelta(seconds=chance.randrange(span))
                now = begins + timedelta(minutes=chance.randrange(15 * 1440))
                course.append(Pause(begins, now))
                began, resumed = local_date(begins), local_date(now)
                rest = sum(look_up(began + n * DAY).is_workday for n in range(1, (last - began).days + 1))
                last = after(resumed, rest) if rest else first(resumed)
            else:
                more = chance.choice([1, 2, 5])
                course.append(days(more))
                last = after(last, more)
            counted = count_course(granted, course)
            assert due_of(counted.clock).at == end_of_day(last), (granted, course)
            assert not counted.is_provisional


def test_what_was_counted_without_a_calendar_is_counted_again_with_it() -> None:
    granted = start_clock(days(5), at("2030-12-31 10:00"))
    course = [Pause(at("2031-01-02 10:00"), at("2031-01-02 18:00"))]
    guessed = count_course(granted, course)
    assert guessed.is_provisional and due_of(guessed.clock).at == end_of_day(date(2031, 1, 7))
    free = frozenset(date(2031, 1, day) for day in (1, 2, 3))
    known = {
        2030: YearCalendar(2030, "通知", frozenset(), frozenset()),
        2031: YearCalendar(2031, "通知", free, frozenset({date(2031, 1, 4)})),
    }
    certain = count_course(granted, course, known)
    assert not certain.is_provisional
    assert due_of(certain.clock, known).at == due_of(granted, known).at == end_of_day(date(2031, 1, 9))


def test_a_shorter_time_that_was_over_before_a_pause_is_not_brought_back_by_it() -> None:
    since = at("2026-03-02 10:00")
    course = [
        Pause(at("2026-03-03 09:00"), at("2026-03-03 10:00")),
        days(2),
        Pause(at("2026-03-04 10:00"), at("2026-03-20 10:00")),
    ]
    hours = parse_period("24h")
    assert hours is not None
    assert pauses_within(start_clock(hours, since), course) == [course[0]]
    assert pauses_within(start_clock(days(15), since), course) == [course[0], course[2]]
    assert count_course(Clock(Unit.HOURS, 3600, since), ()).clock.left == 3600
