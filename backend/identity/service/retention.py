"""The retention job: what has served its purpose goes, in bounded batches."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, update
from sqlmodel import SQLModel, col, select

from backend.identity.hooks import registered
from backend.identity.tables import Binding, FailedTry, InviteCode, KnownAddress, LoginSession
from backend.infra.context import Context

BATCH = 1000


def run_retention(ctx: Context) -> Mapping[str, int]:
    """Delete one batch of each kind and return how many of each; call again until all are zero."""
    parameters = registered.parameters
    now = ctx.clock.now()
    logs = now - parameters.log_retention
    ended = col(LoginSession.expires_at) < logs
    revoked = col(LoginSession.revoked_at) < logs
    stale = (col(InviteCode.expires_at) < now - parameters.invite_retention) & col(InviteCode.used_at).is_(
        None
    )
    return {
        "sessions": _delete(ctx, LoginSession, col(LoginSession.token_hash), ended | revoked),
        "failed_tries": _delete(ctx, FailedTry, col(FailedTry.id), col(FailedTry.at) < logs),
        "known_addresses": _delete(
            ctx,
            KnownAddress,
            col(KnownAddress.key_index),
            col(KnownAddress.last_at) < now - parameters.known_address,
        ),
        "unused_invites": _delete(ctx, InviteCode, col(InviteCode.id), stale),
        "proof_photos": _drop_proofs(ctx, now - parameters.proof_retention),
    }


def _delete(ctx: Context, table: type[SQLModel], key: Any, condition: Any) -> int:
    batch = select(key).where(condition).limit(BATCH)
    return int(ctx.session.exec(delete(table).where(key.in_(batch))).rowcount)


def _drop_proofs(ctx: Context, before: datetime) -> int:
    """Forget the photos of bindings decided some time ago; killed half way, the next run finds the rest."""
    ids = ctx.session.exec(
        select(Binding.id).where(col(Binding.photos) > 0, _decided(before)).limit(BATCH)
    ).all()
    registered.forget_proofs(ctx, ids)
    ctx.session.exec(update(Binding).where(col(Binding.id).in_(ids)).values(photos=0))
    return len(ids)


def _decided(before: datetime) -> ColumnElement[bool]:
    return (col(Binding.ended_at) < before) | (
        (col(Binding.state) == "active") & (col(Binding.effective_at) < before)
    )
