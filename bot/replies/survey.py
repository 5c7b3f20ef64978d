"""满意度: the surveys of one's own estates: what is open and whether one's home has answered, and what came out."""

from __future__ import annotations

from backend.infra.context import Context
from backend.surveys import service as surveys
from backend.surveys.queries import SurveyCard
from backend.surveys.tables import SurveyHousehold
from bot.replies import Asker, Topic, texts

_MOST = 3


def answer(ctx: Context, asker: Asker, _words: str) -> str:
    """Show the newest surveys; of a running one nothing is told but the deadline and one's own home."""
    assert asker.resident is not None
    own = Context(ctx.session, asker.resident, ctx.ports, ctx.request_id)
    cards = surveys.my_surveys(own, _MOST)
    if not cards:
        return texts.NO_SURVEY
    homes = surveys.my_households(own, [card.survey for card in cards])
    lines: list[str] = []
    for card in cards:
        lines += [*_lines(own, card, homes[card.survey.id]), ""]
    return texts.fit(lines[:-1])


def _lines(ctx: Context, card: SurveyCard, homes: list[SurveyHousehold]) -> list[str]:
    row = card.survey
    if row.state == "open" and row.closes_at is not None:
        is_waiting = any(home.answered_at is None for home in homes)
        return [texts.survey_open(row.title, row.closes_at, is_asked=bool(homes), is_waiting=is_waiting)]
    judged = surveys.my_results(ctx, row.id).judgements
    outcomes = [
        texts.survey_outcome(found.estate_name, str(found.result.outcome))
        for found in judged
        if found.result is not None
    ]
    return [texts.survey_closed(row.title), *outcomes]


TOPIC = Topic(
    name="survey",
    title="满意度",
    words=("满意度", "问卷", "调查", "满意率"),
    answer=answer,
    order=4,
)
