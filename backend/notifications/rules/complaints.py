"""What reporters and rooms read about a complaint: number, place and state; never its words, never a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.complaints.rules.numbers import format_number
from backend.complaints.rules.vocabulary import CATEGORIES
from backend.notifications.rules.templates import short
from backend.notifications.rules.texts import About, moment

COMPLAINT = "pages/complaint/index"

_NOTES: Mapping[str, str] = {
    "accepted": "已受理，正在安排办理",
    "declined": "不予受理，点此查看理由",
    "transferred": "已书面转送有权处理的机关",
    "started": "承办单位已接收办理",
    "extended": "办理延期，点此查看理由",
    "paused": "计时已暂停，点此查看原因",
    "merged": "已并入同一事项一起办理",
    "resolved": "已办结，请评价是否解决",
    "reopened": "已重新办理",
    "closed": "已结案，点此查看结果",
}
_ROOM_WORDS: Mapping[str, str] = {
    "due_soon": "即将到期，请抓紧办理",
    "overdue": "已超过办理期限",
    "response_overdue": "还没有首次答复反映人",
    "contested": "派单被退回，请重新派单",
    "supervised": "已列为督办",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What of a complaint may be told in a room."""

    number: str
    category: str
    place: str
    due_at: datetime | None


def for_reporter(what: str, number: str, at: datetime) -> About:
    """Return what the reporter reads when something happened to their complaint."""
    title = f"投诉{format_number(number)}"
    values = {"title": short(title), "time": moment(at), "note": short(_NOTES[what])}
    return About(values, f"{COMPLAINT}?number={number}")


def for_room(what: str, told: Told) -> str:
    """Return what a room of staff reads when a complaint wants somebody's hands."""
    lines = [
        f"**投诉 {format_number(told.number)}**",
        _ROOM_WORDS[what],
        f"{told.place} {CATEGORIES[told.category].title}".strip(),
    ]
    if told.due_at is not None:
        lines.append(f"期限 {moment(told.due_at)}")
    return "\n".join(lines)
