"""Channels by which answers come, and how a try to reach a household ended."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum


class Channel(StrEnum):
    """How a response came: on one's own phone, or written down by staff."""

    ONLINE = "online"
    DOORSTEP = "doorstep"
    TELEPHONE = "telephone"
    PAPER = "paper"


CHANNEL_TITLES: Mapping[str, str] = {
    Channel.ONLINE: "手机填写",
    Channel.DOORSTEP: "入户登记",
    Channel.TELEPHONE: "电话访问",
    Channel.PAPER: "纸质问卷",
}
BY_HAND = frozenset({Channel.DOORSTEP, Channel.TELEPHONE, Channel.PAPER})


class Outcome(StrEnum):
    """How a try ended; none of them covers a household (domain.md §5)."""

    NOT_HOME = "not_home"
    REFUSED = "refused"
    VACANT = "vacant"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"
    LATER = "later"
    SHEET_LEFT = "sheet_left"


OUTCOME_TITLES: Mapping[str, str] = {
    Outcome.NOT_HOME: "不在家",
    Outcome.REFUSED: "拒答",
    Outcome.VACANT: "空置",
    Outcome.NO_ANSWER: "电话无人接听",
    Outcome.WRONG_NUMBER: "电话不对或已停用",
    Outcome.LATER: "另约时间",
    Outcome.SHEET_LEFT: "已留问卷",
}

# Whoever may answer for a household: any adult member, 公房承租人 too; tenants where the survey says so (domain.md §3).
_RELATIONS = ("owner", "co_owner", "representative", "family", "public_tenant")


def answering_relations(*, tenants_answer: bool) -> tuple[str, ...]:
    """Return the bindings that may answer."""
    return (*_RELATIONS, "tenant") if tenants_answer else _RELATIONS
