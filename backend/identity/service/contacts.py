"""How an account can be reached, opened for sending and for nothing else; never stored, never logged."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from sqlmodel import col, select

from backend.identity.tables import Account
from backend.infra.context import Context


@dataclass(frozen=True, slots=True)
class Contact:
    """The openid in the mini-program and the phone, as far as known."""

    openid: str | None = field(repr=False)
    phone: str | None = field(repr=False)


def contacts_of(ctx: Context, account_ids: Collection[str]) -> dict[str, Contact]:
    """Return the contacts of active accounts, in one query; a disabled or erased account has none."""
    if not account_ids:
        return {}
    rows = ctx.session.exec(
        select(Account.id, Account.openid_sealed, Account.phone_sealed).where(
            col(Account.id).in_(set(account_ids)), Account.state == "active"
        )
    )
    return {
        account_id: Contact(_opened(ctx, openid, "account.openid"), _opened(ctx, phone, "account.phone"))
        for account_id, openid, phone in rows
    }


@dataclass(frozen=True, slots=True)
class Named:
    """Whose account it is, in clear: for a person who may know and whose asking is logged."""

    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)


def name_of(ctx: Context, account_id: str) -> Named:
    """Return the name and phone of an account; of one erased or unknown nothing is left."""
    found = ctx.session.exec(
        select(Account.name_sealed, Account.phone_sealed).where(Account.id == account_id)
    ).first()
    if found is None:
        return Named(None, None)
    return Named(_opened(ctx, found[0], "account.name"), _opened(ctx, found[1], "account.phone"))


def account_of_openid(ctx: Context, openid: str) -> str | None:
    """Return the active resident account of an openid, for WeChat's callbacks."""
    return ctx.session.exec(
        select(Account.id).where(
            col(Account.openid_index).in_(ctx.vault.indexes(openid, "openid")), Account.state == "active"
        )
    ).first()


def _opened(ctx: Context, sealed: str | None, field_name: str) -> str | None:
    return None if sealed is None else ctx.vault.open(sealed, field_name)
