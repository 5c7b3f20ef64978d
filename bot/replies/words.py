"""From what a person typed to what they mean: pure, and forgiving with width, signs, spaces and numbers."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from backend.ledger.rules.receipt import parse_receipt
from bot.replies import Topic

MOST_CHARACTERS = 200
_DIGITS = str.maketrans("零〇一二三四五六七八九", "00123456789")


@dataclass(frozen=True, slots=True)
class Meaning:
    """A topic, and what was said beside its name."""

    topic: Topic | None
    words: str


def plain(text: str) -> str:
    """Return a text in half width, lower case, without signs, spaces and control characters."""
    wide = unicodedata.normalize("NFKC", text[:MOST_CHARACTERS]).casefold()
    return "".join(character for character in wide if character.isalnum())


def understand(text: str, topics: Sequence[Topic]) -> Meaning:
    """Return what a text asks for.

    In this order: a number (``1``, ``１``, ``①``, ``一``), a bare receipt, a topic's word alone or in front, and
    last any topic's word inside: the longest, then the one said last (投票结果 asks for the result).
    """
    said = plain(text)
    by_number = {topic.number: topic for topic in topics if topic.number}
    number = said.translate(_DIGITS)
    if number in by_number:
        return Meaning(by_number[number], "")
    if parse_receipt(text) is not None:
        return Meaning(next((topic for topic in topics if topic.name == "receipt"), None), text)
    found = [
        (len(word), said.rfind(word), topic, word) for topic in topics for word in topic.words if word in said
    ]
    if not found:
        return Meaning(None, said)
    _, _, topic, word = max(found, key=lambda item: item[:2])
    return Meaning(topic, said.replace(word, "", 1))
