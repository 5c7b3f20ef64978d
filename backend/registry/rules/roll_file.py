"""A whole roll file: doors told apart, owners put together, doubts listed; nothing is ever merged silently."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from backend.registry.rules.columns import BY_NAME
from backend.registry.rules.findings import Finding, Findings
from backend.registry.rules.labels import key_part, mask_name
from backend.registry.rules.rows import OwnerCells, People, Row

Members = tuple[tuple[str, str | None, bool], ...]


@dataclass(slots=True)
class OwnerEntry:
    """One head: name, and members as (name, phone, is representative)."""

    key: str
    kind: str
    name: str
    phone: str | None
    co_owners: People
    representative: People
    first_row: int
    members: Members = ()


@dataclass(slots=True)
class EstateRoll:
    """What the file says of one estate; rows by stable key, the row that first told a building's year likewise."""

    rows: dict[str, Row] = field(default_factory=dict)
    dated: dict[str, Row] = field(default_factory=dict)
    owners: dict[str, OwnerEntry] = field(default_factory=dict)
    by_phone: dict[str, OwnerEntry] = field(default_factory=dict)
    by_name: dict[str, OwnerEntry] = field(default_factory=dict)


@dataclass(slots=True)
class RollFile:
    """The checked file; ``estates`` maps an estate's code to its id, ``only`` is the one chosen, if any."""

    estates: Mapping[str, str]
    only: str | None
    rolls: dict[str, EstateRoll] = field(default_factory=dict)
    errors: Findings = field(default_factory=Findings)
    warnings: Findings = field(default_factory=Findings)
    row_count: int = 0
    example_count: int = 0

    def add(self, row: Row, owner: OwnerCells) -> None:
        """Take one row in, or list what is wrong with it against the rows before."""
        code = row.estate or self.only or ""
        if code not in self.estates or (self.only and code != self.only):
            self._refuse_estate(row)
            return
        roll = self.rolls.setdefault(self.estates[code], EstateRoll())
        first = roll.rows.get(row.key)
        if first is not None:
            self._refuse(
                row, "door", row.label, f"与第 {first.number} 行是同一套房", "请删去重复的一行，或改正房号"
            )
            return
        roll.rows[row.key] = row
        self._date_building(roll, row)
        self._join_owner(roll, row, owner)
        self._doubt_row(row)

    def _date_building(self, roll: EstateRoll, row: Row) -> None:
        if row.built_year is None:
            return
        first = roll.dated.setdefault(key_part(row.building), row)
        if first.built_year != row.built_year:
            reason = f"与第 {first.number} 行同一楼栋的建成年份（{first.built_year}）不一致"
            self._refuse(row, "built_year", str(row.built_year), reason, "请核对后改为一致，或只在一行填写")

    def finish(self) -> None:
        """Put every owner's members together and list the doubts about owners."""
        for roll in self.rolls.values():
            for owner in roll.owners.values():
                self._finish_owner(owner)
                if owner.kind != "developer_stock":
                    self._doubt_owner(roll, owner)
            roll.by_name.clear()
            roll.by_phone.clear()

    def _refuse_estate(self, row: Row) -> None:
        chosen = f"这次只导入小区 {self.only}，请核对是否选错了文件"
        remedy = chosen if self.only else "请填写本社区已建立的小区编号"
        self._refuse(row, "estate", row.estate, "小区编号不对", remedy)

    def _refuse(self, row: Row, column: str, value: str, reason: str, remedy: str) -> None:
        self.errors.add(Finding(row.number, BY_NAME[column].heading, value, reason, remedy))

    def _join_owner(self, roll: EstateRoll, row: Row, cells: OwnerCells) -> None:
        owner = roll.owners.get(cells.key)
        if owner is None:
            roll.owners[cells.key] = OwnerEntry(
                cells.key,
                cells.kind,
                cells.name,
                cells.phone,
                cells.co_owners,
                cells.representative,
                row.number,
            )
            return
        pairs = (
            ("owner_kind", owner.kind, cells.kind),
            ("owner_name", owner.name, cells.name),
            ("owner_phone", owner.phone, cells.phone),
            ("co_owners", owner.co_owners, cells.co_owners),
            ("representative", owner.representative, cells.representative),
        )
        for column, before, here in pairs:
            if before and here and before != here:
                self._refuse(
                    row,
                    column,
                    "",
                    f"与第 {owner.first_row} 行同一业主的“{BY_NAME[column].heading}”不一致",
                    "同一业主编号各行要一致；如不是同一业主，请用不同编号",
                )
        owner.phone = owner.phone or cells.phone
        owner.co_owners = owner.co_owners or cells.co_owners
        owner.representative = owner.representative or cells.representative

    def _finish_owner(self, owner: OwnerEntry) -> None:
        people = ((owner.name, owner.phone), *owner.co_owners)
        chosen = 0
        if owner.representative:
            name, phone = owner.representative[0]
            fitting = [
                index
                for index, person in enumerate(people)
                if person[0] == name and phone in (None, person[1])
            ]
            if len(fitting) != 1:
                reason = "代表不在业主和其他共有人之中" if not fitting else "有同名的共有人，分不清是哪一位"
                heading = BY_NAME["representative"].heading
                remedy = "请填其中一人的姓名；同名时写“姓名 电话”"
                self.errors.add(Finding(owner.first_row, heading, mask_name(name), reason, remedy))
                return
            chosen = fitting[0]
        owner.members = tuple((name, phone, index == chosen) for index, (name, phone) in enumerate(people))

    def _doubt(self, number: int, column: str, value: str, reason: str, remedy: str) -> None:
        self.warnings.add(Finding(number, BY_NAME[column].heading, value, reason, remedy))

    def _doubt_row(self, row: Row) -> None:
        if row.is_household and row.use in ("shop", "office", "parking"):
            self._doubt(row.number, "household", "是", "商铺、办公、车位一般不算居民户", "请核对")
        if row.use == "parking":
            self._doubt(
                row.number, "use", "车位", "车位单独计入名册须有当地规定", "没有当地规定的，请删去这一行"
            )

    def _doubt_owner(self, roll: EstateRoll, owner: OwnerEntry) -> None:
        """Homonyms and shared phones stay apart; the clerk is told (domain §3)."""
        remedy = "如是同一业主，请填同一业主编号；否则不用改，按不同业主计算"
        if owner.kind == "co_owners" and not owner.co_owners:
            self._doubt(
                owner.first_row, "co_owners", "", "业主类型是共有，但没有填其他共有人", "请补全共有人"
            )
        same_phone = roll.by_phone.setdefault(owner.phone, owner) if owner.phone else owner
        same_name = roll.by_name.setdefault(owner.name, owner)
        if same_phone is not owner:
            what = "姓名和电话" if same_phone.name == owner.name else "电话"
            reason = f"与第 {same_phone.first_row} 行另一业主的{what}相同"
            self._doubt(owner.first_row, "owner_phone", "", reason, remedy)
        elif same_name is not owner and not (owner.phone and same_name.phone):
            reason = f"与第 {same_name.first_row} 行另一业主同名，且缺少电话，无法判断是否同一人"
            self._doubt(owner.first_row, "owner_name", mask_name(owner.name), reason, remedy)
