"""The menu of the Official Account: what the chat can be asked, one tap each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.infra.settings import Settings
from bot.replies import texts, topics

# A title of at most five characters, and (label, topic) below it; WeChat shows three titles with five lines each.
_MENU = (
    (
        "投票",
        (("现在能投的", "vote"), ("参与进度", "progress"), ("公示结果", "result"), ("满意度问卷", "survey")),
    ),
    ("我的", (("我的房屋", "binding"), ("查回执", "receipt"))),
    ("找人", (("投诉", "complaint"), ("查投诉", "complaint_status"), ("人工", "human"), ("帮助", "help"))),
)


def buttons(settings: Settings) -> list[dict[str, Any]]:
    """Return the menu as WeChat takes it; a topic that this installation has not is left out."""
    known = {topic.name for topic in topics()}
    menu = []
    for title, lines in _MENU:
        below = [_click(label, name) for label, name in lines if name in known]
        if title == "投票":
            below.append(_open(settings))
        menu.append({"name": title, "sub_button": below})
    return menu


def _click(label: str, name: str) -> dict[str, str]:
    return {"type": "click", "name": label, "key": name}


def _open(settings: Settings) -> dict[str, str]:
    return {
        "type": "miniprogram",
        "name": "打开小程序",
        "url": settings.public_base_url,
        "appid": settings.wechat_app_id,
        "pagepath": texts.HOME_PAGE,
    }


def lines(menu: list[dict[str, Any]]) -> list[str]:
    """Return the menu as an operator reads it."""
    return [
        f"{button['name']}：" + "、".join(_line(item) for item in button["sub_button"]) for button in menu
    ]


def _line(item: Mapping[str, str]) -> str:
    return f"{item['name']}（{item.get('key') or item['pagepath']}）"
