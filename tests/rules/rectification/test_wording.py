"""Public words hold no phone and no door; a place is coarse outside and exact inside."""

from __future__ import annotations

import pytest

from backend.rectification.rules.wording import (
    CATEGORY_TITLES,
    SOURCE_TITLES,
    Category,
    Source,
    private_words,
    split_place,
)


@pytest.mark.parametrize(
    "text",
    [
        "屋面防水卷材空鼓约120平方米",
        "3栋2单元门厅瓷砖脱落",
        "2026年3月检查发现消防通道被占",
        "楼道灯 15 个不亮，缺 200 米电缆",
        "5号楼外墙保温板脱落",
        "DN100 给水管渗漏，见第 2-3 页",
        "整改费用 3000 元",
    ],
)
def test_ordinary_problems_are_public(text: str) -> None:
    assert private_words(text) is None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("联系 13800000001", "电话"),
        ("请打 138 0000 0001", "电话"),
        ("座机0953-2012345", "电话"),
        ("3栋2单元501卫生间渗水", "门牌号"),
        ("3-2-501 渗水", "门牌号"),
        ("12-1503漏水", "门牌号"),
        ("2单元301门口", "门牌号"),
        ("501室漏水", "门牌号"),
        ("3号楼501漏水", "门牌号"),
    ],
)
def test_a_household_is_not_shown_to_the_estate(text: str, reason: str) -> None:
    assert reason in (private_words(text) or "")


@pytest.mark.parametrize(
    ("text", "public", "inside"),
    [
        ("3栋屋面", "3栋屋面", None),
        ("小区北门", "小区北门", None),
        ("3栋2单元501卫生间", "3栋", "3栋2单元501卫生间"),
        ("3号楼501", "3号楼", "3号楼501"),
        ("3-2-501", "3栋", "3-2-501"),
        ("501室", "楼内", "501室"),
    ],
)
def test_a_place_is_coarse_for_the_public(text: str, public: str, inside: str | None) -> None:
    assert split_place(text) == (public, inside)
    assert private_words(split_place(text)[0]) is None


def test_every_source_and_category_has_a_title() -> None:
    assert set(SOURCE_TITLES) == set(Source)
    assert set(CATEGORY_TITLES) == set(Category)
