"""The order in which a batch of leaves is numbered: one that can be replayed, whatever the clock did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Generic, Protocol, TypeVar

from backend.ledger.rules.fold import sealing_key
from backend.ledger.rules.leaf import Arrival, BallotLeaf


class Carrier(Protocol):
    """Anything that carries a leaf and the entry it concerns."""

    @property
    def leaf(self) -> BallotLeaf: ...
    @property
    def entry(self) -> str: ...


Carried = TypeVar("Carried", bound=Carrier)


def order_leaves(items: Iterable[Carried]) -> list[Carried]:
    """Return the items by time, each entry's place freed before it is taken and votes before their changes.

    Times decide; where a clock was set back between two votes of one entry, what can stand comes first.
    """
    waiting = sorted(items, key=lambda item: sealing_key(item.leaf))
    order = _Order(waiting)
    while waiting:
        later = [item for item in waiting if not order.place(item)]
        if len(later) == len(waiting):
            return order.placed + later  # contradictory rows: the record's fold will name them
        waiting = later
    return order.placed


class _Order(Generic[Carried]):
    """What has been placed so far, and who holds each entry's place."""

    def __init__(self, items: list[Carried]) -> None:
        self.placed: list[Carried] = []
        self._arriving = {item.leaf.vote for item in items if isinstance(item.leaf, Arrival)}
        self._freed = {item.leaf.vote for item in items if _frees(item.leaf)}
        self._takers = Counter(item.entry for item in items if _takes(item.leaf))
        # A vote of an earlier batch that this batch takes out of its place still holds it at the start.
        self._holder: dict[str, str] = {
            item.entry: item.leaf.vote
            for item in items
            if _frees(item.leaf) and item.leaf.vote not in self._arriving
        }
        self._arrived: set[str] = set()

    def place(self, item: Carried) -> bool:
        """Place the item if its turn has come."""
        leaf = item.leaf
        if not isinstance(leaf, Arrival) and leaf.vote in self._arriving and leaf.vote not in self._arrived:
            return False
        if _takes(leaf) and not self._take(item):
            return False
        if _frees(leaf) and self._holder.get(item.entry) == leaf.vote:
            del self._holder[item.entry]
        if isinstance(leaf, Arrival):
            self._arrived.add(leaf.vote)
        self.placed.append(item)
        return True

    def _take(self, item: Carried) -> bool:
        """A vote that this batch does not free again takes the place last."""
        if item.entry in self._holder:
            return False
        if item.leaf.vote not in self._freed and self._takers[item.entry] > 1:
            return False
        self._takers[item.entry] -= 1
        self._holder[item.entry] = item.leaf.vote
        return True


def _takes(leaf: BallotLeaf) -> bool:
    return (leaf.state if isinstance(leaf, Arrival) else leaf.to) == "standing"


def _frees(leaf: BallotLeaf) -> bool:
    return not isinstance(leaf, Arrival) and leaf.to in ("replaced", "rejected")
