"""Sessions: opening one, listing one's own, ending them at once."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

from sqlalchemy import func, update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.tables import LoginSession
from backend.infra.context import Context
from backend.kernel.errors import NotFound, Unauthenticated
from backend.kernel.ids import new_id

_LISTED = 50


@dataclass(frozen=True, slots=True)
class OpenedSession:
    """A new session; ``token`` is shown to its owner once and stored nowhere."""

    token: str
    expires_at: datetime
    account_id: str


@dataclass(frozen=True, slots=True)
class SessionView:
    """A running session as its owner sees it."""

    id: str
    device: str
    created_at: datetime
    expires_at: datetime
    is_current: bool


def open_for(ctx: Context, account_id: str, device: str, lifetime: timedelta) -> OpenedSession:
    """Open a session for an account whose identity the caller has established."""
    token = secrets.token_urlsafe(32)
    now = ctx.clock.now()
    row = LoginSession(
        token_hash=sha256(token.encode()).digest(),
        account_id=account_id,
        public_id=new_id(),
        device=device,
        created_at=now,
        expires_at=now + lifetime,
    )
    ctx.session.add(row)
    ctx.session.flush()
    return OpenedSession(token, row.expires_at, account_id)


def log_out(ctx: Context) -> None:
    """End the session this request came with."""
    ended = (
        update(LoginSession)
        .where(col(LoginSession.token_hash) == ctx.actor.session_hash, col(LoginSession.revoked_at).is_(None))
        .values(revoked_at=ctx.clock.now())
    )
    ctx.session.exec(ended)


def log_out_everywhere(ctx: Context) -> int:
    """End all of one's own sessions, this one too (a lost phone); return how many."""
    return repository.end_sessions(ctx.session, _own_account(ctx), ctx.clock.now())


def list_sessions(ctx: Context) -> list[SessionView]:
    """Return one's own running sessions, newest first, at most fifty."""
    running = (
        select(LoginSession)
        .where(
            LoginSession.account_id == _own_account(ctx),
            col(LoginSession.revoked_at).is_(None),
            col(LoginSession.expires_at) > ctx.clock.now(),
        )
        .order_by(col(LoginSession.created_at).desc())
        .limit(_LISTED)
    )
    return [_view(row, ctx.actor.session_hash) for row in ctx.session.exec(running)]


def end_session(ctx: Context, public_id: str) -> None:
    """End one of one's own sessions; ending it twice is harmless. Raises NotFound for anybody else's."""
    mine = (
        update(LoginSession)
        .where(col(LoginSession.public_id) == public_id, col(LoginSession.account_id) == _own_account(ctx))
        .values(revoked_at=func.coalesce(col(LoginSession.revoked_at), ctx.clock.now()))
    )
    if ctx.session.exec(mine).rowcount == 0:
        raise NotFound


def _own_account(ctx: Context) -> str:
    if ctx.actor.account_id is None:
        raise Unauthenticated
    return ctx.actor.account_id


def _view(row: LoginSession, current: bytes | None) -> SessionView:
    return SessionView(row.public_id, row.device, row.created_at, row.expires_at, row.token_hash == current)
