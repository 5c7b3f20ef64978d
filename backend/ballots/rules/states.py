"""The life of a ballot: which step leads where, and what each state is called."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from backend.ballots.errors import WrongState

TITLES: Mapping[str, str] = {
    "draft": "草稿",
    "notice": "公告中",
    "open": "投票中",
    "counting": "计票中",
    "sealed": "已封存",
    "preliminary": "结果公示（可提异议）",
    "final": "已公布结果",
    "suspended": "已暂停",
    "voided": "已作废",
    "cancelled": "已取消",
}
# The result can be read by everybody of the estate.
PUBLISHED = ("preliminary", "final")


@dataclass(frozen=True, slots=True)
class Step:
    """A transition: the states it may start from and the one it leads to."""

    title: str
    sources: tuple[str, ...]
    target: str


STEPS: Mapping[str, Step] = {
    "publish_notice": Step("发布公告", ("draft",), "notice"),
    "open": Step("开始投票", ("notice",), "open"),
    "close": Step("截止", ("open",), "counting"),
    "seal": Step("封存", ("counting",), "sealed"),
    "publish_preliminary": Step("公示结果", ("sealed",), "preliminary"),
    "finalise": Step("公布最终结果", ("preliminary",), "final"),
    "suspend": Step("暂停", ("open",), "suspended"),
    "resume": Step("恢复", ("suspended",), "open"),
    "void": Step(
        "作废", ("notice", "open", "suspended", "counting", "sealed", "preliminary", "final"), "voided"
    ),
    "cancel": Step("取消", ("draft", "notice"), "cancelled"),
}

# What residents may know of a ballot: everything but a draft.
PUBLIC_STATES = tuple(state for state in TITLES if state != "draft")


def target_of(step: str, state: str) -> str:
    """Return where ``step`` leads from ``state``; raises WrongState."""
    found = STEPS[step]
    if state not in found.sources:
        raise WrongState(found.title, TITLES[state])
    return found.target
