"""绑定: which homes are mine, or how to become known."""

from __future__ import annotations

from backend.infra.context import Context
from backend.registry import queries as registry
from bot.replies import Asker, Topic, texts

_MOST = 10


def answer(ctx: Context, asker: Asker, _words: str) -> str:
    """List one's own homes; tell everybody else how to bind."""
    if asker.resident is None:
        return texts.HOW_TO_BIND
    homes = asker.resident.homes[:_MOST]
    labels = registry.labels_of_dwellings(ctx.session, [home.dwelling_id for home in homes])
    estates = {home.estate_id: "" for home in homes}
    names = {estate: registry.estate_card(ctx.session, estate).name for estate in estates}
    own = [f"{names[home.estate_id]} {labels.get(home.dwelling_id, '')}" for home in homes]
    return texts.bound(own) if own else texts.NO_HOME


TOPIC = Topic(
    name="binding",
    title="绑定",
    words=("绑定", "认证", "登记房屋", "邀请码", "关联", "注册", "怎么登录"),
    answer=answer,
    number="5",
    side="anybody",
    order=5,
)
