"""投诉: registers what follows the word, for residents of one estate; tells everybody else the ways."""

from __future__ import annotations

import re

from backend.complaints.rules.conduct import is_about_conduct
from backend.complaints.rules.intake import MOST_WORDS
from backend.complaints.rules.numbers import format_number
from backend.complaints.rules.vocabulary import Disclosure, Source
from backend.complaints.service import RegisterComplaint, Report, register_complaint
from backend.infra.context import Context
from backend.kernel.errors import TooMany
from bot.replies import Asker, Topic, texts

# Only what is said as a complaint is taken down as one: 楼道漏水 alone may be a question.
_SAID = re.compile(rf"\s*(?:我要)?(?:投诉|报修|反映)[\s:：,，]*(?P<words>.{{4,{MOST_WORDS}}})", re.DOTALL)


def answer(_ctx: Context, _asker: Asker, _words: str) -> str:
    """Name the ways."""
    return texts.COMPLAIN


def act(ctx: Context, said: str, key: str) -> str | None:
    """Register what was said; confidential, as there is nobody to ask. The same call registers it once.

    What sounds like a report about staff is not taken down here: as an ordinary case the committee would read it.
    """
    found = _SAID.fullmatch(said)
    estates = sorted(ctx.actor.estate_ids())
    if found is None or not estates:
        return None
    if is_about_conduct(found["words"]):
        return texts.COMPLAIN_CONDUCT
    if len(estates) > 1:
        return texts.COMPLAIN_WHERE
    report = Report("other", found["words"], Disclosure.CONFIDENTIAL, estate_id=estates[0])
    try:
        made = register_complaint(ctx, RegisterComplaint(report, f"chat-{key}", Source.CHAT))
    except TooMany:
        return texts.COMPLAIN_MANY
    return texts.complaint_taken(format_number(made.complaint.number), made.complaint.place_label)


TOPIC = Topic(
    name="complaint",
    title="投诉",
    words=("投诉", "举报", "反映", "维修", "报修", "漏水", "意见"),
    answer=answer,
    number="6",
    side="anybody",
    order=6,
    act=act,
)
