"""Corrections of a frozen roll: what each kind of change does to one row, and how it is kept."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from backend.kernel.errors import FieldError, Unprocessable
from backend.tally.weight import RollEntry as CountedEntry

TITLES: Mapping[str, str] = {
    "area": "更正面积",
    "owner": "更正业主",
    "household": "更正是否居民户",
    "add": "补入名册",
    "remove": "移出名册",
}
MAX_AREA_CENTI = 10**9


@dataclass(frozen=True, slots=True)
class Row:
    """What counting knows of an entry: area in 0.01 m²; ``owner_id`` inside, ``head`` in records."""

    dwelling_id: str
    entry: str
    owner_id: str
    head_no: int
    head: str
    area_centi: int
    is_household: bool

    def to_json(self) -> dict[str, Any]:
        """Return what is stored beside the amendment."""
        return asdict(self)

    def counted(self) -> CountedEntry:
        """Return the row as records write it."""
        return CountedEntry(self.entry, self.head, self.area_centi, self.is_household)


def row_of(stored: Mapping[str, Any]) -> Row | None:
    """Return the row behind ``to_json``; None for the empty side of an addition or removal."""
    return Row(**stored) if stored else None


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the proposer says shall be: exactly the part the change is about."""

    change: str
    area_centi: int | None = None
    is_household: bool | None = None


def check_wanted(wanted: Wanted, before: Row | None) -> None:
    """Refuse a change that says nothing or too much; raises Unprocessable naming the field."""
    problems = []
    if wanted.change == "area":
        if wanted.area_centi is None or not 0 < wanted.area_centi <= MAX_AREA_CENTI:
            problems.append(FieldError("area_centi", "请填写更正后的面积（单位：0.01平方米，大于0）。"))
        elif before is not None and wanted.area_centi == before.area_centi:
            problems.append(FieldError("area_centi", "与名册上的面积相同，无须更正。"))
    if wanted.change == "household":
        if wanted.is_household is None:
            problems.append(FieldError("is_household", "请写明更正后是否为居民户。"))
        elif before is not None and wanted.is_household == before.is_household:
            problems.append(FieldError("is_household", "与名册相同，无须更正。"))
    if wanted.change not in TITLES:
        problems.append(FieldError("change", "没有这种更正。"))
    if problems:
        raise Unprocessable("amendment", "更正内容有误。", problems)


def describe(change: str, before: Row | None, after: Row | None) -> str:
    """Return one line for the result notice; it names neither room nor owner."""
    title = TITLES[change]
    if change == "area" and before is not None and after is not None:
        return f"{title}：{_area(before.area_centi)} → {_area(after.area_centi)} 平方米"
    row = after or before
    return f"{title}（{_area(row.area_centi)} 平方米）" if row is not None else title


def _area(area_centi: int) -> str:
    return f"{area_centi // 100}.{area_centi % 100:02d}"
