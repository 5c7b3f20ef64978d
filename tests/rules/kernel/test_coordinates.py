"""WGS-84 and GCJ-02: known pairs, there and back within a metre, nothing moved outside China."""

from __future__ import annotations

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from backend.kernel.coordinates import Point, gcj_to_wgs, is_shifted, metres_between, wgs_to_gcj

# (WGS-84, GCJ-02) as the documentation of two open converters prints them.
KNOWN = [
    ((31_280_844, 120_596_931), (31_278_649, 120_601_100)),
    ((39_909_745, 116_359_496), (39_911_113, 116_365_698)),
]
INSIDE = st.tuples(st.integers(18_000_000, 53_500_000), st.integers(73_600_000, 134_700_000))
ANYWHERE = st.tuples(st.integers(-90_000_000, 90_000_000), st.integers(-180_000_000, 180_000_000))


@pytest.mark.parametrize(("wgs", "gcj"), KNOWN)
def test_known_points_agree_with_the_open_converters(wgs: Point, gcj: Point) -> None:
    assert metres_between(wgs_to_gcj(wgs), gcj) < 0.5
    assert metres_between(gcj_to_wgs(gcj), wgs) < 0.5


@given(INSIDE)
def test_there_and_back_is_within_a_metre(point: Point) -> None:
    assert metres_between(gcj_to_wgs(wgs_to_gcj(point)), point) < 1
    assert metres_between(wgs_to_gcj(gcj_to_wgs(point)), point) < 1


@given(INSIDE)
def test_the_shift_is_that_of_a_map_of_china(point: Point) -> None:
    assert 10 < metres_between(point, wgs_to_gcj(point)) < 1500


@given(ANYWHERE)
def test_outside_china_nothing_is_moved(point: Point) -> None:
    assume(not is_shifted(point))
    assert wgs_to_gcj(point) == point == gcj_to_wgs(point)


@pytest.mark.parametrize("point", [(0, 0), (48_858_000, 2_294_000), (-33_857_000, 151_215_000)])
def test_paris_and_sydney_are_outside(point: Point) -> None:
    assert not is_shifted(point)


def test_a_thousandth_of_a_degree_of_latitude_is_a_hundred_and_eleven_metres() -> None:
    assert metres_between((38_000_000, 106_000_000), (38_001_000, 106_000_000)) == pytest.approx(
        111.2, abs=0.1
    )
