"""Until when members may act: the statutory way of counting days."""

from __future__ import annotations

from datetime import date, datetime

from backend.policies.rules.periods import statutory_deadline


def objections_end(published_on: date, days: int) -> datetime:
    """Return the instant at which the objection days are over.

    The day of publication is not counted, the last one ends at its midnight (Civil Code art. 201); a last day on
    a holiday or weekend gives way to the first working day after it (art. 203).
    """
    return statutory_deadline(published_on, days).ends_at
