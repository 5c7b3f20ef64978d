"""查询: where the complaint with this number stands; for anybody who holds it, as on the public tracker."""

from __future__ import annotations

from backend.complaints.rules.numbers import format_number
from backend.complaints.rules.states import STATE_TITLES, State
from backend.complaints.service import track
from backend.infra.context import Context
from backend.kernel.clock import SHANGHAI
from backend.kernel.errors import NotFound
from bot.replies import Asker, Topic, texts


def answer(ctx: Context, _asker: Asker, words: str) -> str:
    """Tell state and deadline."""
    digits = "".join(character for character in words if character.isdigit())
    if not digits:
        return texts.STATUS_HOW
    try:
        found = track(ctx, digits)
    except NotFound:
        return texts.STATUS_UNKNOWN
    due = ""
    if found.due_at is not None and found.resolved_at is None:
        day = found.due_at.astimezone(SHANGHAI)
        due = f"期限 {day:%Y-%m-%d %H:%M}" + ("（暂定）" if found.is_due_provisional else "")
    return texts.complaint_status(
        format_number(found.number), STATE_TITLES[State(found.state)], found.place, due
    )


TOPIC = Topic(
    name="complaint_status",
    title="查询（加 12 位投诉编号）",
    words=("查询", "查投诉", "投诉进展"),
    answer=answer,
    side="anybody",
    order=7,
)
