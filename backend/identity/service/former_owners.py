"""A dwelling that changed hands: whoever was bound by the former ownership waits for the community."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import update
from sqlmodel import col, select

from backend.identity.rules.relations import OWNING, SOLD, Relation, still_owns
from backend.identity.service.binding_events import tell
from backend.identity.tables import Account, Binding, InviteCode
from backend.infra.context import Context
from backend.registry import queries as registry

_CHUNK = 500


def suspend_former_owners(
    ctx: Context, dwelling_ids: Sequence[str], new_owners: Mapping[str, str] | None = None
) -> int:
    """Take owning bindings that the new owner of record does not explain out of force; return how many.

    ``new_owners``: dwelling → owner where a roll says otherwise than the registry. Unused owners' letters for the
    dwellings stop working; votes already cast stand (domain §3). Called inside the change's own transaction.
    """
    suspended = 0
    for start in range(0, len(dwelling_ids), _CHUNK):
        chunk = dwelling_ids[start : start + _CHUNK]
        owners = {**registry.owners_of_dwellings(ctx.session, chunk), **(new_owners or {})}
        phones = registry.phones_of_owners(ctx.session, set(owners.values()))
        rows = _owning(ctx, chunk)
        others = _other_owners(ctx, {row.account_id for row, _ in rows}, set(chunk))
        for row, phone in rows:
            owner = owners[row.dwelling_id]
            named = phones.get(owner, {})
            recorded = next((named[index] for index in _indexes(ctx, phone) if index in named), None)
            if still_owns(Relation(row.relation), recorded, holds_another=owner in others[row.account_id]):
                continue
            suspended += _suspend(ctx, row)
        _revoke_letters(ctx, chunk)
    return suspended


def _owning(ctx: Context, dwelling_ids: Sequence[str]) -> list[tuple[Binding, str | None]]:
    found = (
        select(Binding, Account.phone_sealed)
        .join(Account, col(Account.id) == col(Binding.account_id))
        .where(
            col(Binding.dwelling_id).in_(dwelling_ids),
            col(Binding.state) == "active",
            col(Binding.relation).in_(OWNING),
        )
        .order_by(col(Binding.id))
    )
    return list(ctx.session.exec(found).all())


def _indexes(ctx: Context, sealed: str | None) -> tuple[str, ...]:
    """Return the number's blind index under every key in use, nothing for an account without one."""
    return ctx.vault.indexes(ctx.vault.open(sealed, "account.phone"), "phone") if sealed else ()


def _other_owners(ctx: Context, account_ids: set[str], without: set[str]) -> dict[str, set[str]]:
    """Return account → the owners of record of the other dwellings it is bound to by an owning relation."""
    found = select(Binding.account_id, Binding.dwelling_id).where(
        col(Binding.account_id).in_(account_ids),
        col(Binding.dwelling_id).not_in(without),
        col(Binding.state) == "active",
        col(Binding.relation).in_(OWNING),
    )
    held = list(ctx.session.exec(found).all()) if account_ids else []
    owners = registry.owners_of_dwellings(ctx.session, {dwelling for _, dwelling in held})
    by_account: dict[str, set[str]] = {account: set() for account in account_ids}
    for account, dwelling in held:
        by_account[account].add(owners[dwelling])
    return by_account


def _suspend(ctx: Context, row: Binding) -> bool:
    held = {"state": "pending", "effective_at": None, "reason": SOLD, "decided_by": None}
    moved = update(Binding).where(col(Binding.id) == row.id, col(Binding.state) == "active")
    if ctx.session.exec(moved.values(**held)).rowcount == 0:
        return False
    ctx.session.refresh(row)
    tell(ctx, "binding.owner_changed", row)
    return True


def _revoke_letters(ctx: Context, dwelling_ids: Sequence[str]) -> None:
    unused = update(InviteCode).where(
        col(InviteCode.dwelling_id).in_(dwelling_ids),
        col(InviteCode.relation).in_(OWNING),
        col(InviteCode.used_at).is_(None),
        col(InviteCode.revoked_at).is_(None),
    )
    ctx.session.exec(unused.values(revoked_at=ctx.clock.now()))
