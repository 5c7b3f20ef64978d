"""Canonical bytes, leaf forms, and folding into standing papers."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ledger.rules.canonical import NotCanonical, decode, encode
from backend.ledger.rules.fold import IllegalHistory, fold, sealing_key
from backend.ledger.rules.leaf import (
    Arrival,
    BadLeaf,
    Disposition,
    EventLeaf,
    VoteState,
    canonical,
    document_set_hash,
    leaf_hash,
    parse_ballot_leaf,
)

AT = "2026-11-21T02:00:00.000000Z"
ARRIVAL = Arrival("b1", "v1", "e1", {"m2": "against", "m1": "for"}, "online", "standing", AT, "00" * 32)
REPLACED = Disposition("b1", "v1", "replaced", "revote", AT)

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(max_codepoint=127)), inner),
    max_leaves=20,
)


@given(JSON_VALUES)
def test_canonical_json_round_trips(value: object) -> None:
    assert decode(encode(value)) == value


@pytest.mark.parametrize(
    "value", [1.5, float("nan"), 2**53, -(2**53), {"键": 1}, {1: 2}, b"x", "\ud800", {"a": {1}}]
)
def test_values_without_a_canonical_form_are_refused(value: object) -> None:
    with pytest.raises(NotCanonical):
        encode(value)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"{",
        b"NaN",
        b"Infinity",
        b"1.0",
        b"1e5",
        b"-0",
        b"01",
        b' {"a":1}',
        b'{"a": 1}',
        b'{"a":1}\n',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b'"\\u0041"',
        b'"\\/"',
        b'"\\ud800"',
        b"\xff",
        b'\xef\xbb\xbf{"a":1}',
        b"9007199254740992",
        b"1" * 5000,
        b"[" * 100000,
        b"[" * 40 + b"]" * 40,
        b'"\\u000A"',
        b"[1,]",
    ],
)
def test_text_that_is_not_canonical_is_refused(text: bytes) -> None:
    with pytest.raises(NotCanonical):
        decode(text)


def test_a_leaf_has_one_byte_string() -> None:
    expected = (
        '{"ballot":"b1","cast_at":"2026-11-21T02:00:00.000000Z","channel":"online",'
        '"choices":{"m1":"for","m2":"against"},"documents":"' + "00" * 32 + '","entry":"e1",'
        '"kind":"arrival","photo":null,"state":"standing","vote":"v1"}'
    )
    assert canonical(ARRIVAL) == expected.encode()
    nonce = bytes(range(32))
    assert leaf_hash(ARRIVAL, nonce) == sha256(b"\x00" + expected.encode() + nonce).digest()
    for wrong in (b"", bytes(31), bytes(33)):
        with pytest.raises(ValueError, match="32"):
            leaf_hash(ARRIVAL, wrong)


def test_event_leaves_use_the_same_form_without_nonce() -> None:
    event = EventLeaf(
        "x1", "ballot.opened", "o1", None, "ballot:b1", AT, {"times": [1, 2], "标".encode().hex(): "开"}
    )
    assert json.loads(canonical(event))["payload"] == {"times": [1, 2], "e6a087": "开"}
    assert leaf_hash(event) == sha256(b"\x00" + canonical(event)).digest()
    with pytest.raises(NotCanonical):
        leaf_hash(replace(event, payload={"rate": 0.5}))


@pytest.mark.parametrize("leaf", [ARRIVAL, replace(ARRIVAL, photo="ab" * 32, channel="paper"), REPLACED])
def test_leaves_are_read_back(leaf: Arrival | Disposition) -> None:
    assert parse_ballot_leaf(decode(canonical(leaf))) == leaf


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("kind", "other"),
        ("ballot", ""),
        ("vote", 3),
        ("entry", "a,b"),
        ("entry", "=1"),
        ("choices", {}),
        ("choices", {"m1": 1}),
        ("choices", []),
        ("channel", "phone"),
        ("channel", []),
        ("state", "replaced"),
        ("cast_at", "2026-11-21T02:00:00Z"),
        ("cast_at", "2026-13-21T02:00:00.000000Z"),
        ("documents", "0"),
        ("photo", "AB" * 32),
        ("more", 1),
        ("entry", "x" * 65),
        ("vote", "v1\n"),
        ("kind", ["arrival"]),
    ],
)
def test_a_leaf_of_another_form_is_refused(field: str, value: object) -> None:
    form = {**ARRIVAL.to_object(), field: value}
    with pytest.raises(BadLeaf):
        parse_ballot_leaf(form)


@pytest.mark.parametrize("value", [None, [], "x", 3, {}, {"kind": "disposition"}])
def test_what_is_no_object_is_no_leaf(value: object) -> None:
    with pytest.raises(BadLeaf):
        parse_ballot_leaf(value)


def arrive(vote: str, entry: str = "e1", state: str = "standing") -> Arrival:
    return replace(ARRIVAL, vote=vote, entry=entry, state=state)


def move(vote: str, to: str) -> Disposition:
    return Disposition("b1", vote, to, "review", AT)


def test_a_second_vote_stands_after_the_first_was_replaced() -> None:
    state = fold("b1", [arrive("v1"), move("v1", "replaced"), arrive("v2"), arrive("v3", "e2", "pending")])
    assert dict(state.standing()) == {"e1": {"m1": "for", "m2": "against"}}
    assert (len(state), state.standing_of("e2"), state.count) == (1, None, 4)


@pytest.mark.parametrize(
    ("leaves", "number"),
    [
        ([arrive("v1"), arrive("v2")], 1),
        ([arrive("v1"), arrive("v1", "e2")], 1),
        ([move("v9", "standing")], 0),
        ([arrive("v1"), arrive("v2", "e1", "held"), move("v2", "standing")], 2),
        ([replace(ARRIVAL, ballot="b2")], 0),
    ],
)
def test_an_illegal_history_is_refused_at_its_leaf(leaves: list[Arrival | Disposition], number: int) -> None:
    with pytest.raises(IllegalHistory) as caught:
        fold("b1", leaves)
    assert caught.value.number == number


LEGAL = {
    ("pending", "standing"),
    ("pending", "rejected"),
    ("held", "standing"),
    ("held", "rejected"),
    ("standing", "replaced"),
    ("standing", "rejected"),
}


@pytest.mark.parametrize("start", list(VoteState))
@pytest.mark.parametrize("to", list(VoteState))
def test_only_the_listed_transitions_are_legal(start: VoteState, to: VoteState) -> None:
    way = {"standing": [], "pending": [], "held": []}.get(start, [move("v1", start)])
    first = arrive("v1", state=start if start in ("standing", "pending", "held") else "standing")
    leaves = [first, *way, move("v1", to)]
    if (start, to) in LEGAL:
        assert fold("b1", leaves).count == len(leaves)
    else:
        with pytest.raises(IllegalHistory) as caught:
            fold("b1", leaves)
        assert caught.value.number == len(leaves) - 1


def test_sealing_order_frees_an_entry_before_it_is_taken_again() -> None:
    later = "2026-11-21T03:00:00.000000Z"
    first, freed = arrive("v1"), replace(move("v1", "replaced"), at=later)
    second = replace(arrive("v2"), cast_at=later)
    assert sorted([second, freed, first], key=sealing_key) == [first, freed, second]


def test_the_document_set_does_not_depend_on_order() -> None:
    assert (
        document_set_hash(["bb", "aa"]) == document_set_hash(["aa", "bb"]) == sha256(b"aa\nbb\n").hexdigest()
    )
