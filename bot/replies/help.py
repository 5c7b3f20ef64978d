"""帮助: what can be asked."""

from __future__ import annotations

from backend.infra.context import Context
from bot.replies import Asker, Topic, texts, topics


def offered(asker: Asker) -> list[tuple[str, str]]:
    """Return (number, title) of what this asker can use; what is for staff only staff see."""
    return [
        (topic.number, topic.title) for topic in topics() if topic.side != "staff" or asker.staff is not None
    ]


def answer(_ctx: Context, asker: Asker, _words: str) -> str:
    """List the topics."""
    return texts.help_text(offered(asker))


TOPIC = Topic(
    name="help",
    title="帮助",
    words=("帮助", "你好", "您好", "菜单", "怎么用", "功能", "help"),
    answer=answer,
    number="0",
    side="anybody",
    order=90,
)
