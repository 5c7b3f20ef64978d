"""Folding: from the list of leaves to the papers that stand, refusing every illegal history."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from backend.ledger.rules.leaf import Arrival, BallotLeaf, VoteState

TRANSITIONS: Mapping[str, frozenset[str]] = {
    VoteState.PENDING: frozenset({VoteState.STANDING, VoteState.REJECTED}),
    VoteState.HELD: frozenset({VoteState.STANDING, VoteState.REJECTED}),
    VoteState.STANDING: frozenset({VoteState.REPLACED, VoteState.REJECTED}),
    VoteState.REPLACED: frozenset(),
    VoteState.REJECTED: frozenset(),
}


class IllegalHistory(ValueError):
    """A leaf contradicts those before it; ``number`` is its leaf number, the message is Chinese."""

    def __init__(self, number: int, message: str) -> None:
        super().__init__(message)
        self.number = number


@dataclass(slots=True)
class _Paper:
    entry: str
    state: str
    choices: Mapping[str, str]


class Fold:
    """The state after some leaves; feed them in order with ``add``."""

    def __init__(self, ballot: str) -> None:
        self.count = 0
        self._ballot = ballot
        self._papers: dict[str, _Paper] = {}
        self._standing: dict[str, str] = {}
        self._shared: dict[tuple[tuple[str, str], ...], Mapping[str, str]] = {}

    def add(self, leaf: BallotLeaf) -> None:
        """Apply the next leaf; raises IllegalHistory, with the leaf counted but without effect."""
        number, self.count = self.count, self.count + 1
        if leaf.ballot != self._ballot:
            raise IllegalHistory(number, "这片叶属于另一次表决")
        if isinstance(leaf, Arrival):
            self._arrive(number, leaf)
        else:
            self._move(number, leaf.vote, leaf.to)

    def standing(self) -> Iterator[tuple[str, Mapping[str, str]]]:
        """Yield (entry, choices) of every standing paper, in no particular order."""
        for entry, vote in self._standing.items():
            yield entry, self._papers[vote].choices

    def standing_of(self, entry: str) -> Mapping[str, str] | None:
        """Return the choices of the paper standing for one entry."""
        vote = self._standing.get(entry)
        return None if vote is None else self._papers[vote].choices

    def __len__(self) -> int:
        return len(self._standing)

    def _arrive(self, number: int, leaf: Arrival) -> None:
        if leaf.vote in self._papers:
            raise IllegalHistory(number, "同一选票编号重复到达")
        if leaf.state == VoteState.STANDING:
            self._stand(number, leaf.entry, leaf.vote)
        self._papers[leaf.vote] = _Paper(leaf.entry, leaf.state, self._share(leaf.choices))

    def _move(self, number: int, vote: str, to: str) -> None:
        paper = self._papers.get(vote)
        if paper is None:
            raise IllegalHistory(number, "处置了一张从未到达的选票")
        if to not in TRANSITIONS[paper.state]:
            raise IllegalHistory(number, f"选票状态不能由 {paper.state} 变为 {to}")
        if to == VoteState.STANDING:
            self._stand(number, paper.entry, vote)
        elif paper.state == VoteState.STANDING:
            del self._standing[paper.entry]
        paper.state = str(to)

    def _stand(self, number: int, entry: str, vote: str) -> None:
        if entry in self._standing:
            raise IllegalHistory(number, "同一户已有一张有效选票，不能再有第二张")
        self._standing[entry] = vote

    def _share(self, choices: Mapping[str, str]) -> Mapping[str, str]:
        # A hundred thousand papers hold few distinct sets of choices: keep each once.
        key = tuple(sorted((motion, str(choice)) for motion, choice in choices.items()))
        return self._shared.setdefault(key, dict(key))


def fold(ballot: str, leaves: Iterable[BallotLeaf]) -> Fold:
    """Apply all leaves of a ballot in order; raises IllegalHistory with the number of the first wrong one."""
    state = Fold(ballot)
    for leaf in leaves:
        state.add(leaf)
    return state


def sealing_key(leaf: BallotLeaf) -> tuple[str, int]:
    """Sort key for numbering a batch: by time; at one instant what frees an entry precedes what takes it."""
    if isinstance(leaf, Arrival):
        return leaf.cast_at, 1
    return leaf.at, 0 if leaf.to in (VoteState.REPLACED, VoteState.REJECTED) else 2
