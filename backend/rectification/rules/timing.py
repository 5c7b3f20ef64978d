"""What is due, overdue or soon to expire, by days of Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from backend.rectification.rules.progress import State

# No locality may ask to be reminded earlier (backend/policies/warranties).
LONGEST_DUE_SOON = 30
LONGEST_WARRANTY_NOTICE = 365


def is_overdue(state: State, due_on: date, today: date) -> bool:
    """Tell whether the last day has passed without 销号; the last day itself is still in time."""
    return state is not State.CLOSED_OUT and today > due_on


def is_due_soon(state: State, due_on: date, today: date, days: int) -> bool:
    """Tell whether the last day is at most ``days`` away and not past."""
    return state is not State.CLOSED_OUT and 0 <= (due_on - today).days <= days


def warranty_stage(ends_on: date, today: date, stages: Sequence[int]) -> int | None:
    """Return the nearest reminder (days before the end) that is due today, None before the first and after the end.

    A bot that slept through the first reminder sends the second alone.
    """
    left = (ends_on - today).days
    if left < 0:
        return None
    return min((stage for stage in stages if left <= stage), default=None)
