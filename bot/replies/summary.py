"""汇总: participation in the scope of a staff member; never a choice."""

from __future__ import annotations

from backend.ballots.service.summaries import summarise
from backend.infra.context import Context
from bot.replies import Asker, Topic, texts


def answer(ctx: Context, _asker: Asker, _words: str) -> str:
    """Sum up the ballots under way where the asker may read participation."""
    found = summarise(ctx)
    if found is None:
        return texts.NO_SCOPE
    states = texts.summary_states(found.waiting, found.preliminary)
    if not found.running:
        return texts.fit([texts.SUMMARY_EMPTY, states])
    lines = [texts.summary_line(row.title, row.voted, row.entries, row.closes_at) for row in found.running]
    return texts.fit([texts.summary_head(found.open, ctx.clock.now()), states, *lines])


TOPIC = Topic(
    name="summary",
    title="汇总（工作人员）",
    words=("汇总", "统计", "日报", "简报"),
    answer=answer,
    number="8",
    side="staff",
    is_slow=True,
    order=8,
)
