"""结果: published outcomes only; what is being counted is said to be counted."""

from __future__ import annotations

from backend.ballots.tables import Ballot
from backend.infra.context import Context
from bot.replies import Asker, Topic, texts
from bot.replies.places import ballots_of

_MOST = 3
_WAITING = {
    "counting": texts.COUNTING,
    "sealed": texts.COUNTING,
    "voided": texts.VOID,
    "suspended": texts.SUSPENDED,
}


def answer(ctx: Context, asker: Asker, _words: str) -> str:
    """Show the newest ballots that have ended in one's own estates."""
    rows = [listed.row for listed in ballots_of(ctx, asker, *texts.RESULT_STATES, *_WAITING)]
    if not rows:
        return texts.NO_RESULT
    lines: list[str] = []
    for row in rows[:_MOST]:
        lines += [*_lines(row), ""]
    return texts.fit(lines[:-1])


def _lines(ballot: Ballot) -> list[str]:
    if ballot.state not in texts.RESULT_STATES:
        return [texts.result_head(ballot.title, _WAITING[ballot.state])]
    outcomes = [texts.result_line(item["title"], item["outcome"]) for item in ballot.result or ()]
    return [texts.result_head(ballot.title, texts.RESULT_STATES[ballot.state]), *outcomes]


TOPIC = Topic(
    name="result",
    title="结果",
    words=("结果", "通过了吗", "通过没有", "通过没", "过了吗", "公示"),
    answer=answer,
    number="3",
    order=3,
)
