"""Which buildings are summed together so that none is small, and what the close leaves out."""

from __future__ import annotations

from collections.abc import Mapping

from backend.tally.small_groups import FEWEST

# A building of fewer homes is counted together with the other small ones of its estate.
FEWEST_HOMES = 10


def held_back_note(number: int, struck: int) -> str | None:
    """Return what is said beside a closed result whose questions leave out so many answers, or still count struck ones."""
    notes = []
    if number:
        notes.append(
            f"另有 {number} 份回答没有计入各题结果：尚未汇总的不足 {FEWEST} 份，加入后会透露个别住户的回答。"
            "按规定计算的调查率和群众满意率已全部计入。"
        )
    if struck:
        notes.append(
            f"有 {struck} 份代填的回答经住户异议成立已剔除，各题结果仍含这些回答：单独减去会透露个别住户的回答。"
            "按规定计算的调查率和群众满意率已不计。"
        )
    return "".join(notes) or None


def pools_of(homes: Mapping[str, int]) -> dict[str, str]:
    """Return building → the building under whose name its answers are summed; ``homes`` in order of display.

    A building of its own has at least ten homes; smaller ones share the name of the first of them.
    """
    small = [building for building, number in homes.items() if number < FEWEST_HOMES]
    return {building: small[0] if building in small else building for building in homes}
