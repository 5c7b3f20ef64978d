"""Who may be reached at a dwelling, by blind phone index only."""

from __future__ import annotations

from collections.abc import Collection

from sqlmodel import Session, col, select

from backend.registry.tables import Dwelling, Owner, OwnerMember, Tenant

# A managing agent's number can stand at hundreds of doors; nobody is bound to so many by a phone.
MATCH_LIMIT = 200
_TENANT_RELATIONS = {"family": "family", "tenant": "tenant", "public": "public_tenant"}


def _owner_relation(kind: str, is_representative: bool) -> str:
    if kind == "person":
        return "owner"
    if kind == "co_owners" and not is_representative:
        return "co_owner"
    return "representative"


def find_dwellings_by_phone(session: Session, phone_indexes: Collection[str]) -> list[tuple[str, str]]:
    """Return (dwelling id, relation) of every active dwelling known with a phone, owners first.

    ``phone_indexes``: the phone's blind index under every key in use.
    """
    owned = session.exec(
        select(Dwelling.id, Owner.kind, OwnerMember.is_representative)
        .join(Owner, col(Owner.id) == col(Dwelling.owner_id))
        .join(OwnerMember, col(OwnerMember.owner_id) == col(Owner.id))
        .where(col(OwnerMember.phone_index).in_(phone_indexes), Dwelling.state == "active")
        .order_by(Dwelling.id, OwnerMember.id)
        .limit(MATCH_LIMIT)
    ).all()
    rented = session.exec(
        select(Dwelling.id, Tenant.kind)
        .join(Tenant, col(Tenant.dwelling_id) == col(Dwelling.id))
        .where(col(Tenant.phone_index).in_(phone_indexes), Dwelling.state == "active")
        .order_by(Dwelling.id, Tenant.id)
        .limit(MATCH_LIMIT)
    ).all()
    return [
        *((dwelling, _owner_relation(kind, chosen)) for dwelling, kind, chosen in owned),
        *((dwelling, _TENANT_RELATIONS[kind]) for dwelling, kind in rented),
    ]


def owners_of_dwellings(session: Session, dwelling_ids: Collection[str]) -> dict[str, str]:
    """Return dwelling id → owner id of record, in one query."""
    if not dwelling_ids:
        return {}
    chosen = select(Dwelling.id, Dwelling.owner_id).where(col(Dwelling.id).in_(set(dwelling_ids)))
    return dict(session.exec(chosen).all())


def phones_of_owners(session: Session, owner_ids: Collection[str]) -> dict[str, dict[str, str]]:
    """Return owner id → blind phone index → relation (as bindings name it), in one query.

    Of members who share a number the representative counts.
    """
    found: dict[str, dict[str, str]] = {}
    if not owner_ids:
        return found
    chosen = (
        select(Owner.id, OwnerMember.phone_index, Owner.kind, OwnerMember.is_representative)
        .join(OwnerMember, col(OwnerMember.owner_id) == col(Owner.id))
        .where(col(Owner.id).in_(set(owner_ids)), col(OwnerMember.phone_index).is_not(None))
        .order_by(col(OwnerMember.is_representative))
    )
    for owner_id, phone, kind, chosen_one in session.exec(chosen):
        found.setdefault(owner_id, {})[str(phone)] = _owner_relation(kind, chosen_one)
    return found
