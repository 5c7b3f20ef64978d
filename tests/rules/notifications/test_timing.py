"""Quiet hours, reminder days, backoff, breakers."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.clock import SHANGHAI, end_of_day, local_date
from backend.kernel.errors import Unprocessable
from backend.notifications.rules.parameters import Parameters, resolve
from backend.notifications.rules.timing import (
    Quiet,
    breaker_pause,
    next_digest,
    reminder_due,
    reminders_to_come,
    retry_at,
    sendable_at,
    survey_due,
)

QUIET = Quiet()
CHOSEN = Parameters()
INSTANTS = st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1)).map(lambda at: at.replace(tzinfo=UTC))


def at(day: int, hour: int, minute: int = 0, month: int = 6) -> datetime:
    """An instant of June 2026, Asia/Shanghai."""
    return datetime(2026, month, day, hour, minute, tzinfo=SHANGHAI).astimezone(UTC)


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        (at(10, 8), at(10, 8)),
        (at(10, 20, 59), at(10, 20, 59)),
        (at(10, 21), at(11, 8)),
        (at(10, 23, 30), at(11, 8)),
        (at(11, 0), at(11, 8)),
        (at(11, 7, 59), at(11, 8)),
    ],
)
def test_quiet_hours_are_from_nine_in_the_evening_to_eight(now: datetime, expected: datetime) -> None:
    assert sendable_at(now, QUIET, is_urgent=False) == expected
    assert sendable_at(now, QUIET, is_urgent=True) == now


@given(INSTANTS)
def test_nothing_is_ever_sendable_in_quiet_hours(now: datetime) -> None:
    found = sendable_at(now, QUIET, is_urgent=False)
    assert now <= found <= now + timedelta(hours=11)
    assert 8 <= found.astimezone(SHANGHAI).hour < 21
    assert sendable_at(found, QUIET, is_urgent=False) == found


OPENS, CLOSES = at(1, 9), end_of_day(date(2026, 6, 20))


@pytest.mark.parametrize(
    ("now", "name", "day"),
    [
        (at(12, 12), None, None),
        (at(13, 0), "T-7", 13),
        (at(13, 20, 59), "T-7", 13),
        (at(13, 21), "T-7", 14),  # the evening's is sent in the morning, and counts there
        (at(15, 12), "T-7", 15),  # a bot that slept is late, not silent
        (at(16, 21, 30), None, None),  # the next morning has a reminder of its own
        (at(17, 0), "T-3", 17),
        (at(19, 23), None, None),
        (at(20, 0), "last", 20),
        (at(20, 21), None, None),
    ],
)
def test_reminders_are_due_seven_and_three_days_before_and_on_the_last_day(
    now: datetime, name: str | None, day: int | None
) -> None:
    due = reminder_due(now, OPENS, CLOSES, CHOSEN)
    assert (due.name if due else None, due.day.day if due else None) == (name, day)


def test_no_reminder_before_the_opening_or_after_the_close() -> None:
    assert reminder_due(OPENS - timedelta(seconds=1), OPENS, CLOSES, CHOSEN) is None
    assert reminder_due(CLOSES, OPENS, CLOSES, CHOSEN) is None


def test_a_short_window_has_no_reminder_on_its_first_day_but_on_its_last() -> None:
    closes = end_of_day(date(2026, 6, 4))  # opens on T−3
    assert reminder_due(at(1, 12), at(1, 9), closes, CHOSEN) is None
    assert reminder_due(at(4, 9), at(1, 9), closes, CHOSEN) is not None
    one_day = reminder_due(at(1, 10), at(1, 9), end_of_day(date(2026, 6, 1)), CHOSEN)
    assert one_day is not None and one_day.name == "last"


@given(INSTANTS, st.integers(1, 60), st.integers(0, 86_399))
def test_a_reminder_is_sent_within_the_window_and_its_own_day(now: datetime, days: int, second: int) -> None:
    opens = now - timedelta(days=2, seconds=second)
    closes = end_of_day(local_date(opens) + timedelta(days=days))
    due = reminder_due(now, opens, closes, CHOSEN)
    if due is not None:
        assert now <= due.send_at < due.expires_at <= closes
        assert local_date(due.send_at) == due.day == local_date(due.expires_at - timedelta(microseconds=1))


@pytest.mark.parametrize(
    ("now", "name", "day"),
    [
        (at(1, 9), "opened", 1),
        (at(1, 21), "opened", 2),  # opened in the evening: told in the morning
        (at(9, 12), "opened", 9),  # whoever could not be told before
        (at(16, 21), None, None),  # the next morning has a reminder of its own
        (at(17, 0), "T-3", 17),
        (at(19, 12), "T-3", 19),
        (at(20, 0), "last", 20),
        (at(20, 21), None, None),
    ],
)
def test_a_survey_is_told_of_at_its_opening_three_days_before_the_end_and_on_the_last_day(
    now: datetime, name: str | None, day: int | None
) -> None:
    due = survey_due(now, OPENS, CLOSES, CHOSEN)
    assert (due.name if due else None, due.day.day if due else None) == (name, day)


def test_a_survey_of_one_day_is_told_of_once() -> None:
    closes = end_of_day(date(2026, 6, 1))
    assert {
        due.name for hour in range(9, 21) if (due := survey_due(at(1, hour), at(1, 9), closes, CHOSEN))
    } == {"opened"}
    assert survey_due(closes, at(1, 9), closes, CHOSEN) is None


@given(INSTANTS, st.integers(0, 60), st.integers(0, 86_399))
def test_a_survey_s_message_is_sent_while_it_is_open_and_by_day(
    now: datetime, days: int, second: int
) -> None:
    opened = now - timedelta(days=1, seconds=second)
    closes = end_of_day(local_date(opened) + timedelta(days=days))
    due = survey_due(now, opened, closes, CHOSEN)
    if due is not None:
        assert now <= due.send_at < due.expires_at <= closes
        assert sendable_at(due.send_at, QUIET, is_urgent=False) == due.send_at


def test_what_lies_ahead_is_counted_so_that_a_push_leaves_room() -> None:
    assert reminders_to_come(at(10, 12), CLOSES, CHOSEN) == 3
    assert reminders_to_come(at(13, 12), CLOSES, CHOSEN) == 2
    assert reminders_to_come(at(20, 12), CLOSES, CHOSEN) == 0


def test_a_digest_takes_what_comes_in_until_a_little_before_its_hour() -> None:
    assert next_digest(at(10, 0), 18) == next_digest(at(10, 17, 49), 18) == at(10, 18)
    assert next_digest(at(10, 17, 50), 18) == next_digest(at(10, 23), 18) == at(11, 18)


def test_waiting_grows_to_an_hour() -> None:
    now = at(10, 12)
    waits = [(retry_at(now, tries) - now).total_seconds() for tries in range(1, 12)]
    assert waits[:4] == [30, 60, 120, 240]
    assert waits[-1] == 3600 and waits == sorted(waits)


def test_a_channel_rests_after_eight_failures_in_a_row_and_longer_later() -> None:
    assert breaker_pause(7) is None
    assert breaker_pause(8) == timedelta(seconds=15)
    assert breaker_pause(1000) == timedelta(minutes=2)


def test_settings_are_bounded() -> None:
    assert resolve({}) == Parameters()
    assert resolve({"reminders_a_day": 2}).reminders_a_day == 2
    for wrong in ({"quiet_from": 3}, {"nonsense": 1}, {"first_reminder": 3, "second_reminder": 3}):
        with pytest.raises(Unprocessable):
            resolve(wrong)
