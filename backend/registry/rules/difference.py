"""What a checked file changes in what is stored: added, changed, missing, unchanged."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from hashlib import blake2b
from typing import Any, NamedTuple

from backend.registry.rules.columns import AREA_SOURCES, USES
from backend.registry.rules.labels import area_text
from backend.registry.rules.roll_file import EstateRoll, OwnerEntry
from backend.registry.rules.rows import Row

LINES = 200
_USE_WORDS = {value: word for word, value in USES.items()}
_SOURCE_WORDS = {value: word for word, value in AREA_SOURCES.items()}


def fingerprint(*parts: object) -> bytes:
    """Return 16 bytes that are equal only for equal values; keeps names out of memory while comparing."""
    return blake2b(repr(parts).encode(), digest_size=16).digest()


def owner_fingerprint(kind: str, name: str, members: Iterable[tuple[str, str | None, bool]]) -> bytes:
    """Return the fingerprint of an owner and its members, whatever their order."""
    return fingerprint(kind, name, sorted((n, p or "", r) for n, p, r in members))


def people_fingerprint(name: str, members: Iterable[tuple[str, str | None, bool]]) -> bytes:
    """Return the fingerprint of who an owner is: names alone, so that a new phone is no new owner."""
    return fingerprint(name, sorted(member for member, _, _ in members))


def tenants_fingerprint(tenants: Iterable[tuple[str, str, str | None]]) -> bytes:
    """Return the fingerprint of (kind, name, phone) of a dwelling's tenants; nothing for none."""
    listed = sorted((kind, name, phone or "") for kind, name, phone in tenants)
    return fingerprint(listed) if listed else b""


class StoredDwelling(NamedTuple):
    """A stored dwelling, as far as a file can change it."""

    id: str
    code: str
    use: str
    area: int
    area_source: str
    is_household: bool
    owner_key: str
    is_active: bool
    tenants: bytes


class StoredOwner(NamedTuple):
    """A stored owner with the fingerprints of its content and of its people."""

    id: str
    content: bytes
    people: bytes


@dataclass(slots=True)
class StoredRoll:
    """What is stored of one estate: dwellings, owners and the years of its buildings by stable key."""

    dwellings: Mapping[str, StoredDwelling]
    owners: Mapping[str, StoredOwner]
    built_years: Mapping[str, int | None] = field(default_factory=dict)


@dataclass(slots=True)
class EstatePlan:
    """What is to be written for one estate; owners as (id or None when new, entry), years by a building's key.

    ``sold`` are the stored dwellings whose owner of record is another than before.
    """

    added: list[Row] = field(default_factory=list)
    changed: list[tuple[StoredDwelling, Row]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    new_owners: list[OwnerEntry] = field(default_factory=list)
    changed_owners: list[tuple[str, OwnerEntry]] = field(default_factory=list)
    built_years: dict[str, int] = field(default_factory=dict)
    sold: list[str] = field(default_factory=list)
    unchanged: int = 0


@dataclass(slots=True)
class Difference:
    """Counts over all estates, and the first lines in words (doors only, no names)."""

    added: int = 0
    changed: int = 0
    missing: int = 0
    unchanged: int = 0
    lines: list[str] = field(default_factory=list)

    def to_json(self, *, removes_missing: bool) -> dict[str, Any]:
        """Return plain JSON; rows missing from the file are kept unless removal was asked for."""
        return {
            "added": self.added,
            "changed": self.changed,
            "removed": self.missing if removes_missing else 0,
            "kept_though_missing": 0 if removes_missing else self.missing,
            "unchanged": self.unchanged,
            "lines": self.lines,
        }

    def _say(self, line: str) -> None:
        if len(self.lines) < LINES:
            self.lines.append(line)


def compare(roll: EstateRoll, stored: StoredRoll, difference: Difference) -> EstatePlan:
    """Return the plan for one estate and add its counts and lines to ``difference``."""
    plan = EstatePlan()
    touched, renamed = _compare_owners(roll, stored, plan)
    plan.sold += _sold(roll, stored, renamed)
    _compare_years(roll, stored, plan, difference)
    for key, row in roll.rows.items():
        before = stored.dwellings.get(key)
        if before is None:
            plan.added.append(row)
            difference._say(f"新增 {row.label}：{area_text(row.area)}㎡，{_USE_WORDS[row.use]}")
            continue
        changes = _changes(before, row)
        if changes:
            plan.changed.append((before, row))
        elif row.owner_key in touched:
            changes = ["业主资料"]
        else:
            plan.unchanged += 1
            continue
        difference.changed += 1
        difference._say(f"变更 {row.label}：{'；'.join(changes)}")
    for key, before in stored.dwellings.items():
        if before.is_active and key not in roll.rows:
            plan.missing.append(before.id)
            difference._say(f"文件中没有 {key}")
    difference.added += len(plan.added)
    difference.missing += len(plan.missing)
    difference.unchanged += plan.unchanged
    return plan


def _compare_years(roll: EstateRoll, stored: StoredRoll, plan: EstatePlan, difference: Difference) -> None:
    for key, row in roll.dated.items():
        before = stored.built_years.get(key)
        if row.built_year is None or row.built_year == before:
            continue
        plan.built_years[key] = row.built_year
        if key in stored.built_years:
            known = "未填" if before is None else str(before)
            difference._say(f"楼栋 {row.building} 建成年份 {known} → {row.built_year}")


def _sold(roll: EstateRoll, stored: StoredRoll, renamed: set[str]) -> list[str]:
    """Name the stored dwellings that have another owner, or whose owner's key now stands for other people."""
    found = []
    for key, before in stored.dwellings.items():
        row = roll.rows.get(key)
        has_moved = row is not None and row.owner_key != before.owner_key
        if has_moved or before.owner_key in renamed:
            found.append(before.id)
    return found


def _compare_owners(roll: EstateRoll, stored: StoredRoll, plan: EstatePlan) -> tuple[set[str], set[str]]:
    """Return the keys of owners with any change, and of those that are other people now."""
    touched: set[str] = set()
    renamed: set[str] = set()
    for key, owner in roll.owners.items():
        before = stored.owners.get(key)
        if before is None:
            plan.new_owners.append(owner)
        elif before.content != owner_fingerprint(owner.kind, owner.name, owner.members):
            plan.changed_owners.append((before.id, owner))
            touched.add(key)
            if before.people != people_fingerprint(owner.name, owner.members):
                renamed.add(key)
    return touched, renamed


def _changes(before: StoredDwelling, row: Row) -> list[str]:
    changes = []
    if not before.is_active:
        changes.append("恢复")
    if before.area != row.area:
        changes.append(f"面积 {area_text(before.area)} → {area_text(row.area)}")
    if before.area_source != row.area_source:
        changes.append(f"面积来源 {_SOURCE_WORDS[before.area_source]} → {_SOURCE_WORDS[row.area_source]}")
    if before.use != row.use:
        changes.append(f"用途 {_USE_WORDS[before.use]} → {_USE_WORDS[row.use]}")
    if before.is_household != row.is_household:
        changes.append("改为居民户" if row.is_household else "改为非居民户")
    if before.owner_key != row.owner_key:
        changes.append("换了业主")
    if before.code != row.door:
        changes.append("房号写法")
    if before.tenants != tenants_fingerprint((row.tenant_kind, name, phone) for name, phone in row.tenants):
        changes.append("承租人")
    return changes
