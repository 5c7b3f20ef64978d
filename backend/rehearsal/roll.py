"""The roll of an estate as the CSV that a clerk imports, by the import template's headings."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from io import StringIO

from backend.registry.rules.columns import COLUMNS
from backend.rehearsal.answers import OwnerKind
from backend.rehearsal.cast import phone_number
from backend.rehearsal.world import EstateWorld, Owner, area_text


def roll_csv(estate: EstateWorld, first_phone: int) -> bytes:
    """Return the file; owners' telephone numbers count up from ``first_phone``."""
    headings = {column.name: column.heading for column in COLUMNS}
    out = StringIO()
    writer = csv.DictWriter(out, fieldnames=list(headings.values()))
    writer.writeheader()
    for row in _rows(estate, first_phone):
        writer.writerow({headings[name]: value for name, value in row.items()})
    return out.getvalue().encode("utf-8-sig")


def _rows(estate: EstateWorld, first_phone: int) -> Iterator[dict[str, str]]:
    for owner in estate.owners:
        people = _people(estate, owner, first_phone)
        for at in owner.homes:
            home = estate.homes[at]
            yield {
                "estate": estate.code,
                "building": str(home.building),
                "entrance": str(home.entrance),
                "door": home.door,
                "use": "住宅",
                "area": area_text(home.area_centi),
                "area_source": "测绘" if at % 9 == 4 else "不动产登记",
                "household": "是",
                **people,
            }


def _people(estate: EstateWorld, owner: Owner, first_phone: int) -> dict[str, str]:
    name = f"示例业主{estate.number:02d}{owner.number:03d}"
    row = {"owner_kind": str(owner.kind), "owner_key": f"Y{owner.number:03d}", "owner_name": name}
    if owner.kind is OwnerKind.UNIT:
        return row | {"owner_name": "示例产权单位", "tenants": "示例承租人", "tenant_kind": "公房承租人"}
    row["owner_phone"] = phone_number(first_phone + owner.number)
    if owner.kind is OwnerKind.CO_OWNERS:
        row["co_owners"] = "示例共有人甲"
    return row
