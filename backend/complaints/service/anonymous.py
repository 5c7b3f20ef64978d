"""How many anonymous reports one person makes on a day: limited without keeping who it is."""

from __future__ import annotations

from backend.complaints import errors
from backend.complaints.repository import complaints as repository
from backend.complaints.rules import intake
from backend.infra.context import Context
from backend.kernel.clock import local_date


def count_anonymous(ctx: Context, account_id: str) -> None:
    """Hold the limit of a day without keeping who it is: the count is under a blind index and goes with the day."""
    today = local_date(ctx.clock.now())
    index = ctx.vault.index(f"{account_id}\0{today.isoformat()}", "complaint.anonymous_day")
    if repository.count_anonymous(ctx.session, index, today) > intake.MOST_ANONYMOUS_A_DAY:
        raise errors.too_many_anonymous()


def forget_anonymous_days(ctx: Context) -> int:
    """Delete the counts of days that are over; returns how many."""
    return repository.forget_anonymous_days(ctx.session, local_date(ctx.clock.now()))
