"""What an answer to "solved? satisfied?" leads to."""

from __future__ import annotations

from enum import StrEnum

# From the second time on somebody above looks on.
_SUPERVISED_FROM = 2


class Verdict(StrEnum):
    """What comes after the answer."""

    DONE = "done"
    AGAIN = "again"


def verdict_of(reopenings: int, *, is_solved: bool, is_satisfied: bool) -> Verdict:
    """Return what an answer leads to: not solved always reopens, not satisfied once.

    What is solved and has been done over already ends as "not satisfied" and is counted so: work cannot be
    repeated for ever, and the figure does not hide it.
    """
    if not is_solved:
        return Verdict.AGAIN
    if not is_satisfied and reopenings == 0:
        return Verdict.AGAIN
    return Verdict.DONE


def must_supervise(reopenings: int) -> bool:
    """Tell whether a case that is reopened for this time is supervised (督办) by itself."""
    return reopenings >= _SUPERVISED_FROM
