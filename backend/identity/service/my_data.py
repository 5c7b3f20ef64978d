"""One's own data: everything held, handed out; and everything that may be forgotten, forgotten."""

from __future__ import annotations

from typing import Any

from sqlalchemy import update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.hooks import registered
from backend.identity.service import binding_lists
from backend.identity.service.accounts import own_account
from backend.identity.service.binding_events import tell
from backend.identity.service.chat_codes import forget_chat
from backend.identity.tables import Account, Binding, ConsentRecord, InviteCode, LoginSession
from backend.infra.context import Context
from backend.kernel.clock import iso
from backend.kernel.errors import Conflict
from backend.kernel.events import Event
from backend.ledger import service as ledger

_FIELDS = {"openid": "openid_sealed", "name": "name_sealed", "phone": "phone_sealed"}


def export_my_data(ctx: Context) -> dict[str, Any]:
    """Return all that is held about the caller, in clear, as JSON values (个保法 45)."""
    account = own_account(ctx)
    fields = {name: getattr(account, column) for name, column in _FIELDS.items()}
    opened = {
        name: ctx.vault.open(sealed, f"account.{name}") if sealed else None for name, sealed in fields.items()
    }
    return {
        "account": {"id": account.id, "created_at": iso(account.created_at), **opened},
        "sessions": _sessions(ctx, account.id),
        "consents": _consents(ctx, account.id),
        "bindings": [_binding(view) for view in binding_lists.my_bindings(ctx)],
        "invites_used": _invites(ctx, account.id),
        **{name: section(ctx, account.id) for name, section in sorted(registered.export_sections.items())},
    }


def _sessions(ctx: Context, account_id: str) -> list[dict[str, Any]]:
    rows = ctx.session.exec(
        select(LoginSession)
        .where(LoginSession.account_id == account_id)
        .order_by(col(LoginSession.created_at).desc())
        .limit(1000)
    )
    return [
        {
            "device": row.device,
            "created_at": iso(row.created_at),
            "expires_at": iso(row.expires_at),
            "revoked_at": iso(row.revoked_at) if row.revoked_at else None,
        }
        for row in rows
    ]


def _consents(ctx: Context, account_id: str) -> list[dict[str, Any]]:
    rows = ctx.session.exec(
        select(ConsentRecord)
        .where(ConsentRecord.account_id == account_id)
        .order_by(col(ConsentRecord.at))
        .limit(1000)
    )
    return [
        {
            "purpose": row.purpose,
            "notice_version": row.notice_version,
            "is_given": row.is_given,
            "at": iso(row.at),
        }
        for row in rows
    ]


def _binding(view: binding_lists.BindingView) -> dict[str, Any]:
    return {
        "dwelling": view.dwelling,
        "relation": view.relation,
        "via": view.via,
        "state": view.state,
        "requested_at": iso(view.requested_at),
        "effective_at": iso(view.effective_at) if view.effective_at else None,
        "ended_at": iso(view.ended_at) if view.ended_at else None,
        "reason": view.reason,
    }


def _invites(ctx: Context, account_id: str) -> list[dict[str, Any]]:
    rows = ctx.session.exec(select(InviteCode).where(InviteCode.used_by == account_id).limit(500))
    return [{"relation": row.relation, "used_at": iso(row.used_at) if row.used_at else None} for row in rows]


def erase_me(ctx: Context) -> None:
    """Forget who the caller is; ballots stay, under an account that nobody can be found behind (个保法 47)."""
    account = own_account(ctx)
    now = ctx.clock.now()
    for row in ctx.session.exec(
        select(Binding).where(Binding.account_id == account.id, col(Binding.state).in_(("pending", "active")))
    ).all():
        row.state, row.ended_at, row.reason = "ended", now, "erased"
        ctx.session.add(row)
        tell(ctx, "binding.ended", row)
    for eraser in registered.erasers:
        eraser(ctx, account.id)
    forget_chat(ctx, account.id)
    _forget(ctx, account.id)
    repository.end_sessions(ctx.session, account.id, now)
    ledger.append(ctx, Event("account.erased", None, "account", account.id))


def _forget(ctx: Context, account_id: str) -> None:
    nothing = {
        "openid_index": None,
        "openid_sealed": None,
        "name_sealed": None,
        "phone_sealed": None,
        "phone_index": None,
    }
    erased = update(Account).where(col(Account.id) == account_id, col(Account.state) == "active")
    if ctx.session.exec(erased.values(state="erased", **nothing)).rowcount == 0:
        raise Conflict("already_erased", "账号已经注销。")
    bare = update(Binding).where(col(Binding.account_id) == account_id, col(Binding.photos) > 0)
    ctx.session.exec(bare.values(photos=0))  # the photos themselves: who keeps them is among the erasers
    devices = update(LoginSession).where(col(LoginSession.account_id) == account_id)
    ctx.session.exec(devices.values(device=""))
