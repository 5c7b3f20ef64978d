"""Objection days end when members can still act: never inside a holiday."""

from __future__ import annotations

from datetime import date

import pytest

from backend.ballots.rules.periods import objections_end
from backend.kernel.clock import end_of_day


@pytest.mark.parametrize(
    ("published", "days", "last"),
    [
        (date(2026, 3, 2), 7, date(2026, 3, 9)),  # Monday to Monday
        (date(2026, 3, 6), 8, date(2026, 3, 16)),  # the last day would be a Saturday
        (date(2026, 9, 26), 7, date(2026, 10, 8)),  # inside the National Day holiday
    ],
)
def test_a_last_day_on_a_holiday_ends_with_the_day_after_it(published: date, days: int, last: date) -> None:
    assert objections_end(published, days) == end_of_day(last)
