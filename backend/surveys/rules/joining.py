"""What may join what is shown: five respondents at a time who were in it never before, and never the newest five."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import TypeVar

from backend.surveys.rules.counts import ANSWERED, CHANNEL, Counts
from backend.tally.small_groups import FEWEST

# Beside the counts of a question that still waits: how many who were never in the sums answered it.
NEW = "+"

T = TypeVar("T")


def due(waiting: Sequence[T], is_new: Callable[[T], bool], *, kept: int = FEWEST) -> list[T]:
    """Return who joins, of those who wait, oldest first; nobody while fewer than five new ones would.

    ``kept`` of the new ones stay out, the newest: then five at least are left for the close, and what comes with it
    is nobody's alone. A change of mind never counts as one of the five; it goes along with them.
    """
    new = [each for each in waiting if is_new(each)]
    if len(new) < FEWEST + kept:
        return []
    staying = {id(each) for each in new[len(new) - kept :]}
    return [each for each in waiting if id(each) not in staying]


def settle(
    change: Counts, new: Mapping[str, int], held: Counts
) -> tuple[dict[tuple[str, str], int], dict[tuple[str, str], int]]:
    """Return what the sums gain, and how what is held beside them changes, when some respondents join.

    ``change``: what they change altogether; ``new``: question → how many of them answered it who were never in
    the sums; ``held``: what former ones brought to questions that too few answered. A question moves when five
    such respondents and five answers have come together; until then its change is held.
    """
    total = Counter(held)
    total.update(change)
    total.update({(question, NEW): number for question, number in new.items()})
    moves = {question for question, code in total if code == NEW and _moves(question, total)}
    into = {key: n for key, n in total.items() if n and key[0] in moves and key[1] != NEW}
    after = {key: n for key, n in total.items() if key[0] not in moves}
    keys = after.keys() | held.keys()
    beside = {key: after.get(key, 0) - held.get(key, 0) for key in keys}
    return into, {key: n for key, n in beside.items() if n}


def _moves(question: str, total: Counts) -> bool:
    """Five who are new, and five answers more: who took an answer back before it was shown is none of them."""
    answers = FEWEST if question == CHANNEL else total.get((question, ANSWERED), 0)
    return min(total.get((question, NEW), 0), answers) >= FEWEST
