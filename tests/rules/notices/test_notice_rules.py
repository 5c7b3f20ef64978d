"""Masked rooms and notice hashes."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.notices.rules import KIND_TITLES, NoticeKind, mask_door, notice_hash


@pytest.mark.parametrize(
    ("label", "shown"),
    [
        ("3栋2单元501", "3栋2单元5**"),
        ("3栋2单元1201室", "3栋2单元1**"),
        ("12号楼1单元01", "12号楼1单元**"),
        ("3栋7", "3栋**"),
        ("东楼2单元东户", "东楼2单元**"),
        ("3/2/501", "3/2/5**"),
        ("3栋A-102", "3栋A**"),
        ("501", "5**"),
        ("3栋地下车库", "3栋**"),
        ("3栋", "3栋"),
        ("", ""),
    ],
)
def test_rooms_are_published_masked(label: str, shown: str) -> None:
    assert mask_door(label) == shown


@given(st.integers(1, 99), st.integers(1, 9), st.integers(1, 39), st.integers(1, 12))
def test_a_mask_never_tells_one_door_of_a_floor_from_another(
    building: int, entrance: int, floor: int, door: int
) -> None:
    shown = mask_door(f"{building}栋{entrance}单元{floor}{door:02d}")
    assert shown == mask_door(f"{building}栋{entrance}单元{floor}{door % 12 + 1:02d}")


def test_a_notice_hash_covers_title_and_body() -> None:
    assert notice_hash("标题", "正文") == sha256("标题\n正文".encode()).hexdigest()
    assert len({notice_hash("a", "b"), notice_hash("a", "c"), notice_hash("b", "b")}) == 3


def test_every_kind_has_a_title() -> None:
    assert set(KIND_TITLES) == set(NoticeKind)
