"""How alike two complaints of one estate are: category, building or point, and words."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from backend.complaints.rules.words import likeness

ALIKE = Fraction(1, 2)
_NEAR_E6 = 500  # about fifty metres
_WORDS, _CATEGORY, _PLACE = Fraction(6, 10), Fraction(2, 10), Fraction(2, 10)


@dataclass(frozen=True, slots=True)
class Traits:
    """What two complaints are compared by."""

    category: str
    building_id: str | None
    point: tuple[int, int] | None
    ticket_number: str | None
    grams: tuple[str, ...]


def likeness_of(left: Traits, right: Traits) -> Fraction:
    """Return how alike two complaints are, 0 to 1; the same ticket number is the same matter."""
    if left.ticket_number is not None and left.ticket_number == right.ticket_number:
        return Fraction(1)
    total = _WORDS * likeness(left.grams, right.grams)
    if left.category == right.category:
        total += _CATEGORY
    return total + _PLACE * _same_place(left, right)


def _same_place(left: Traits, right: Traits) -> Fraction:
    if left.point is not None and right.point is not None:
        is_near = all(abs(a - b) <= _NEAR_E6 for a, b in zip(left.point, right.point, strict=True))
        return Fraction(int(is_near))
    if left.building_id is None or right.building_id is None:
        return Fraction(1, 2)
    return Fraction(int(left.building_id == right.building_id))
