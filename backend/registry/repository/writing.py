"""Write one estate's plan in chunks: thousands of rows per statement, names and phones sealed on the way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import bindparam, delete, insert, select, update
from sqlmodel import Session, col

from backend.infra.crypto import Vault
from backend.kernel.ids import new_id
from backend.registry.rules.difference import EstatePlan, StoredRoll
from backend.registry.rules.labels import key_part
from backend.registry.rules.roll_file import OwnerEntry
from backend.registry.rules.rows import Row
from backend.registry.tables import Building, Dwelling, Entrance, Owner, OwnerMember, Tenant

CHUNK = 2_000
Item = TypeVar("Item")


def _chunks(items: Iterable[Item]) -> Iterator[list[Item]]:
    iterator = iter(items)
    while chunk := list(islice(iterator, CHUNK)):
        yield chunk


class EstateWriter:
    """Writes what a plan says; ``progress`` is told how many rows each step has written."""

    def __init__(
        self, session: Session, vault: Vault, estate_id: str, progress: Callable[[int], None]
    ) -> None:
        self._session = session
        self._connection = session.connection()
        self._vault = vault
        self._estate_id = estate_id
        self._progress = progress
        self._owner_ids: dict[str, str] = {}
        self._buildings: dict[str, str] = {}
        self._entrances: dict[tuple[str, str], str] = {}

    def write(self, plan: EstatePlan, stored: StoredRoll, *, removes_missing: bool) -> None:
        """Apply the plan; dwelling rows are only ever added, changed or marked removed."""
        self._owner_ids = {key: owner.id for key, owner in stored.owners.items()}
        self._add_places([*plan.added, *(row for _, row in plan.changed)])
        self._date_buildings(plan.built_years)
        for owners in _chunks(plan.new_owners):
            self._add_owners(owners)
        for changed_owners in _chunks(plan.changed_owners):
            self._change_owners(changed_owners)
        for rows in _chunks(plan.added):
            self._add_dwellings(rows)
            self._progress(len(rows))
        for changed in _chunks(plan.changed):
            self._change_dwellings([(before.id, row) for before, row in changed])
            self._progress(len(changed))
        if removes_missing:
            for missing in _chunks(plan.missing):
                self._mark_removed(missing)

    def _insert(self, table: Any, rows: list[dict[str, Any]]) -> None:
        if rows:
            self._connection.execute(insert(table), rows)

    def _add_places(self, rows: list[Row]) -> None:
        found = self._connection.execute(
            select(col(Building.id), col(Building.code)).where(col(Building.estate_id) == self._estate_id)
        )
        self._buildings = {key_part(code): identifier for identifier, code in found}
        codes = {key_part(row.building): row.building for row in rows}
        fresh = [
            {"id": new_id(), "estate_id": self._estate_id, "code": code, "built_year": None}
            for key, code in codes.items()
            if key not in self._buildings
        ]
        self._insert(Building, fresh)
        self._buildings |= {key_part(str(row["code"])): str(row["id"]) for row in fresh}
        self._add_entrances(rows)

    def _date_buildings(self, built_years: Mapping[str, int]) -> None:
        values = [{"at": self._buildings[key], "year": year} for key, year in built_years.items()]
        if values:
            change = update(Building).where(col(Building.id) == bindparam("at"))
            self._connection.execute(change.values(built_year=bindparam("year")), values)

    def _add_entrances(self, rows: list[Row]) -> None:
        found = self._connection.execute(
            select(col(Entrance.id), col(Entrance.building_id), col(Entrance.code))
            .join(Building, col(Building.id) == col(Entrance.building_id))
            .where(col(Building.estate_id) == self._estate_id)
        )
        self._entrances = {(building, key_part(code)): identifier for identifier, building, code in found}
        wanted = {
            (self._buildings[key_part(row.building)], key_part(row.entrance)): row.entrance
            for row in rows
            if row.entrance
        }
        fresh = [
            {"id": new_id(), "building_id": place[0], "code": code}
            for place, code in wanted.items()
            if place not in self._entrances
        ]
        self._insert(Entrance, fresh)
        self._entrances |= {(row["building_id"], key_part(row["code"])): row["id"] for row in fresh}

    def _add_owners(self, owners: list[OwnerEntry]) -> None:
        rows, members = [], []
        for owner in owners:
            identifier = self._owner_ids[owner.key] = new_id()
            rows.append(
                {
                    "id": identifier,
                    "estate_id": self._estate_id,
                    "key": owner.key,
                    "kind": owner.kind,
                    "name_sealed": self._vault.seal(owner.name, "owner.name"),
                }
            )
            members += self._members(identifier, owner)
        self._insert(Owner, rows)
        self._insert(OwnerMember, members)

    def _change_owners(self, owners: list[tuple[str, OwnerEntry]]) -> None:
        statement = (
            update(Owner)
            .where(col(Owner.id) == bindparam("at"))
            .values(kind=bindparam("new_kind"), name_sealed=bindparam("new_name"))
        )
        values = [
            {"at": at, "new_kind": owner.kind, "new_name": self._vault.seal(owner.name, "owner.name")}
            for at, owner in owners
        ]
        self._connection.execute(statement, values)
        self._connection.execute(
            delete(OwnerMember).where(col(OwnerMember.owner_id) == bindparam("at")),
            [{"at": at} for at, _ in owners],
        )
        self._insert(OwnerMember, [member for at, owner in owners for member in self._members(at, owner)])

    def _members(self, owner_id: str, owner: OwnerEntry) -> list[dict[str, Any]]:
        return [
            {
                "id": new_id(),
                "owner_id": owner_id,
                "name_sealed": self._vault.seal(name, "owner_member.name"),
                "is_representative": is_representative,
                **self._phone(phone, "owner_member.phone"),
            }
            for name, phone, is_representative in owner.members
        ]

    def _phone(self, phone: str | None, field: str) -> dict[str, str | None]:
        if phone is None:
            return {"phone_sealed": None, "phone_index": None}
        return {
            "phone_sealed": self._vault.seal(phone, field),
            "phone_index": self._vault.index(phone, "phone"),
        }

    def _add_dwellings(self, rows: list[Row]) -> None:
        ids = [new_id() for _ in rows]
        values = [
            self._dwelling(row) | {"id": identifier, "estate_id": self._estate_id, "key": row.key}
            for identifier, row in zip(ids, rows, strict=True)
        ]
        self._insert(Dwelling, values)
        self._add_tenants(zip(ids, rows, strict=True))

    def _dwelling(self, row: Row) -> dict[str, Any]:
        building_id = self._buildings[key_part(row.building)]
        entrance_id = self._entrances[building_id, key_part(row.entrance)] if row.entrance else None
        return {
            "building_id": building_id,
            "entrance_id": entrance_id,
            "code": row.door,
            "use": row.use,
            "exclusive_area_centi": row.area,
            "area_source": row.area_source,
            "is_household": row.is_household,
            "owner_id": self._owner_ids[row.owner_key],
            "state": "active",
        }

    def _change_dwellings(self, changed: list[tuple[str, Row]]) -> None:
        rows = [(identifier, self._dwelling(row)) for identifier, row in changed]
        names = list(rows[0][1])
        statement = (
            update(Dwelling)
            .where(col(Dwelling.id) == bindparam("at"))
            .values({name: bindparam(f"new_{name}") for name in names})
        )
        self._connection.execute(
            statement, [{"at": at} | {f"new_{name}": row[name] for name in names} for at, row in rows]
        )
        self._connection.execute(
            delete(Tenant).where(col(Tenant.dwelling_id) == bindparam("at")), [{"at": at} for at, _ in rows]
        )
        self._add_tenants(changed)

    def _add_tenants(self, rows: Iterable[tuple[str, Row]]) -> None:
        values: list[dict[str, Any]] = [
            {
                "id": new_id(),
                "dwelling_id": identifier,
                "kind": row.tenant_kind,
                "name_sealed": self._vault.seal(name, "tenant.name"),
                **self._phone(phone, "tenant.phone"),
            }
            for identifier, row in rows
            for name, phone in row.tenants
        ]
        self._insert(Tenant, values)

    def _mark_removed(self, dwelling_ids: list[str]) -> None:
        self._connection.execute(
            update(Dwelling).where(col(Dwelling.id) == bindparam("at")).values(state="removed"),
            [{"at": identifier} for identifier in dwelling_ids],
        )
