"""What the play itself saw: who tapped, who bound, who voted when. The product's messages are held against it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime

from backend.rehearsal.cast import Person
from backend.rehearsal.habits import ACCEPT


@dataclass(slots=True)
class Diary:
    """Written from several threads: each entry is one assignment to a key of its own.

    ``accepts``: person → template → messages allowed; ``votes``: (kind, estate, owner) → since when; ``looks``:
    when the bot ran, oldest first; ``rooms``: room → key of its robot; ``numbers``: whose
    telephone number it is; ``gave_number``: who told it to the product, and so gets text messages.
    """

    accepts: dict[Person, Counter[str]] = field(default_factory=dict)
    rejects: dict[Person, int] = field(default_factory=dict)
    votes: dict[tuple[str, int, int], datetime] = field(default_factory=dict)
    bound: dict[Person, datetime] = field(default_factory=dict)
    looks: list[datetime] = field(default_factory=list)
    rooms: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, Person] = field(default_factory=dict)
    gave_number: set[Person] = field(default_factory=set)

    def note_taps(self, person: Person, popups: list[dict[str, str]]) -> None:
        """Write down what a person answered to some popups, beside what they answered before."""
        answers = [pair for popup in popups for pair in popup.items()]
        allowed = Counter(name for name, answer in answers if answer == ACCEPT)
        self.accepts[person] = self.accepts.get(person, Counter()) + allowed
        refused = sum(answer != ACCEPT for _, answer in answers)
        self.rejects[person] = self.rejects.get(person, 0) + refused

    def note_vote(self, kind: str, place: tuple[int, int], at: datetime) -> None:
        """Write down since when an owner (estate, owner) has voted; the first time counts."""
        self.votes.setdefault((kind, *place), at)

    def has_voted(self, kind: str, place: tuple[int, int], at: datetime) -> bool:
        """Tell whether an owner had voted by then."""
        voted_at = self.votes.get((kind, *place))
        return voted_at is not None and voted_at <= at
