"""Linking a chat to an account: by a code that the account's owner sees, or by WeChat's id across apps."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import delete, or_, update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.errors import WrongChatCode
from backend.identity.hooks import registered
from backend.identity.rules.chat_codes import new_chat_code
from backend.identity.service.failures import keys_of, own_tries, refuse_if_locked
from backend.identity.tables import Account, AccountUnion, ChatCode
from backend.infra.context import Context
from backend.kernel.errors import Unauthenticated
from backend.kernel.events import Event
from backend.ledger import service as ledger


@dataclass(frozen=True, slots=True)
class IssuedChatCode:
    """A code to be typed in the chat; shown once."""

    code: str = field(repr=False)
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Owner:
    """The active account behind a code or id; ``kind`` resident | staff."""

    account_id: str
    kind: str


def issue_chat_code(ctx: Context) -> IssuedChatCode:
    """Give the caller a new code; an earlier one ends."""
    account_id = ctx.actor.account_id
    if account_id is None:
        raise Unauthenticated
    now = ctx.clock.now()
    expires_at = now + registered.parameters.chat_code_validity
    ended = (col(ChatCode.account_id) == account_id) | (col(ChatCode.expires_at) <= now)
    ctx.session.exec(delete(ChatCode).where(ended))
    code = _unused_code(ctx)
    index = ctx.vault.index(code, "chat_code")
    ctx.session.add(ChatCode(account_id=account_id, code_index=index, issued_at=now, expires_at=expires_at))
    ctx.session.flush()
    if ctx.actor.kind == "staff":
        ledger.append(ctx, Event("staff.chat_code_issued", None, "account", account_id))
    return IssuedChatCode(code, expires_at)


def _unused_code(ctx: Context) -> str:
    while True:
        code = new_chat_code()
        indexes = ctx.vault.indexes(code, "chat_code")
        taken = select(ChatCode.account_id).where(col(ChatCode.code_index).in_(indexes))
        if ctx.session.exec(taken).first() is None:
            return code


def redeem_chat_code(ctx: Context, code: str, who: str) -> Owner:
    """Return whose code this is and let nobody else use it; ``who`` is the chat partner's blind index.

    Raises TooMany after five wrong codes in ten minutes, WrongChatCode (which the caller has counted).
    """
    limits = own_tries(ctx.vault, "chat", who)
    refuse_if_locked(ctx, limits)
    taken = (
        update(ChatCode)
        .where(
            col(ChatCode.code_index).in_(ctx.vault.indexes(code, "chat_code")),
            col(ChatCode.expires_at) > ctx.clock.now(),
            or_(col(ChatCode.used_by).is_(None), col(ChatCode.used_by) == who),
        )
        .values(used_by=who)
        .returning(col(ChatCode.account_id))
    )
    account_id = ctx.session.exec(taken).scalar_one_or_none()
    owner = None if account_id is None else _active(ctx, account_id)
    if owner is None:
        raise WrongChatCode(keys_of(limits))
    return owner


def _active(ctx: Context, account_id: str) -> Owner | None:
    chosen = select(Account.id, Account.kind).where(Account.id == account_id, Account.state == "active")
    found = ctx.session.exec(chosen).first()
    return None if found is None else Owner(*found)


def keep_unionid(ctx: Context, account_id: str, unionid: str) -> None:
    """Keep an account's id across apps as a blind index; whoever had it before has it no more."""
    indexes = ctx.vault.indexes(unionid, "unionid")
    index = indexes[0]
    known = select(AccountUnion.unionid_index).where(AccountUnion.account_id == account_id)
    if ctx.session.exec(known).first() == index:
        return
    former = (col(AccountUnion.account_id) == account_id) | col(AccountUnion.unionid_index).in_(indexes)
    ctx.session.exec(delete(AccountUnion).where(former))
    values = {"account_id": account_id, "unionid_index": index}
    repository.insert_or_ignore(ctx.session, AccountUnion, values)


def account_of_unionid(ctx: Context, unionid: str) -> str | None:
    """Return the active resident account of an id across apps."""
    chosen = (
        select(AccountUnion.account_id)
        .join(Account, col(Account.id) == col(AccountUnion.account_id))
        .where(
            col(AccountUnion.unionid_index).in_(ctx.vault.indexes(unionid, "unionid")),
            Account.state == "active",
        )
    )
    return ctx.session.exec(chosen).first()


def forget_chat(ctx: Context, account_id: str) -> None:
    """Forget an account's code and id across apps."""
    for table in (ChatCode, AccountUnion):
        ctx.session.exec(delete(table).where(col(table.account_id) == account_id))
