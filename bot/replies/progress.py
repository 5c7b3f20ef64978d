"""进度: how many took part and what is missing. While a ballot is open nothing else is said of it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backend.infra.context import Context
from bot.replies import Asker, Topic, texts
from bot.replies.places import ballots_of

_MOST = 5


def answer(ctx: Context, asker: Asker, _words: str) -> str:
    """Show the participation of the ballots under way in one's own estates."""
    assert asker.resident is not None
    own = asker.resident.estate_ids()
    rows = [listed.row for listed in ballots_of(ctx, asker, "open") if listed.row.estate_id in own]
    if not rows:
        return texts.NOTHING_OPEN
    lines: list[str] = []
    for row in rows[:_MOST]:
        lines += [*describe(row.title, asker.tally(row.id)), ""]
    return texts.fit([*lines, texts.TURNOUT_NEUTRAL])


def describe(title: str, tally: Mapping[str, Any]) -> list[str]:
    """Return a ballot's participation in words; ``tally`` as the tally route shows it."""
    motions = tally["motions"]
    whole = tally["roll"]["households"]
    voted = motions[0]["participating"]["households"] if motions else "0"
    rate = f"{int(voted) * 100 // int(whole)}%" if int(whole) else "-"
    return [texts.turnout(title, voted, whole, rate), _requirement(motions)]


def _requirement(motions: list[Mapping[str, Any]]) -> str:
    tests = [test for motion in motions for test in motion["tests"]]
    if not tests:
        return texts.TURNOUT_FREE
    worst: dict[str, str] = {}
    for test in tests:
        lack = test["shortfall"]
        if not test["passed"] and lack is not None:
            basis = test["basis"]
            worst[basis] = max(worst.get(basis, "0"), lack, key=float)
    if worst:
        return texts.turnout_missing([texts.amount(basis, lack) for basis, lack in worst.items()])
    return texts.TURNOUT_MET if all(test["passed"] for test in tests) else texts.TURNOUT_FREE


TOPIC = Topic(
    name="progress",
    title="进度",
    words=("进度", "参与", "多少户", "多少人投", "还差", "到哪了", "怎么样了"),
    answer=answer,
    number="2",
    order=2,
)
