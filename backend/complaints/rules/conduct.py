"""Words that make a report one about people who hold office: it belongs where they do not read it."""

from __future__ import annotations

from backend.complaints.rules.words import normalise

# Better one report too many sent to the form than one read by the person it is about.
CONDUCT_WORDS = (
    # What is done.
    "收钱",
    "收礼",
    "收红包",
    "塞钱",
    "送礼",
    "红包",
    "回扣",
    "好处费",
    "受贿",
    "行贿",
    "贿赂",
    "贪",
    "挪用",
    "侵吞",
    "徇私",
    "舞弊",
    "以权谋私",
    "滥用职权",
    "渎职",
    "吃拿卡要",
    "索要",
    "索贿",
    "优亲厚友",
    "打击报复",
    "举报",
    "检举",
    "控告",
    "纪委",
    # Who does it.
    "书记",
    "主任",
    "干部",
    "领导",
    "科长",
    "局长",
    "镇长",
    "所长",
    "网格员",
    "工作人员",
)


def is_about_conduct(said: str) -> bool:
    """Tell whether words sound like a report about staff; spaces and signs between the letters hide nothing."""
    plain = normalise(said)
    return any(word in plain for word in CONDUCT_WORDS)
