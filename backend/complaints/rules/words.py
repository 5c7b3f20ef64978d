"""Searching Chinese without a dictionary: pairs of neighbouring characters, and how alike two texts are."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection
from fractions import Fraction

# A complaint has at most 2,000 characters; more pairs than this add nothing to a search.
MOST_GRAMS = 2_000


def normalise(text: str) -> str:
    """Return a text as it is compared: half-width, lower case, letters and digits of every script only."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(character for character in folded if character.isalnum())


def grams(text: str) -> list[str]:
    """Return the pairs of neighbouring characters, sorted, each once."""
    compact = normalise(text)
    return sorted({compact[at : at + 2] for at in range(len(compact) - 1)})[:MOST_GRAMS]


def likeness(left: Collection[str], right: Collection[str]) -> Fraction:
    """Return the share of pairs that two texts have in common (Jaccard), 0 to 1."""
    mine, theirs = set(left), set(right)
    if not mine or not theirs:
        return Fraction(0)
    return Fraction(len(mine & theirs), len(mine | theirs))
