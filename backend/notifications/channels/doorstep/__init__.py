"""The last channel: the household goes on its building steward's list, with the reason."""

from __future__ import annotations

from collections.abc import Collection

from backend.infra.context import Context
from backend.notifications.repository import doorstep
from backend.notifications.rules.texts import DOORSTEP_REASONS


def hand_over(ctx: Context, delivery_ids: Collection[str]) -> None:
    """List the households of deliveries that failed for good, unless another member may still be reached."""
    if delivery_ids:
        doorstep.list_unreached(ctx.session, delivery_ids, ctx.clock.now())


def withdraw(ctx: Context, delivery_ids: Collection[str]) -> None:
    """Take households off the list whose message arrived after all."""
    if delivery_ids:
        doorstep.withdraw_entries(ctx.session, delivery_ids, ctx.clock.now())


def reason_text(code: str) -> str:
    """Return why somebody has to ring, in plain words."""
    return DOORSTEP_REASONS[code]
