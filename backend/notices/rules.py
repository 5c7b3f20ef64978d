"""Kinds of notices and objections, the hash of a notice, and rooms as they may be published."""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import sha256


class NoticeKind(StrEnum):
    """What a notice announces; only ``roll`` and ``amendment`` are written by hand, the others by the ballot."""

    ROLL = "roll"
    VOTING = "voting"
    PRELIMINARY = "preliminary"
    FINAL = "final"
    VOID = "void"
    SUSPENSION = "suspension"
    AMENDMENT = "amendment"


KIND_TITLES = {
    NoticeKind.ROLL: "名册公示",
    NoticeKind.VOTING: "表决公告",
    NoticeKind.PRELIMINARY: "结果公示（可提异议）",
    NoticeKind.FINAL: "最终结果公告",
    NoticeKind.VOID: "作废公告",
    NoticeKind.SUSPENSION: "中止公告",
    NoticeKind.AMENDMENT: "更正公告",
}
WRITTEN_BY_HAND = frozenset({NoticeKind.ROLL, NoticeKind.AMENDMENT})


class Subject(StrEnum):
    """What an objection is about."""

    ROLL = "roll"
    BINDING = "binding"
    VOTE = "vote"
    RESULT = "result"
    PROXY = "proxy"
    SURVEY = "survey"


# One tap says it: something stands in this household's name that it does not own up to.
ONE_TAP = frozenset({Subject.BINDING, Subject.VOTE, Subject.PROXY, Subject.SURVEY})
NOT_OURS = "不是本户办理的，请核实。"

STATE_TITLES = {"open": "待答复", "upheld": "异议成立", "rejected": "异议不成立", "withdrawn": "已撤回"}
MAX_OPEN_OBJECTIONS = 20

_PLACE = re.compile(r".*(?:单元|号楼|栋|幢|座|楼|门|/)", re.DOTALL)
_ROOM = re.compile(r"[0-9A-Za-z０-９]+(?:-[0-9A-Za-z０-９]+)*")
_MASK = "**"


def words_of(about: str, text: str | None) -> str:
    """Return an objection's words: those given, or what a tap without any means; empty where words are needed."""
    return text or (NOT_OURS if about in ONE_TAP else "")


def notice_hash(title: str, body: str) -> str:
    """Return the SHA-256 (hex) of a notice: its title, a line feed and its body, in UTF-8."""
    return sha256(f"{title}\n{body}".encode()).hexdigest()


def mask_door(label: str) -> str:
    """Return a door as it may be published: ``3栋2单元501`` → ``3栋2单元5**``.

    Building and entrance stay; of a room number of three or more characters the first stays, of anything
    else nothing: neither the length of a name nor the position on the floor is told.
    """
    place = _PLACE.match(label)
    head, door = (label[: place.end()], label[place.end() :]) if place else ("", label)
    number = _ROOM.search(door)
    if number is None:
        return head + (_MASK if door else "")
    kept = number[0][0] if len(number[0]) >= 3 else ""
    return head + kept + _MASK
