"""Telling the keepers of a register what is due: each date once, however often the job runs."""

from __future__ import annotations

from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.rectification import repository
from backend.rectification.queries.works import reminder_days
from backend.rectification.rules.progress import State
from backend.rectification.rules.timing import is_due_soon, is_overdue, warranty_stage
from backend.rectification.service.loading import tell_item, tell_works, today_of
from backend.rectification.tables import WarrantyReminder


def tell_of_item(ctx: Context, item_id: str) -> bool:
    """Append ``rectification.due_soon`` or ``.overdue`` for an item's present due date, once each."""
    row = repository.find_item(ctx.session, item_id)
    if row is None:
        return False
    today, state = today_of(ctx), State(row.state)
    if is_overdue(state, row.due_on, today):
        what, column = "overdue", "overdue_told"
    elif is_due_soon(state, row.due_on, today, reminder_days(ctx.session, row.organisation_id).due_soon):
        what, column = "due_soon", "due_soon_told"
    else:
        return False
    if not repository.mark_told(ctx.session, row, column):
        return False
    tell_item(ctx, what, row, {"due_on": row.due_on.isoformat(), "estate_name": row.estate_name})
    return True


def tell_of_warranty(ctx: Context, works_item_id: str) -> bool:
    """Append ``warranty.expiring`` for the reminder that is due, once per end date and reminder."""
    row = repository.find_works(ctx.session, works_item_id)
    if row is None or row.warranty_ends_on is None:
        return False
    stages = reminder_days(ctx.session, row.organisation_id).warranty
    stage = warranty_stage(row.warranty_ends_on, today_of(ctx), stages)
    if stage is None or repository.has_reminder(ctx.session, row, stage):
        return False
    reminder = WarrantyReminder(
        id=new_id(),
        works_item_id=row.id,
        ends_on=row.warranty_ends_on,
        days_before=stage,
        sent_at=ctx.clock.now(),
    )
    ctx.session.add(reminder)
    ctx.session.flush()  # two jobs at once: the unique constraint lets one of them through
    payload = {
        "ends_on": row.warranty_ends_on.isoformat(),
        "days_before": stage,
        "estate_name": row.estate_name,
    }
    tell_works(ctx, "warranty.expiring", row, payload)
    return True
