"""人工: whom to speak to."""

from __future__ import annotations

from backend.infra.context import Context
from backend.registry import queries as registry
from bot.replies import Asker, Topic, texts


def answer(ctx: Context, asker: Asker, _words: str) -> str:
    """Name the residents' committees of one's own estates."""
    estates = sorted(asker.resident.estate_ids()) if asker.resident is not None else []
    names = [registry.estate_card(ctx.session, estate).organisation_name for estate in estates[:3]]
    return texts.human(list(dict.fromkeys(names)))


TOPIC = Topic(
    name="human",
    title="人工",
    words=("人工", "客服", "工作人员", "居委会", "电话", "找人"),
    answer=answer,
    number="7",
    side="anybody",
    order=7,
)
