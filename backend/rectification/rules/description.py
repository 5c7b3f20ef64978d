"""What an item says, checked before anything is stored."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from backend.rectification.rules.wording import private_words

EARLIEST = date(1990, 1, 1)
LATEST = date(2100, 1, 1)


@dataclass(frozen=True, slots=True)
class Description:
    """The words and days of an item; ``place`` is as staff write it, doors included."""

    problem: str
    place: str
    responsible_party: str
    measures: str
    found_on: date
    due_on: date
    responsible_person: str = ""


def faults(found: Description, today: date) -> Iterator[tuple[str, str, str]]:
    """Yield (field, what is wrong, how to mend it)."""
    private = private_words(found.problem)
    if private is not None:
        yield "problem", f"{private}，而问题对居民公开", "请删去；门牌号写在部位里，公开时会隐去"
    if found.found_on > today:
        yield "found_on", "发现日期晚于今天", "请核对日期"
    if found.found_on < EARLIEST:
        yield "found_on", "发现日期太早", "请核对年份"
    if found.due_on < found.found_on:
        yield "due_on", "整改期限早于发现日期", "请核对两个日期"
    if found.due_on > LATEST:
        yield "due_on", "整改期限太远", "请核对年份"
    for name in ("problem", "place", "responsible_party", "measures"):
        if not getattr(found, name).strip():
            yield name, "没有填", "请填写"
