"""No group of one to four is shown, and none can be had by subtraction."""

from __future__ import annotations

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.surveys.rules.pools import pools_of
from backend.tally.small_groups import FEWEST, broken_out, may_show


@pytest.mark.parametrize(
    ("sizes", "hidden", "shown"),
    [
        ({"a": 5, "b": 6}, 0, {"a", "b"}),
        ({"a": 4, "b": 6, "c": 20}, 0, {"c"}),
        ({"a": 3, "b": 3, "c": 20}, 0, {"c"}),
        ({"a": 1, "b": 1, "c": 20}, 0, set()),
        ({"a": 4}, 0, set()),
        ({"a": 0, "b": 9}, 0, {"a", "b"}),
        ({"a": 7, "b": 9}, 2, {"b"}),
        ({"a": 7, "b": 9}, 5, {"a", "b"}),
        ({}, 0, set()),
    ],
)
def test_small_groups_stay_hidden_with_the_smallest_others(
    sizes: dict[str, int], hidden: int, shown: set[str]
) -> None:
    assert broken_out(sizes, hidden=hidden) == shown


@given(st.lists(st.integers(0, 12), max_size=7), st.integers(0, 8))
def test_no_difference_of_what_is_shown_tells_of_fewer_than_five(numbers: list[int], rest: int) -> None:
    sizes = dict(enumerate(numbers))
    shown = broken_out(sizes, hidden=rest)
    total = sum(numbers) + rest
    for length in range(len(shown) + 1):
        for chosen in combinations(sorted(shown), length):
            left = total - sum(sizes[key] for key in chosen)
            # Whatever is left holds nobody, a shown group of five at least, or five hidden ones at least.
            assert may_show(left) or total < FEWEST


def test_small_buildings_are_summed_under_the_first_of_them() -> None:
    assert pools_of({"a": 40, "b": 9, "c": 10, "d": 3}) == {"a": "a", "b": "b", "c": "c", "d": "b"}
