"""Mandates: which slot a new one takes, and which period it may have."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from backend.kernel.errors import Conflict, FieldError, Unprocessable

OWNER_RELATIONS = frozenset({"owner", "co_owner", "representative"})  # who may revoke for the dwelling


def free_slot(used: Collection[int], limit: int) -> int:
    """Return the smallest free number from 1 to ``limit``; raises Conflict when the proxy has enough mandates."""
    for slot in range(1, limit + 1):
        if slot not in used:
            return slot
    raise Conflict("proxy_limit", f"这位受托人已接受 {limit} 户委托，达到本次表决的上限。")


def check_period(valid_from: datetime, valid_until: datetime, closes_at: datetime) -> None:
    """Demand a period that covers some of the voting (民法典 165: a mandate names its period)."""
    if valid_until <= valid_from:
        raise Unprocessable(
            "period", "委托期限有误。", [FieldError("valid_until", "委托的结束时间要晚于开始时间。")]
        )
    if valid_from >= closes_at:
        raise Unprocessable(
            "period", "委托期限有误。", [FieldError("valid_from", "委托在投票截止之后才开始，没有意义。")]
        )
