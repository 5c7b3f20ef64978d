"""Sums of fewer than five are shown nowhere, and cannot be had by subtraction either (threats.md)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeVar

FEWEST = 5
# A building of fewer homes is counted together with the other small ones of its estate.
FEWEST_HOMES = 10

K = TypeVar("K")


def broken_out(sizes: Mapping[K, int], *, hidden: int = 0) -> frozenset[K]:
    """Return the groups that may be shown beside their total; ``hidden``: members of the total in no group.

    None of one to four; and what stays hidden together is nobody, or five at least, so that the total minus
    the shown ones tells no small group either. Empty groups may be shown: there is nobody in them.
    """
    shown = {key for key, size in sizes.items() if size == 0 or size >= FEWEST}
    hidden += sum(size for key, size in sizes.items() if key not in shown)
    for key in sorted((key for key in shown if sizes[key]), key=lambda key: (sizes[key], str(key))):
        if hidden == 0 or hidden >= FEWEST:
            break
        shown.discard(key)
        hidden += sizes[key]
    return frozenset(shown)


def may_show(size: int) -> bool:
    """Tell whether the sums of a group by itself may be shown."""
    return size == 0 or size >= FEWEST


def held_back_note(number: int) -> str | None:
    """Return what is said beside a closed result in which so many answers are not counted question by question."""
    if not number:
        return None
    return (
        f"另有 {number} 份回答没有计入各题结果：截止时等待汇总的不足 {FEWEST} 份，加入后会透露个别住户的回答。"
        "按规定计算的调查率和群众满意率已全部计入。"
    )


def pools_of(homes: Mapping[str, int]) -> dict[str, str]:
    """Return building → the building under whose name its answers are summed; ``homes`` in order of display.

    A building of its own has at least ten homes; smaller ones share the name of the first of them.
    """
    small = [building for building, number in homes.items() if number < FEWEST_HOMES]
    return {building: small[0] if building in small else building for building in homes}
