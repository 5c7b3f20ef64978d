"""What is stored of an estate, read in a stream and kept as fingerprints, so that a large roll stays small."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from sqlalchemy import Select, select
from sqlmodel import Session, col

from backend.infra.crypto import Vault
from backend.registry.rules.difference import (
    StoredDwelling,
    StoredOwner,
    StoredRoll,
    owner_fingerprint,
    people_fingerprint,
    tenants_fingerprint,
)
from backend.registry.rules.labels import key_part
from backend.registry.tables import Building, Dwelling, Estate, Owner, OwnerMember, Tenant

_BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Opener:
    """Opens sealed columns."""

    vault: Vault

    def text(self, sealed: str, field: str) -> str:
        """Return the plain text."""
        return self.vault.open(sealed, field)

    def optional(self, sealed: str | None, field: str) -> str | None:
        """Return the plain text, or None."""
        return None if sealed is None else self.vault.open(sealed, field)


def lock_estates(session: Session, estate_ids: list[str]) -> None:
    """Let one import at a time write an estate (PostgreSQL; SQLite has one writer anyway)."""
    statement = select(col(Estate.id)).where(col(Estate.id).in_(estate_ids)).order_by(col(Estate.id))
    session.execute(statement.with_for_update()).all()


def load_stored(session: Session, vault: Vault, estate_id: str) -> StoredRoll:
    """Return the stored roll of an estate."""
    opener = Opener(vault)
    owners, keys = _load_owners(session, opener, estate_id)
    tenants = _load_tenants(session, opener, estate_id)
    statement: Select[Any] = select(*_DWELLING_COLUMNS).where(col(Dwelling.estate_id) == estate_id)
    dwellings = {}
    for identifier, key, code, use, area, source, household, owner, state in _stream(session, statement):
        dwellings[key] = StoredDwelling(
            identifier,
            code,
            use,
            area,
            source,
            household,
            keys[owner],
            state == "active",
            tenants.get(identifier, b""),
        )
    return StoredRoll(dwellings, owners, _load_years(session, estate_id))


def _load_years(session: Session, estate_id: str) -> dict[str, int | None]:
    chosen = select(col(Building.code), col(Building.built_year)).where(col(Building.estate_id) == estate_id)
    return {key_part(code): year for code, year in session.execute(chosen)}


_DWELLING_COLUMNS: tuple[Any, ...] = (
    col(Dwelling.id),
    col(Dwelling.key),
    col(Dwelling.code),
    col(Dwelling.use),
    col(Dwelling.exclusive_area_centi),
    col(Dwelling.area_source),
    col(Dwelling.is_household),
    col(Dwelling.owner_id),
    col(Dwelling.state),
)


def _stream(session: Session, statement: Select[Any]) -> Iterator[Any]:
    return iter(session.execute(statement, execution_options={"yield_per": _BATCH}))


def _load_owners(
    session: Session, opener: Opener, estate_id: str
) -> tuple[dict[str, StoredOwner], dict[str, str]]:
    columns: tuple[Any, ...] = (
        col(Owner.id),
        col(Owner.key),
        col(Owner.kind),
        col(Owner.name_sealed),
        col(OwnerMember.name_sealed),
        col(OwnerMember.phone_sealed),
        col(OwnerMember.is_representative),
    )
    statement: Select[Any] = (
        select(*columns)
        .outerjoin(OwnerMember, col(OwnerMember.owner_id) == col(Owner.id))
        .where(col(Owner.estate_id) == estate_id)
        .order_by(Owner.id)
    )
    owners: dict[str, StoredOwner] = {}
    keys: dict[str, str] = {}
    for _, group in groupby(_stream(session, statement), key=lambda row: row[0]):
        rows = list(group)
        identifier, key, kind, name = rows[0][:4]
        members = [
            (
                opener.text(row[4], "owner_member.name"),
                opener.optional(row[5], "owner_member.phone"),
                row[6],
            )
            for row in rows
            if row[4] is not None
        ]
        called = opener.text(name, "owner.name")
        content = owner_fingerprint(kind, called, members)
        owners[key] = StoredOwner(identifier, content, people_fingerprint(called, members))
        keys[identifier] = key
    return owners, keys


def _load_tenants(session: Session, opener: Opener, estate_id: str) -> dict[str, bytes]:
    columns: tuple[Any, ...] = (
        col(Tenant.dwelling_id),
        col(Tenant.kind),
        col(Tenant.name_sealed),
        col(Tenant.phone_sealed),
    )
    statement: Select[Any] = (
        select(*columns)
        .join(Dwelling, col(Dwelling.id) == col(Tenant.dwelling_id))
        .where(col(Dwelling.estate_id) == estate_id)
        .order_by(Tenant.dwelling_id)
    )
    found = {}
    for dwelling_id, group in groupby(_stream(session, statement), key=lambda row: row[0]):
        found[dwelling_id] = tenants_fingerprint(
            (kind, opener.text(name, "tenant.name"), opener.optional(phone, "tenant.phone"))
            for _, kind, name, phone in group
        )
    return found
