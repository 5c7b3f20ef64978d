"""What other capabilities may ask of identity."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import Subquery
from sqlmodel import Session, col, select

from backend.identity.repository import database_now, grants_of
from backend.identity.rules.relations import SOLD
from backend.identity.tables import Account, ApiKey, Binding, RoleGrant
from backend.infra.crypto import Vault
from backend.infra.database import db_now
from backend.kernel.clock import local_date


@dataclass(frozen=True, slots=True)
class Member:
    """An account bound to a dwelling, and since when that counts."""

    account_id: str
    dwelling_id: str
    relation: str
    effective_at: datetime


def active_binding() -> Subquery:
    """Return the bindings that count at the database's present instant, for joining.

    Columns: ``binding_id, account_id, dwelling_id, estate_id, building_id, relation, effective_at``.
    """
    in_force: Any = sqlalchemy.select(
        col(Binding.id).label("binding_id"),
        col(Binding.account_id),
        col(Binding.dwelling_id),
        col(Binding.estate_id),
        col(Binding.building_id),
        col(Binding.relation),
        col(Binding.effective_at),
    ).where(col(Binding.state) == "active", col(Binding.effective_at) <= database_now())
    published: Subquery = in_force.subquery("active_binding")
    return published


def members_of_dwelling(session: Session, dwelling_id: str) -> list[Member]:
    """Return everybody bound to the dwelling now, waiting ones not included."""
    return members_of_dwellings(session, (dwelling_id,))


def members_of_dwellings(session: Session, dwelling_ids: tuple[str, ...]) -> list[Member]:
    """Return everybody bound to any of the dwellings now, in one query."""
    active = active_binding()
    columns = (active.c.account_id, active.c.dwelling_id, active.c.relation, active.c.effective_at)
    rows = session.exec(
        select(*columns).where(active.c.dwelling_id.in_(dwelling_ids)).order_by(active.c.binding_id)
    )
    return [Member(*row) for row in rows.all()]


def estate_of_binding(session: Session, binding_id: str) -> tuple[str, str, str] | None:
    """Return ``(estate_id, dwelling_id, account_id)`` of a binding, or None."""
    found = session.exec(
        select(Binding.estate_id, Binding.dwelling_id, Binding.account_id).where(Binding.id == binding_id)
    ).first()
    return None if found is None else (found[0], found[1], found[2])


def homes_of_bindings(session: Session, binding_ids: Collection[str]) -> dict[str, tuple[str, str, str]]:
    """Return binding id → (account id, estate id, building id), whatever the binding's state."""
    if not binding_ids:
        return {}
    chosen = select(Binding.id, Binding.account_id, Binding.estate_id, Binding.building_id)
    rows = session.exec(chosen.where(col(Binding.id).in_(set(binding_ids))))
    return {key: (account, estate, building) for key, account, estate, building in rows}


def waiting_after_sale(session: Session, estate_id: str) -> set[str]:
    """Return the dwellings with a binding that waits because the owner of record changed."""
    waiting = select(Binding.dwelling_id).where(
        Binding.estate_id == estate_id, Binding.state == "pending", Binding.reason == SOLD
    )
    return set(session.exec(waiting))


def staff_names(session: Session, vault: Vault, account_ids: Collection[str]) -> dict[str, str]:
    """Return account id → name of those that are staff accounts in use, in one query."""
    if not account_ids:
        return {}
    rows = session.exec(
        select(Account.id, Account.name_sealed).where(
            col(Account.id).in_(set(account_ids)), Account.kind == "staff", Account.state == "active"
        )
    )
    return {key: vault.open(sealed, "account.name") if sealed else "" for key, sealed in rows}


def api_key_name(session: Session, key_id: str) -> str | None:
    """Return what staff call the outside system behind a key, also one that has ended."""
    return session.exec(select(ApiKey.name).where(ApiKey.id == key_id)).first()


def staff_of_area(session: Session, account_id: str, organisation_path: str) -> bool:
    """Tell whether this is an active staff account with a role in, above or below the organisation today."""
    kind = session.exec(
        select(Account.kind).where(Account.id == account_id, Account.state == "active")
    ).first()
    if kind != "staff":
        return False
    rows: list[RoleGrant] = list(grants_of(session, account_id, local_date(db_now(session))))
    return any(
        row.organisation_path.startswith(organisation_path)
        or organisation_path.startswith(row.organisation_path)
        for row in rows
    )


def holders_at(
    session: Session, roles: Collection[str], organisation_ids: Collection[str]
) -> dict[str, set[str]]:
    """Return organisation id → the accounts in use that hold one of the roles over all of it today, in one query."""
    if not organisation_ids:
        return {}
    today = local_date(db_now(session))
    rows = session.exec(
        select(RoleGrant.organisation_id, RoleGrant.account_id)
        .join(Account, col(Account.id) == col(RoleGrant.account_id))
        .where(
            col(RoleGrant.organisation_id).in_(set(organisation_ids)),
            col(RoleGrant.role).in_(set(roles)),
            col(RoleGrant.estate_id).is_(None),
            col(RoleGrant.revoked_at).is_(None),
            col(RoleGrant.starts_on) <= today,
            col(RoleGrant.ends_on).is_(None) | (col(RoleGrant.ends_on) >= today),
            Account.state == "active",
        )
    )
    found: dict[str, set[str]] = {}
    for organisation_id, account_id in rows:
        found.setdefault(organisation_id, set()).add(account_id)
    return found
