"""One row of a roll file: headings found, cells read, a dwelling or the list of what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.kernel.phone import mask_phone, normalise_phone
from backend.registry.rules import cells
from backend.registry.rules.cells import CellError, CellValue
from backend.registry.rules.columns import (
    BY_NAME,
    COLUMNS,
    EXAMPLE_MARK,
    EXAMPLES,
    IGNORED_HEADINGS,
    Column,
    plain_heading,
)
from backend.registry.rules.findings import Finding
from backend.registry.rules.labels import dwelling_key, dwelling_label, mask_name, plain_code

People = tuple[tuple[str, str | None], ...]


class HeadingError(Exception):
    """The heading row cannot be used; the text says why."""


@dataclass(slots=True)
class OwnerCells:
    """What one row says of its owner."""

    key: str
    kind: str
    name: str
    phone: str | None
    co_owners: People
    representative: People


@dataclass(slots=True)
class Row:
    """One dwelling as the file has it; areas in 0.01 m²."""

    number: int
    estate: str
    building: str
    entrance: str
    door: str
    key: str
    use: str
    area: int
    area_source: str
    is_household: bool
    owner_key: str
    tenants: People
    tenant_kind: str
    built_year: int | None

    @property
    def label(self) -> str:
        """Return the door label."""
        return dwelling_label(self.building, self.entrance, self.door)


_READERS: Mapping[str, Callable[[CellValue], Any]] = {
    "area": cells.read_area,
    "owner_name": cells.read_name,
    "owner_phone": cells.read_phone,
    "co_owners": cells.read_people,
    "representative": cells.read_people,
    "tenants": cells.read_people,
    "built_year": cells.read_year,
}
_EMPTY: Mapping[str, Any] = {
    "owner_phone": None,
    "co_owners": (),
    "representative": (),
    "tenants": (),
    "built_year": None,
}
# The same few options and codes come again and again: one object for all rows.
_SHARED: dict[str, str] = {}


def read_headings(
    values: Sequence[CellValue],
    columns: Sequence[Column] = COLUMNS,
    ignored: Collection[str] = IGNORED_HEADINGS,
) -> dict[str, int]:
    """Return column name → position; raises HeadingError naming every missing, double or unknown heading."""
    positions: dict[str, int] = {}
    problems: list[str] = []
    by_heading = {column.heading: column for column in columns}
    for index, value in enumerate(values):
        heading = plain_heading(str(value))
        if not heading or heading in ignored:
            continue
        column = by_heading.get(heading)
        if column is None:
            problems.append(f"不认识的列“{cells.shown(value)}”")
        elif column.name in positions:
            problems.append(f"“{heading}”出现了两次")
        else:
            positions[column.name] = index
    missing = [c.heading for c in columns if c.is_required and c.name not in positions]
    if missing:
        problems.append("缺少" + "、".join(f"“{heading}”" for heading in missing))
    if problems:
        raise HeadingError("；".join(problems[:20]) + "。请使用系统的模板，不要改动第一行的列名。")
    return positions


@dataclass(slots=True)
class RowReader:
    """Reads rows under known headings."""

    positions: Mapping[str, int]
    needs_estate: bool

    def is_example(self, values: Sequence[CellValue]) -> bool:
        """Tell whether this is one of the template's own example rows, untouched."""
        texts = tuple(
            str(self._value(values, column.name)).strip() if column.name in self.positions else None
            for column in COLUMNS
        )
        return any(
            all(text is None or text == cell for text, cell in zip(texts, example, strict=True))
            for example in EXAMPLES
        )

    def read(self, number: int, values: Sequence[CellValue]) -> tuple[Row, OwnerCells] | list[Finding]:
        """Return the dwelling and its owner's cells, or every finding of this row."""
        findings: list[Finding] = []
        read: dict[str, Any] = {}
        for column in COLUMNS:
            value = self._value(values, column.name)
            try:
                read[column.name] = self._read_cell(column, value)
            except CellError as error:
                found = shown_value(column, value)
                findings.append(Finding(number, column.heading, found, error.reason, error.remedy))
        if not findings:
            findings = _check_row(number, read)
        return findings or _row(number, read)

    def _value(self, values: Sequence[CellValue], name: str) -> CellValue:
        position = self.positions.get(name)
        return values[position] if position is not None and position < len(values) else ""

    def _read_cell(self, column: Column, value: CellValue) -> Any:
        if value == "" or (isinstance(value, str) and not value.strip()):
            if column.is_required or (column.name == "estate" and self.needs_estate):
                raise CellError("没有填", f"请填写。{column.explanation}")
            return _EMPTY.get(column.name, "")
        if column.options:
            return cells.read_option(value, column.options)
        return _READERS.get(column.name, cells.read_code)(value)


