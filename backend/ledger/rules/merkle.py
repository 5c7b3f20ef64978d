"""Merkle trees of RFC 9162 §2: roots, inclusion and consistency proofs; a million leaves in seconds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from hashlib import sha256

EMPTY_ROOT = sha256(b"").digest()
HASH_LENGTH = 32


def hash_leaf(leaf: bytes) -> bytes:
    """Return SHA-256(0x00 ‖ leaf) (RFC 9162 §2.1.1)."""
    return sha256(b"\x00" + leaf).digest()


def hash_node(left: bytes, right: bytes) -> bytes:
    """Return SHA-256(0x01 ‖ left ‖ right) (RFC 9162 §2.1.1)."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a growing tree: the roots of its perfect subtrees, largest first.

    Appending costs one hash on average; memory is O(log size).
    """

    __slots__ = ("_nodes", "size")

    def __init__(self) -> None:
        self.size = 0
        self._nodes: list[bytes] = []

    def append(self, leaf_hash: bytes) -> None:
        """Add the hash of one leaf on the right."""
        node, size = leaf_hash, self.size
        while size & 1:
            node = hash_node(self._nodes.pop(), node)
            size >>= 1
        self._nodes.append(node)
        self.size += 1

    def extend(self, leaf_hashes: Iterable[bytes]) -> None:
        """Add many leaf hashes in order."""
        for leaf_hash in leaf_hashes:
            self.append(leaf_hash)

    def root(self) -> bytes:
        """Return the root of all leaves so far; SHA-256 of nothing for the empty tree."""
        if not self._nodes:
            return EMPTY_ROOT
        node = self._nodes[-1]
        for left in reversed(self._nodes[:-1]):
            node = hash_node(left, node)
        return node

    def copy(self) -> Frontier:
        """Return an independent frontier of the same tree."""
        twin = Frontier()
        twin.size, twin._nodes = self.size, list(self._nodes)
        return twin

    def to_hex(self) -> list[str]:
        """Return the subtree roots as hex, largest first; store ``size`` beside them."""
        return [node.hex() for node in self._nodes]

    @classmethod
    def from_hex(cls, size: int, nodes: Sequence[str]) -> Frontier:
        """Rebuild a stored frontier; raises ValueError when the list cannot belong to ``size``."""
        parsed = [bytes.fromhex(node) for node in nodes]
        if size < 0 or len(parsed) != size.bit_count() or any(len(node) != HASH_LENGTH for node in parsed):
            raise ValueError("frontier does not fit its size")
        frontier = cls()
        frontier.size, frontier._nodes = size, parsed
        return frontier

    def consistency_to(self, new_hashes: Sequence[bytes]) -> list[bytes]:
        """Prove that this tree is a prefix of itself plus ``new_hashes``, without its old leaves."""
        old: dict[tuple[int, int], bytes] = {}
        start = 0
        for node, width in zip(self._nodes, _perfect_widths(self.size), strict=True):
            old[start, start + width] = node
            start += width

        def root_of(begin: int, end: int) -> bytes:
            if end <= self.size:
                return old[begin, end]
            return _range_root(new_hashes, begin - self.size, end - self.size)

        return _consistency(self.size, self.size + len(new_hashes), root_of)


def root(leaf_hashes: Iterable[bytes]) -> bytes:
    """Return the root of the tree over these leaf hashes."""
    frontier = Frontier()
    frontier.extend(leaf_hashes)
    return frontier.root()


def inclusion_proof(leaf_hashes: Sequence[bytes], index: int) -> list[bytes]:
    """Return the audit path of leaf ``index``, bottom first (RFC 9162 §2.1.3.1); IndexError if outside."""
    if not 0 <= index < len(leaf_hashes):
        raise IndexError("no such leaf")
    path: list[bytes] = []
    level: Sequence[bytes] = leaf_hashes
    while len(level) > 1:
        sibling = index ^ 1
        if sibling < len(level):
            path.append(level[sibling])
        level, index = _parents(level), index >> 1
    return path


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, path: Sequence[bytes], tree_root: bytes
) -> bool:
    """Tell whether ``path`` shows this leaf at ``index`` of a tree of ``size`` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    node, position, last = leaf_hash, index, size - 1
    for sibling in path:
        if last == 0:
            return False
        if position & 1 or position == last:
            node = hash_node(sibling, node)
            while not position & 1 and position:
                position, last = position >> 1, last >> 1
        else:
            node = hash_node(node, sibling)
        position, last = position >> 1, last >> 1
    return last == 0 and node == tree_root


def consistency_proof(leaf_hashes: Sequence[bytes], size: int) -> list[bytes]:
    """Prove that the first ``size`` leaves are a prefix of all (RFC 9162 §2.1.4.1); empty for 0 and all."""
    if not 0 <= size <= len(leaf_hashes):
        raise IndexError("no such tree")
    return _consistency(size, len(leaf_hashes), lambda begin, end: _range_root(leaf_hashes, begin, end))


def verify_consistency(
    first_size: int, second_size: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether ``proof`` shows that the second tree extends the first (RFC 9162 §2.1.4.2).

    The empty tree is a prefix of every tree and needs the empty proof.
    """
    if not 0 <= first_size <= second_size:
        return False
    if first_size == 0:
        return not proof and first_root == EMPTY_ROOT
    if first_size == second_size:
        return not proof and first_root == second_root
    path = list(proof)
    if first_size & (first_size - 1) == 0:
        path.insert(0, first_root)
    if not path:
        return False
    return _walk_consistency(first_size - 1, second_size - 1, path) == (first_root, second_root)


def _walk_consistency(first: int, second: int, path: Sequence[bytes]) -> tuple[bytes, bytes] | None:
    while first & 1:
        first, second = first >> 1, second >> 1
    first_node = second_node = path[0]
    for sibling in path[1:]:
        if second == 0:
            return None
        if first & 1 or first == second:
            first_node = hash_node(sibling, first_node)
            second_node = hash_node(sibling, second_node)
            while not first & 1 and first:
                first, second = first >> 1, second >> 1
        else:
            second_node = hash_node(second_node, sibling)
        first, second = first >> 1, second >> 1
    return (first_node, second_node) if second == 0 else None


def _consistency(size: int, total: int, root_of: Callable[[int, int], bytes]) -> list[bytes]:
    if size in (0, total):
        return []
    proof: list[bytes] = []
    begin, end, whole = 0, total, True
    while size != end:
        middle = begin + (1 << (end - begin - 1).bit_length() - 1)
        if size <= middle:
            proof.append(root_of(middle, end))
            end = middle
        else:
            proof.append(root_of(begin, middle))
            begin, whole = middle, False
    if not whole:
        proof.append(root_of(begin, end))
    proof.reverse()
    return proof


def _range_root(leaf_hashes: Sequence[bytes], begin: int, end: int) -> bytes:
    frontier = Frontier()
    for index in range(begin, end):
        frontier.append(leaf_hashes[index])
    return frontier.root()


def _perfect_widths(size: int) -> list[int]:
    return [1 << bit for bit in range(size.bit_length() - 1, -1, -1) if size >> bit & 1]


def _parents(level: Sequence[bytes]) -> list[bytes]:
    parents = [hash_node(level[i], level[i + 1]) for i in range(0, len(level) - 1, 2)]
    if len(level) & 1:
        parents.append(level[-1])
    return parents
