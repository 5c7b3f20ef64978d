"""Reading and checking roll files: every bad row is named, good ones come out exact."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest

from backend.registry.errors import UnreadableFile
from backend.registry.rules.check_file import check_file
from backend.registry.rules.columns import EXAMPLES
from backend.registry.rules.findings import LISTED
from backend.registry.rules.roll_file import RollFile
from backend.registry.rules.template import write_template
from tests.rules.registry.roll_files import HEADINGS, row, to_csv, to_xlsx

Maker = Callable[..., bytes]
MAKERS = [pytest.param(to_csv, id="csv"), pytest.param(to_xlsx, id="xlsx")]


def check(content: bytes, only: str | None = "E1") -> RollFile:
    return check_file(content, {"E1": "estate1", "E2": "estate2"}, only, lambda done, total: None)


def wrong(content: bytes) -> list[tuple[int, str]]:
    return [(finding.row, finding.column) for finding in check(content).errors.listed]


@pytest.mark.parametrize("make", MAKERS)
def test_good_rows_come_out_exact(make: Maker) -> None:
    roll = check(make([row(building="3栋", entrance="2单元", door="501室", area="89.35")])).rolls["estate1"]
    found = roll.rows["3/2/501"]
    assert (found.building, found.entrance, found.door, found.area) == ("3", "2", "501", 8935)
    assert roll.owners["@3/2/501"].members == (("甲", None, True),)


@pytest.mark.parametrize(
    ("value", "centi"),
    [(89.35000000000001, 8935), ("89.35000000000001", 8935), (100, 10000), ("１００．５", 10050),
     ("76.2㎡", 7620), ("76平方米", 7600), (0.01, 1), (1_000_000, 100_000_000)],
)  # fmt: skip
@pytest.mark.parametrize("make", MAKERS)
def test_area_is_exact_to_the_hundredth(make: Maker, value: object, centi: int) -> None:
    checked = check(make([row(area=value)]))
    assert checked.errors.listed == []
    assert checked.rolls["estate1"].rows["1/1/101"].area == centi


@pytest.mark.parametrize(
    "value",
    [0, "0.00", -1, "89.355", 89.355, "", "八十", "1,234.50", "1e2", 1_000_000.01, date(2020, 1, 1), True,
     float("nan"), "80.00/90.00"],
)  # fmt: skip
def test_area_that_is_not_an_area_is_named(value: object) -> None:
    found = wrong(to_xlsx([row(area=value)]))
    assert found
    assert all(where[0] == 2 for where in found)


@pytest.mark.parametrize(
    ("cells", "column"),
    [
        ({"building": ""}, "楼栋"),
        ({"door": "3/2"}, "房号"),
        ({"door": date(2026, 3, 2)}, "房号"),
        ({"door": 3.2}, "房号"),
        ({"use": "居住"}, "用途"),
        ({"household": "1"}, "是否居民户"),
        ({"area_source": "估计"}, "面积来源"),
        ({"owner_kind": "夫妻"}, "业主类型"),
        ({"owner_name": " "}, "业主姓名"),
        ({"owner_name": "甲" * 101}, "业主姓名"),
        ({"owner_phone": "1380000"}, "业主电话"),
        ({"owner_key": "@1"}, "业主编号"),
        ({"owner_kind": "产权单位"}, "业主编号"),
        ({"owner_kind": "开发商未售", "owner_key": "K"}, "业主编号"),
        ({"co_owners": "乙"}, "业主类型"),
        ({"representative": "甲"}, "共有人代表"),
        ({"owner_kind": "共有", "co_owners": "13800138000"}, "其他共有人"),
        ({"owner_kind": "共有", "co_owners": "乙 138"}, "其他共有人"),
        ({"owner_kind": "共有", "co_owners": "乙", "representative": "丙"}, "共有人代表"),
        ({"owner_kind": "共有", "co_owners": "甲", "representative": "甲"}, "共有人代表"),
        ({"tenant_kind": "朋友"}, "承租类型"),
        ({"built_year": "九六年"}, "建成年份"),
        ({"built_year": 96}, "建成年份"),
        ({"built_year": 1996.5}, "建成年份"),
        ({"estate": "E2"}, "小区编号"),
        ({"estate": "示例"}, "小区编号"),
    ],
)
def test_every_bad_cell_is_named_with_a_remedy(cells: dict[str, object], column: str) -> None:
    checked = check(to_xlsx([row(**cells), row(door="102")]))
    assert [(finding.row, finding.column) for finding in checked.errors.listed] == [(2, column)]
    assert checked.errors.listed[0].remedy


def test_phone_stored_as_number_and_in_full_width_is_the_same() -> None:
    rows = [row(owner_phone=13800138000), row(door="102", owner_phone="＋86 138-0013-8000")]
    roll = check(to_xlsx(rows)).rolls["estate1"]
    assert {owner.phone for owner in roll.owners.values()} == {"13800138000"}


def test_second_row_of_a_door_is_refused_whatever_its_spelling() -> None:
    assert wrong(to_csv([row(building="01栋", door="0101"), row(building=1, door="101室")])) == [(3, "房号")]


def test_a_building_has_one_year_told_by_any_of_its_rows() -> None:
    rows = [row(built_year=1996), row(door="102"), row(building="01栋", door="103", built_year="1996年")]
    assert wrong(to_xlsx(rows)) == []
    assert wrong(to_xlsx([*rows, row(door="104", built_year=1997)])) == [(5, "建成年份")]
    other = row(building="2", built_year=1997)
    dated = check(to_xlsx([*rows, other])).rolls["estate1"].dated
    assert {key: first.built_year for key, first in dated.items()} == {"1": 1996, "2": 1997}


def test_one_owner_key_is_one_owner_and_must_agree() -> None:
    rows = [row(owner_key="K1"), row(door="102", owner_key="K1", owner_phone="13800138000"),
            row(door="103", owner_key="K1", owner_name="乙")]  # fmt: skip
    checked = check(to_csv(rows))
    assert [(finding.row, finding.column) for finding in checked.errors.listed] == [(4, "业主姓名")]
    assert checked.rolls["estate1"].owners["K1"].phone == "13800138000"


def test_unsold_stock_is_one_head_and_homonyms_are_not_merged_but_told() -> None:
    rows = [row(owner_kind="开发商未售", owner_name="某开发公司"),
            row(door="102", owner_kind="开发商未售", owner_name="某开发公司"),
            row(door="103", owner_name="张伟", owner_phone="13800138000"),
            row(door="104", owner_name="张伟", owner_phone="13800138000"),
            row(door="105", owner_name="张伟")]  # fmt: skip
    checked = check(to_csv(rows))
    assert len(checked.rolls["estate1"].owners) == 4
    assert [(finding.row, finding.column) for finding in checked.warnings.listed] == [
        (5, "业主电话"),
        (6, "业主姓名"),
    ]
    assert "张伟" not in str(checked.warnings.to_json())


def test_co_owners_with_their_representative() -> None:
    cells = {
        "owner_kind": "共有",
        "co_owners": "乙2 13800138000；丙，0953-2012345；丁(138 0013 8001)；戊13800138002",
        "representative": "丙",
    }
    owner = check(to_csv([row(**cells)])).rolls["estate1"].owners["@1/1/101"]
    assert owner.members == (
        ("甲", None, False),
        ("乙2", "13800138000", False),
        ("丙", "09532012345", True),
        ("丁", "13800138001", False),
        ("戊", "13800138002", False),
    )


def test_untouched_examples_are_skipped_and_empty_rows_do_not_count() -> None:
    checked = check(to_xlsx([*EXAMPLES, [""] * 17, row()]))
    assert (checked.example_count, checked.row_count, checked.errors.count) == (3, 1, 0)
    with pytest.raises(UnreadableFile, match="unreadable"):
        check(write_template())


def test_headings_in_any_order_with_stars_units_and_a_title_above() -> None:
    headings = ["专有部分面积（㎡）*" if h == "专有部分面积" else f" {h} *" for h in reversed(HEADINGS)]
    content = to_csv([headings, list(reversed(row()))], ["某某小区房屋名册"])
    assert list(check(content).rolls["estate1"].rows) == ["1/1/101"]


@pytest.mark.parametrize(
    ("headings", "told"),
    [
        (HEADINGS[:5] + HEADINGS[6:], "专有部分面积"),
        ([*HEADINGS, "楼栋"], "出现了两次"),
        ([*HEADINGS, "电活"], "电活"),
        (["a", "b"], "找不到列名"),
    ],
)
def test_wrong_headings_are_named(headings: list[str], told: str) -> None:
    with pytest.raises(UnreadableFile) as caught:
        check(to_csv([row()], headings))
    assert told in caught.value.message


def test_several_estates_need_their_code_in_every_row() -> None:
    rows = [row(estate="E1"), row(estate="E2"), row(estate=""), row(estate="E9")]
    checked = check(to_csv(rows), only=None)
    assert sorted(checked.rolls) == ["estate1", "estate2"]
    assert [finding.row for finding in checked.errors.listed] == [4, 5]


def test_every_bad_row_is_counted_and_the_first_thousand_listed() -> None:
    checked = check(to_csv([row(door=str(n), area="0") for n in range(1_500)]))
    assert checked.errors.count == 1_500
    assert len(checked.errors.to_json()) == LISTED


def test_report_masks_names_and_phones() -> None:
    checked = check(to_csv([row(owner_phone="1380013800", owner_name="欧阳修")]))
    assert checked.errors.listed[0].value == "138*****00"
