"""The rectification register's entries: where each comes from, how far it gets, what must come of it. Pure data."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum


class Task(StrEnum):
    """What somebody does about an entry at a moment."""

    OPEN = "open"
    START = "start"
    SUBMIT = "submit"
    # The keeper works on it and submits it; so the keeper cannot verify it.
    SUBMIT_ONESELF = "submit_oneself"
    VERIFY_ONESELF = "verify_oneself"
    RETURN = "return"
    VERIFY = "verify"
    CLOSE_OUT = "close_out"


# What the history shows of each task; a refused one leaves nothing.
STEPS: dict[Task, tuple[str, ...]] = {
    Task.OPEN: ("opened",),
    Task.START: ("start",),
    Task.SUBMIT: ("submit",),
    Task.SUBMIT_ONESELF: ("submit",),
    Task.VERIFY_ONESELF: (),
    Task.RETURN: ("return",),
    Task.VERIFY: ("verify",),
    Task.CLOSE_OUT: ("close_out",),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry: source, words, last day, the tasks at the five moments of ``days.HOTLINE``, how it ends.

    ``complaint``: the course of the report from which it comes.
    """

    name: str
    source: str
    problem: str
    measures: str
    due_on: date
    tasks: tuple[tuple[Task, ...], ...]
    state: str
    is_overdue: bool = False
    complaint: str | None = None

    @property
    def history(self) -> tuple[str, ...]:
        """Return every step that the history must show, in order."""
        return tuple(step for tasks in self.tasks for task in tasks for step in STEPS[task])


T = Task
ENTRIES: tuple[Entry, ...] = (
    Entry(
        "leak",
        "complaint",
        "屋面防水层搭接不严，顶层渗漏",
        "重做搭接部位的防水层，做淋水试验",
        date(2026, 5, 8),
        ((), (T.OPEN,), (T.START, T.SUBMIT), (T.VERIFY, T.CLOSE_OUT), ()),
        "closed_out",
        complaint="leak",
    ),
    Entry(
        "railing",
        "inspection",
        "楼梯扶手焊缝没有打磨，有毛刺",
        "打磨并补刷防锈漆",
        date(2026, 5, 15),
        ((T.OPEN,), (), (), (), ()),
        "open",
        is_overdue=True,
    ),
    Entry(
        "paving",
        "inspection",
        "院内步道铺装不平，有积水",
        "起铺重做，调整坡度",
        date(2026, 12, 31),
        ((T.OPEN,), (T.START,), (T.SUBMIT,), (T.RETURN,), ()),
        "in_progress",
    ),
    Entry(
        "bills",
        "audit",
        "隐蔽工程验收记录缺少影像资料",
        "补充影像资料并归档",
        date(2026, 5, 29),
        ((), (T.OPEN,), (T.START, T.SUBMIT_ONESELF), (T.VERIFY_ONESELF, T.VERIFY, T.CLOSE_OUT), ()),
        "closed_out",
    ),
)


def entries_of(position: int, *, all_of_them: bool) -> Sequence[Entry]:
    """Return the entries of the position-th estate: the leak, and some of the others in turn."""
    first, *others = ENTRIES
    if all_of_them:
        return ENTRIES
    kept = position % (len(others) + 1)
    return (first, *(entry for number, entry in enumerate(others, start=1) if number != kept))
