"""What reporters and rooms read about a complaint: number, place and state; never its words, never a person."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from backend.complaints.rules.numbers import format_number
from backend.complaints.rules.vocabulary import CATEGORIES
from backend.notifications.rules.templates import short
from backend.notifications.rules.texts import About, deadline, moment

COMPLAINT = "pages/complaint/index"

_NOTES: Mapping[str, str] = {
    "accepted": "已受理，正在安排办理",
    "declined": "不予受理，点此查看理由",
    "transferred": "已书面转送有权处理的机关",
    "started": "承办单位已接收办理",
    "extended": "办理延期，点此查看理由",
    "noted": "有新的办理情况，点此查看",
    "paused": "计时已暂停，点此查看原因",
    "resumed": "已恢复计时，继续办理",
    "mediated": "已组织调解，点此查看",
    "merged": "已并入同一事项一起办理",
    # Whose complaint was merged into this one hears of the result and is not asked.
    "resolved": "并入的事项已办结，点此查看",
    "reopened": "已重新办理",
    "closed": "已结案，点此查看结果",
}
_ROOM_WORDS: Mapping[str, str] = {
    "due_soon": "即将到期，请抓紧办理",
    "overdue": "已超过办理期限",
    "response_overdue": "还没有首次答复反映人",
    "paused_long": "计时已暂停很久，请确认能否恢复办理",
    "contested": "派单被退回，请重新派单",
    "supervised": "已列为督办",
    "disputed": "对不予受理申请复核，请由未经手的人重新审查",
    "registered": "有新的反映限制查看，等待受理",
    "handed_up": "已上报甄别，等待决定是否限制查看",
}


@dataclass(frozen=True, slots=True)
class Told:
    """What of a complaint may be told in a room."""

    number: str
    category: str
    place: str
    due_at: datetime | None
    is_restricted: bool = False


def for_reporter(what: str, number: str, at: datetime) -> About:
    """Return what the reporter reads when something happened to their complaint."""
    title = f"投诉{format_number(number)}"
    values = {"title": short(title), "time": moment(at), "note": short(_NOTES[what])}
    return About(values, f"{COMPLAINT}?number={number}")


def for_receiver(what: str, number: str, at: datetime) -> About:
    """Return what the first receiver of a complaint reads when it wants somebody's hands."""
    title = f"首接投诉{format_number(number)}"
    return About({"title": short(title), "time": moment(at), "note": short(_ROOM_WORDS[what])}, "")


def occasion_of(number: int) -> str:
    """Return the name of a round of the question after the work: asked once, however often it is read of."""
    return f"round-{number}"


def question(number: str, expires_at: datetime) -> About:
    """Return what the reporter reads who is asked after the work; ``time`` is until when."""
    title = f"投诉{format_number(number)}"
    values = {"title": short(title), "time": deadline(expires_at), "note": "已办结，请评价是否解决"}
    return About(values, f"{COMPLAINT}?number={number}")


def question_by_phone(expires_at: datetime) -> About:
    """Return what is kept of a text message with the question: neither case nor code.

    A phone lies on tables: whoever reads its messages learns nothing of a complaint. The code comes in when
    the message leaves (``with_code``).
    """
    return About({"title": "社区服务回访", "time": deadline(expires_at)}, "")


def with_code(payload: Mapping[str, str], code: str) -> Mapping[str, str]:
    """Return the text message's values with the one-time code."""
    return {**payload, "note": code}


def for_room(what: str, told: Told) -> str:
    """Return what a room of staff reads when a complaint wants somebody's hands; of a restricted one the number alone."""
    lines = [f"**投诉 {format_number(told.number)}**", _ROOM_WORDS[what]]
    if not told.is_restricted:
        lines.append(f"{told.place} {CATEGORIES[told.category].title}".strip())
    if told.due_at is not None:
        lines.append(f"期限 {moment(told.due_at)}")
    return "\n".join(lines)
