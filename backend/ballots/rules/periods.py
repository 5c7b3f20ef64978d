"""Until when members may act and the committee must: days counted as the law counts them."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from backend.kernel.clock import end_of_day, local_date
from backend.policies.rules.periods import statutory_deadline


def objections_end(published_on: date, days: int) -> datetime:
    """Return the instant at which the objection days are over.

    The day of publication is not counted, the last one ends at its midnight (Civil Code art. 201); a last day on
    a holiday or weekend gives way to the first working day after it (art. 203).
    """
    return statutory_deadline(published_on, days).ends_at


def publication_due(sealed_at: datetime, days: int) -> datetime:
    """Return the instant by which a sealed result is to be published (domain §3: within 3 days).

    The day of sealing is not counted. A duty towards members does not wait for a holiday to pass.
    """
    return end_of_day(local_date(sealed_at) + timedelta(days=days))