def shown_value(column: Column, value: CellValue) -> str:
    """Return a value for the report; names and phones are masked, because reports are kept."""
    text = cells.shown(value)
    if not column.is_personal or not text:
        return text
    phone = normalise_phone(text)
    if phone is not None:
        return mask_phone(phone)
    return mask_phone(text) if text[:1].isascii() else mask_name(text)


def _shared(text: str) -> str:
    if len(_SHARED) > 50_000:
        _SHARED.clear()
    return _SHARED.setdefault(text, text)


def _check_row(number: int, read: Mapping[str, Any]) -> list[Finding]:
    def refuse(name: str, reason: str, remedy: str) -> list[Finding]:
        return [Finding(number, BY_NAME[name].heading, "", reason, remedy)]

    kind = read["owner_kind"]
    if str(read["estate"]).startswith(EXAMPLE_MARK):
        return refuse("estate", "本行还有“示例”标记", "如是真实数据，请改掉“示例”二字；否则删去整行")
    if kind in ("property_unit", "organisation") and not read["owner_key"]:
        return refuse(
            "owner_key", "产权单位和单位必须有业主编号", "请填写，例如统一社会信用代码；同一单位各行相同"
        )
    if kind == "developer_stock" and read["owner_key"]:
        return refuse("owner_key", "开发商未售的房不填业主编号", "请清空：整个小区的未售房自动算作一个业主")
    if kind != "co_owners" and read["co_owners"]:
        return refuse("owner_kind", "填了其他共有人", "业主类型请选“共有”，或清空其他共有人")
    if len(read["representative"]) > 1:
        return refuse("representative", "代表只能有一人", "请只留一个姓名")
    if kind != "co_owners" and read["representative"]:
        return refuse("representative", "不是共有，不需要代表", "请清空，或把业主类型改为“共有”")
    return []


def _row(number: int, read: Mapping[str, Any]) -> tuple[Row, OwnerCells]:
    building = _shared(plain_code(read["building"], "building"))
    entrance = _shared(plain_code(read["entrance"], "entrance")) if read["entrance"] else ""
    door = _shared(plain_code(read["door"], "door"))
    key = dwelling_key(building, entrance, door)
    owner = OwnerCells(
        _owner_key(read, key),
        read["owner_kind"],
        read["owner_name"],
        read["owner_phone"],
        read["co_owners"],
        read["representative"],
    )
    row = Row(
        number=number,
        estate=_shared(read["estate"]),
        building=building,
        entrance=entrance,
        door=door,
        key=key,
        use=read["use"],
        area=read["area"],
        area_source=read["area_source"],
        is_household=read["household"] == "1",
        owner_key=owner.key,
        tenants=read["tenants"],
        tenant_kind=read["tenant_kind"] or "tenant",
        built_year=read["built_year"],
    )
    return row, owner


def _owner_key(read: Mapping[str, Any], key: str) -> str:
    """Return the owner's key; typed keys never begin with ``@``, so ours cannot meet one."""
    if read["owner_kind"] == "developer_stock":
        return "@stock"  # interp. 9: all unsold stock of an estate is one head
    return _shared(read["owner_key"]) if read["owner_key"] else f"@{key}"
