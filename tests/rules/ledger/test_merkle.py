"""Trees against a recursive transcription of RFC 9162, and against each other."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ledger.rules.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    hash_leaf,
    inclusion_proof,
    root,
    verify_consistency,
    verify_inclusion,
)

# The eight inputs and roots used by the reference implementations of Certificate Transparency.
CT_INPUTS = (
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
)
CT_ROOTS = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


def mth(hashes: list[bytes]) -> bytes:
    """RFC 9162 §2.1.1, word for word."""
    if not hashes:
        return sha256(b"").digest()
    if len(hashes) == 1:
        return hashes[0]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    return sha256(b"\x01" + mth(hashes[:k]) + mth(hashes[k:])).digest()


def path(m: int, hashes: list[bytes]) -> list[bytes]:
    """RFC 9162 §2.1.3.1."""
    if len(hashes) == 1:
        return []
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m < k:
        return [*path(m, hashes[:k]), mth(hashes[k:])]
    return [*path(m - k, hashes[k:]), mth(hashes[:k])]


def subproof(m: int, hashes: list[bytes], whole: bool) -> list[bytes]:
    """RFC 9162 §2.1.4.1."""
    if m == len(hashes):
        return [] if whole else [mth(hashes)]
    k = 1
    while k * 2 < len(hashes):
        k *= 2
    if m <= k:
        return [*subproof(m, hashes[:k], whole), mth(hashes[k:])]
    return [*subproof(m - k, hashes[k:], False), mth(hashes[:k])]


def leaves(count: int) -> list[bytes]:
    return [hash_leaf(b"%d" % number) for number in range(count)]


def test_roots_are_those_of_the_reference_implementations() -> None:
    hashes = [hash_leaf(bytes.fromhex(text)) for text in CT_INPUTS]
    assert [root(hashes[:size]).hex() for size in range(1, 9)] == list(CT_ROOTS)
    assert root([]) == EMPTY_ROOT


@pytest.mark.parametrize("size", range(40))
def test_everything_matches_the_text_of_the_rfc(size: int) -> None:
    hashes = leaves(size)
    assert root(hashes) == mth(hashes)
    for index in range(size):
        proof = inclusion_proof(hashes, index)
        assert proof == path(index, hashes)
        assert verify_inclusion(hashes[index], index, size, proof, root(hashes))
    for first in range(1, size + 1):
        proof = consistency_proof(hashes, first)
        assert proof == subproof(first, hashes, True)
        assert verify_consistency(first, size, mth(hashes[:first]), mth(hashes), proof)


def test_frontier_proves_consistency_without_its_old_leaves() -> None:
    for size in range(34):
        for grown in range(size, 70):
            hashes = leaves(grown)
            frontier = Frontier()
            frontier.extend(hashes[:size])
            assert frontier.consistency_to(hashes[size:]) == consistency_proof(hashes, size)


def test_frontier_survives_storage() -> None:
    hashes = leaves(77)
    frontier = Frontier()
    for number, leaf in enumerate(hashes):
        frontier = Frontier.from_hex(number, frontier.to_hex())
        frontier.append(leaf)
    assert frontier.root() == root(hashes)
    twin = frontier.copy()
    twin.append(leaves(1)[0])
    assert (frontier.size, frontier.root()) == (77, root(hashes))


@pytest.mark.parametrize(
    ("size", "nodes"), [(2, []), (1, ["00"]), (3, ["00" * 32]), (-1, ["00" * 32]), (1, ["zz"])]
)
def test_a_frontier_that_fits_no_tree_is_refused(size: int, nodes: list[str]) -> None:
    with pytest.raises(ValueError, match=r"frontier|hex"):
        Frontier.from_hex(size, nodes)


def test_there_is_no_proof_for_what_is_not_there() -> None:
    for index in (-1, 3):
        with pytest.raises(IndexError):
            inclusion_proof(leaves(3), index)
    for size in (-1, 4):
        with pytest.raises(IndexError):
            consistency_proof(leaves(3), size)


def test_the_empty_tree_is_a_prefix_of_every_tree() -> None:
    assert consistency_proof(leaves(5), 0) == []
    assert verify_consistency(0, 5, EMPTY_ROOT, mth(leaves(5)), [])
    assert not verify_consistency(0, 5, mth(leaves(1)), mth(leaves(5)), [])
    assert not verify_consistency(0, 5, EMPTY_ROOT, mth(leaves(5)), leaves(1))
    assert not verify_consistency(6, 5, EMPTY_ROOT, mth(leaves(5)), [])


@given(size=st.integers(1, 300), data=st.data())
def test_inclusion_fails_for_anything_else(size: int, data: st.DataObject) -> None:
    hashes = leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof, tree_root = inclusion_proof(hashes, index), root(hashes)
    assert not verify_inclusion(hash_leaf(b"other"), index, size, proof, tree_root)
    assert not verify_inclusion(
        hashes[index], index, size, [*proof, proof[-1] if proof else tree_root], tree_root
    )
    assert not verify_inclusion(hashes[index], size, size, proof, tree_root)
    other = data.draw(st.integers(0, size - 1))
    if other != index:
        assert not verify_inclusion(hashes[index], other, size, proof, tree_root)
    if proof:
        place = data.draw(st.integers(0, len(proof) - 1))
        bent = [bytes(32) if number == place else node for number, node in enumerate(proof)]
        assert not verify_inclusion(hashes[index], index, size, bent, tree_root)
        assert not verify_inclusion(hashes[index], index, size, proof[:-1], tree_root)


@given(size=st.integers(2, 300), data=st.data())
def test_consistency_fails_when_a_leaf_was_changed_or_removed(size: int, data: st.DataObject) -> None:
    first = data.draw(st.integers(1, size - 1))
    hashes = leaves(size)
    old_root = root(hashes[:first])
    changed = data.draw(st.integers(0, first - 1))
    altered = [hash_leaf(b"forged") if number == changed else leaf for number, leaf in enumerate(hashes)]
    assert not verify_consistency(first, size, old_root, root(altered), consistency_proof(altered, first))
    proof = consistency_proof(hashes, first)
    assert verify_consistency(first, size, old_root, root(hashes), proof)
    for bent in ([], proof[1:], proof[:-1], [*proof, bytes(32)], proof[::-1]):
        if bent != proof:
            assert not verify_consistency(first, size, old_root, root(hashes), bent)


@pytest.mark.slow
def test_a_million_leaves_take_seconds() -> None:
    hashes = [number.to_bytes(32, "big") for number in range(1_000_000)]
    tree_root = root(hashes)
    assert verify_inclusion(hashes[777_777], 777_777, 1_000_000, inclusion_proof(hashes, 777_777), tree_root)
    proof = consistency_proof(hashes, 654_321)
    assert verify_consistency(654_321, 1_000_000, root(hashes[:654_321]), tree_root, proof)
