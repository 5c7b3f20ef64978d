"""Estates as circles on the map."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.kernel.coordinates import Point, metres_between
from backend.registry.rules.points import MOST_REACH, Circle, box_around, estate_at, estate_named_in

HERE: Point = (37_985_000, 106_198_000)
NEAR = Circle("a", HERE, 300)
NORTH = Circle("b", (37_988_000, 106_198_000), 300)  # 334 m further north: the two overlap
POINTS = st.tuples(st.integers(3_000_000, 54_000_000), st.integers(73_000_000, 136_000_000))


def test_a_point_lies_in_the_estate_that_reaches_it() -> None:
    assert estate_at(HERE, [NEAR, NORTH]) == "a"
    assert estate_at((37_990_000, 106_198_000), [NEAR, NORTH]) == "b"
    assert estate_at((37_980_000, 106_198_000), [NEAR, NORTH]) is None
    assert estate_at(HERE, []) is None


def test_where_two_reach_the_nearer_middle_counts() -> None:
    assert estate_at((37_986_400, 106_198_000), [NORTH, NEAR]) == "a"
    assert estate_at((37_986_600, 106_198_000), [NEAR, NORTH]) == "b"


@given(POINTS, st.integers(-60_000, 60_000), st.integers(-90_000, 90_000))
def test_the_box_holds_every_point_within_reach(point: Point, north: int, east: int) -> None:
    other = (point[0] + north, point[1] + east)
    if metres_between(point, other) <= MOST_REACH:
        low, high = box_around(point, MOST_REACH)
        assert low[0] <= other[0] <= high[0] and low[1] <= other[1] <= high[1]


NAMES = {
    "a": "幸福小区",
    "b": "幸福小区二期",
    "c": "和平里",
    "d": "和平里",
    "e": "朝阳家园（演示）",
    "f": "(无名)",
}


@pytest.mark.parametrize(
    ("text", "estate"),
    [
        ("幸福小区3号楼", "a"),
        ("幸福小区二期3号楼", "b"),
        ("和平里3号楼", None),
        ("朝阳家园门口", "e"),
        ("幸福路", None),
        ("", None),
    ],
)
def test_the_longest_name_counts_and_equal_ones_find_nothing(text: str, estate: str | None) -> None:
    assert estate_named_in(text, NAMES) == estate
