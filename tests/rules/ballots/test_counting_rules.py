"""Papers, groups and order: what the database hands over counts exactly as the papers themselves would."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.ballots.rules.ordering import order_leaves
from backend.ballots.rules.papers import CHOICES, decode, encode_online, encode_sheet
from backend.ballots.rules.parameters import SETTINGS, local_choices, resolve_settings, value_of
from backend.ballots.rules.sums import BITS, Heads, Pattern, sum_motion
from backend.kernel.errors import Unprocessable
from backend.ledger.rules.fold import fold
from backend.ledger.rules.leaf import Arrival, BallotLeaf, Disposition
from backend.tally.count import count_votes
from backend.tally.weight import Roll, RollEntry

MOTIONS = ("m1", "m2")
entries = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.integers(1, 20_000),
        st.booleans(),
        st.one_of(st.none(), st.text("fabi", min_size=2, max_size=2)),
    ),
    max_size=30,
)


def grouped(rows: list[tuple[int, int, bool, str | None]]) -> tuple[list[Pattern], list[Heads]]:
    """Group papers as the database does."""
    cast = [(owner, area, household, letters) for owner, area, household, letters in rows if letters]
    patterns = [
        Pattern(
            letters,
            sum(row[1] for row in cast if row[3] == letters),
            sum(row[2] for row in cast if row[3] == letters),
            sum(row[3] == letters for row in cast),
        )
        for letters in {row[3] for row in cast}
    ]
    said: dict[int, tuple[int, ...]] = {}
    for owner, _, _, letters in cast:
        before = said.get(owner, (0, 0))
        said[owner] = tuple(bits | BITS[letter] for bits, letter in zip(before, letters, strict=True))
    return patterns, [Heads(key, number) for key, number in Counter(said.values()).items()]


@given(entries, st.sampled_from([{}, {"abstain": "invalid"}, {"invalid": "abstain"}]))
def test_grouped_sums_equal_the_count_of_the_papers(
    rows: list[tuple[int, int, bool, str | None]], read_as: dict[str, str]
) -> None:
    roll = Roll(RollEntry(f"e{n}", f"o{row[0]}", row[1], row[2]) for n, row in enumerate(rows))
    patterns, heads = grouped(rows)
    for position in range(2):
        votes = {f"e{n}": CHOICES[row[3][position]] for n, row in enumerate(rows) if row[3]}
        assert sum_motion(position, roll.totals, patterns, heads, read_as) == count_votes(
            roll, votes, read_as
        )


def test_an_online_paper_answers_every_motion() -> None:
    assert encode_online(MOTIONS, {"m1": "for", "m2": "abstain"}, None) == "fb"
    with pytest.raises(Unprocessable) as refused:
        encode_online(MOTIONS, {"m1": "for", "m3": "for"}, None)
    assert [field.where for field in refused.value.fields] == ["choices.m3", "choices.m2"]


def test_an_election_counts_ticks() -> None:
    candidates = ("c1", "c2", "c3")
    assert encode_online(candidates, {"c2": "for"}, 2) == "bfb"
    with pytest.raises(Unprocessable):
        encode_online(candidates, dict.fromkeys(candidates, "for"), 2)
    with pytest.raises(Unprocessable):
        encode_online(candidates, {"c1": "against"}, 2)
    assert encode_sheet(candidates, dict.fromkeys(candidates, "for"), 2) == "iii"


def test_a_sheet_may_be_invalid_on_one_motion() -> None:
    letters = encode_sheet(MOTIONS, {"m1": "invalid", "m2": "against"}, None)
    assert decode(MOTIONS, letters) == {"m1": "invalid", "m2": "against"}


def test_settings_have_bounds_and_names() -> None:
    assert (
        resolve_settings({"notice_days": 0}, kind="plan")["counting_days"]
        == SETTINGS["counting_days"].default
    )
    with pytest.raises(Unprocessable) as refused:
        resolve_settings({"notice_days": 91, "no_such": 1}, kind="plan")
    assert len(refused.value.fields) == 2


def test_an_election_from_before_minutes_were_kept_needs_none() -> None:
    assert value_of({"notice_days": 15}, "minutes_needed") == 0
    assert resolve_settings({}, kind="committee_election")["minutes_needed"] == 1


@pytest.mark.parametrize(
    ("kind", "electorate", "said", "left_out"),
    [
        ("canvass", "households", "租户可代表住户参加征询：否", "车位"),
        ("plan", "owners", "单独登记的车位计入名册：否", "租"),
        ("other", "owners", "每人最多受委托户数：3", "同意户数"),
        ("plan", "owners", "公示结果前须有签字的计票记录：否", "计票记录：是"),
        ("committee_election", "owners", "公示结果前须有签字的计票记录：是", "计票记录：否"),
    ],
)
def test_local_choices_are_words_and_only_those_that_touch_the_ballot(
    kind: str, electorate: str, said: str, left_out: str
) -> None:
    lines = local_choices(resolve_settings({}, kind=kind), kind=kind, electorate=electorate)
    assert said in lines
    assert not [line for line in lines if left_out in line]
    assert "投票期最短天数：5" in lines


@dataclass(frozen=True)
class Item:
    leaf: BallotLeaf
    entry: str


def at(second: int) -> str:
    return f"2026-03-01T00:00:{second:02d}.000000Z"


def arrival(vote: str, second: int, state: str = "standing") -> Item:
    return Item(Arrival("b", vote, "e1", {"m1": "for"}, "online", state, at(second), "0" * 64), "e1")


def moved(vote: str, to: str, second: int) -> Item:
    return Item(Disposition("b", vote, to, "re_vote", at(second)), "e1")


@given(st.permutations([0, 1, 2, 3, 4]), st.lists(st.integers(0, 3), min_size=5, max_size=5))
def test_a_batch_is_numbered_so_that_it_can_be_replayed(order: list[int], seconds: list[int]) -> None:
    """Three votes of one entry, each replaced by the next, whatever their clocks say."""
    items = [
        arrival("v1", seconds[0]),
        moved("v1", "replaced", seconds[1]),
        arrival("v2", seconds[2]),
        moved("v2", "replaced", seconds[3]),
        arrival("v3", seconds[4]),
    ]
    numbered = order_leaves([items[number] for number in order])
    assert len(numbered) == 5
    assert fold("b", [item.leaf for item in numbered]).standing_of("e1") == {"m1": "for"}


def test_a_later_batch_frees_the_place_of_an_earlier_vote_first() -> None:
    numbered = order_leaves([arrival("v2", 1), moved("v1", "replaced", 2)])
    assert [type(item.leaf).__name__ for item in numbered] == ["Disposition", "Arrival"]
