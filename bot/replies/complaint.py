"""投诉: where to turn with a complaint."""

from __future__ import annotations

from backend.infra.context import Context
from bot.replies import Asker, Topic, texts


def answer(_ctx: Context, _asker: Asker, _words: str) -> str:
    """Name the ways."""
    return texts.COMPLAIN


TOPIC = Topic(
    name="complaint",
    title="投诉",
    words=("投诉", "举报", "反映", "维修", "报修", "漏水", "意见"),
    answer=answer,
    number="6",
    side="anybody",
    order=6,
)
