"""What a complaint must say before it is taken in, and what follows from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.complaints.rules.conduct import is_about_conduct
from backend.complaints.rules.redaction import clean, mask_names, redact, redact_hidden
from backend.complaints.rules.vocabulary import (
    CATEGORIES,
    HANDLED_HERE,
    Disclosure,
    Nature,
)
from backend.complaints.rules.words import grams
from backend.policies.rules.hotline import TimeClass

MOST_WORDS = 2_000
# The length the Open311 standard gives a description.
MOST_RELAYED_WORDS = 4_000
MOST_OPEN = 20
# Anonymous ones are nobody's, so those that are open cannot be counted.
MOST_ANONYMOUS_A_DAY = 5


@dataclass(frozen=True, slots=True)
class Wording:
    """A complaint's words: as they were said, as staff read them, as the responsible party reads them.

    ``place`` is kept once and read by both: of a hidden reporter neither the door nor the name.
    """

    original: str
    words: str
    for_party: str
    place: str
    grams: list[str]


def wording_of(said: str, place_words: str, disclosure: Disclosure, known: Sequence[str] = ()) -> Wording:
    """Return every form of the words; what is searched is what the responsible party may read.

    A search over more would let a party find out, letter by letter, what was hidden from it.
    """
    original = clean(said)
    hidden = disclosure is not Disclosure.NAMED
    words = mask_names(redact(original), known) if hidden else redact(original)
    for_party = redact_hidden(original, known) if hidden else words
    place = redact_hidden(place_words, known) if hidden else redact(place_words)
    return Wording(original, words, for_party, place, grams(f"{for_party} {place}"))


def is_restricted(nature: Nature, category: str, said: str = "") -> bool:
    """Tell whether a fresh report is kept from everybody near it until somebody further off has looked.

    A report about staff must not land on the desk of the person it is about, whatever its category was called. An
    emergency is not held up by words alone: whoever can help must read it.
    """
    if nature is Nature.ACCUSATION or is_conduct(category):
        return True
    return nature is not Nature.EMERGENCY and is_about_conduct(said)


def is_conduct(category: str) -> bool:
    """Tell whether a category is about how staff or units behave."""
    return category == "conduct"


def restriction_after(
    said: bool | None, *, was_restricted: bool, names_person: bool, becomes_conduct: bool
) -> bool:
    """Tell whether a case is restricted after triage: lifting is said in so many words, never a silence."""
    return (was_restricted or names_person or becomes_conduct) if said is None else said


def time_class_of(nature: Nature, category: str) -> TimeClass:
    """Return the class of time limits: an emergency is one whatever its category."""
    if nature is Nature.EMERGENCY:
        return TimeClass.EMERGENCY
    return CATEGORIES[category].time_class


def is_handled_here(nature: Nature) -> bool:
    """Tell whether the hotline handles the matter; the others are passed on in writing."""
    return nature in HANDLED_HERE
