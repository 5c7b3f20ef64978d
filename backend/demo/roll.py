"""The rolls of the four demo estates, as the CSV a clerk would import. Every person in them is invented."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO

from backend.registry.rules.columns import COLUMNS

_SURNAMES = "马王李张杨丁吴田金周纳哈"
_GIVEN = "甲乙丙丁戊己庚辛"
# Square metres of the flats on one landing, left and right.
_AREAS = ("58.60", "71.25", "64.38", "82.90")


@dataclass(frozen=True, slots=True)
class EstatePlan:
    """A synthetic estate: its shape, and the block of telephone numbers that its people have."""

    code: str
    name: str
    town: str
    town_code: str
    community: str
    community_code: str
    built_year: int
    buildings: int
    entrances: int
    floors: int
    phone_block: int
    # Somewhere in the district: no estate's real place.
    middle: tuple[int, int]

    def phone(self, number: int) -> str:
        """Return the number-th synthetic mobile number, from 1."""
        return f"1380000{self.phone_block}{number:03d}"


CHAOYANG = EstatePlan(
    "DEMO-CY",
    "朝阳家园（演示，住户均为虚构）",
    "金星镇",
    "JX",
    "朝阳社区（演示）",
    "JX-CY",
    1996,
    3,
    2,
    4,
    0,
    (37_995_000, 106_205_000),
)
XINYI = EstatePlan(
    "DEMO-XY",
    "新一中家属院（演示，住户均为虚构）",
    "胜利镇",
    "SL",
    "新一中社区（演示）",
    "SL-XY",
    1998,
    2,
    2,
    4,
    1,
    (37_985_000, 106_190_000),
)
# Renovated the year before: what comes after the works is shown here.
HEPING = EstatePlan(
    "DEMO-HP",
    "和平巷小区（演示，住户均为虚构）",
    "金星镇",
    "JX",
    "朝阳社区（演示）",
    "JX-CY",
    1991,
    2,
    2,
    3,
    2,
    (38_004_000, 106_212_000),
)
TUANJIE = EstatePlan(
    "DEMO-TJ",
    "团结里小区（演示，住户均为虚构）",
    "胜利镇",
    "SL",
    "新一中社区（演示）",
    "SL-XY",
    1993,
    2,
    1,
    4,
    3,
    (37_976_000, 106_181_000),
)
PLANS = (CHAOYANG, XINYI, HEPING, TUANJIE)


def homes_of(plan: EstatePlan) -> list[str]:
    """Return ``building-entrance-door`` of every flat, in the order of their telephone numbers."""
    return [
        f"{building}-{entrance}-{floor}0{side}"
        for building in range(1, plan.buildings + 1)
        for entrance in range(1, plan.entrances + 1)
        for floor in range(1, plan.floors + 1)
        for side in (1, 2)
    ]


def roll_csv(plan: EstatePlan) -> bytes:
    """Return the estate's roll by the import template's headings."""
    out = StringIO()
    headings = {column.name: column.heading for column in COLUMNS}
    writer = csv.DictWriter(out, fieldnames=list(headings.values()))
    writer.writeheader()
    for row in _rows(plan):
        writer.writerow({headings[name]: value for name, value in row.items()})
    return out.getvalue().encode("utf-8-sig")


def _rows(plan: EstatePlan) -> Iterator[dict[str, str]]:
    special = _special_rows(plan)
    for number, home in enumerate(homes_of(plan), start=1):
        building, entrance, door = home.split("-")
        row = {
            "estate": plan.code,
            "building": building,
            "entrance": entrance,
            "door": door,
            "use": "住宅",
            "area": _AREAS[(number * 7 // 3) % len(_AREAS)],
            "area_source": "测绘" if number % 5 == 0 else "不动产登记",
            "household": "是",
            "owner_kind": "个人",
            "owner_name": name_of(number),
            "owner_phone": plan.phone(number),
        }
        yield row | special.get(number, {})
    yield _shop(plan)


def _special_rows(plan: EstatePlan) -> Mapping[int, dict[str, str]]:
    """Return what makes the roll lifelike: an owner of two flats, co-owners, a tenant, public housing."""
    first = {"owner_key": "Y01", "owner_name": name_of(1), "owner_phone": plan.phone(1)}
    unit = {
        "owner_key": "DW01",
        "owner_kind": "产权单位",
        "owner_name": "示例机械厂（虚构）",
        "owner_phone": "",
    }
    return {
        1: first,
        9: first,
        3: {
            "owner_kind": "共有",
            "co_owners": f"{name_of(203)} {plan.phone(203)}",
            "representative": name_of(3),
        },
        5: {"tenants": f"{name_of(205)} {plan.phone(205)}"},
        7: {**unit, "tenants": f"{name_of(207)} {plan.phone(207)}", "tenant_kind": "公房承租人"},
        8: {**unit, "tenants": f"{name_of(208)} {plan.phone(208)}", "tenant_kind": "公房承租人"},
        6: {"tenants": f"{name_of(206)} {plan.phone(206)}", "tenant_kind": "家属"},
    }


def _shop(plan: EstatePlan) -> dict[str, str]:
    return {
        "estate": plan.code,
        "building": "1",
        "door": "S01",
        "use": "商铺",
        "area": "126.40",
        "area_source": "买卖合同",
        "household": "否",
        "owner_key": "SP01",
        "owner_kind": "单位",
        "owner_name": "示例便民超市（虚构）",
        "owner_phone": plan.phone(301),
    }


def name_of(number: int) -> str:
    """Return the invented name of the person with the number-th telephone."""
    return _SURNAMES[number % len(_SURNAMES)] + "示" + _GIVEN[number % len(_GIVEN)]
