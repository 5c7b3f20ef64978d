"""Statements of identity that more than one action needs."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import bindparam, func, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlmodel import Session, SQLModel, col, select

from backend.identity.tables import Account, Binding, FailedTry, LoginSession, RoleGrant
from backend.infra.columns import UtcDateTime
from backend.infra.database import POSTGRESQL_NOW, SQLITE_NOW


class database_now(FunctionElement[datetime]):
    """``db_now()`` inside a statement, so that checking and acting see one instant."""

    type = UtcDateTime()
    inherit_cache = True


@compiles(database_now, "sqlite")
def _sqlite_now(_element: database_now, _compiler: SQLCompiler, **_options: Any) -> str:
    return SQLITE_NOW


@compiles(database_now, "postgresql")
def _postgresql_now(_element: database_now, _compiler: SQLCompiler, **_options: Any) -> str:
    return POSTGRESQL_NOW


def insert_or_ignore(session: Session, table: type[SQLModel], values: dict[str, Any]) -> None:
    """Insert a row unless a unique key is taken; the loser of a race waits for the winner and does nothing."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    if is_postgresql:
        session.exec(postgresql.insert(table).values(**values).on_conflict_do_nothing())
    else:
        session.exec(sqlite.insert(table).values(**values).on_conflict_do_nothing())


# What every request asks is built once: building takes as long as asking.
_LIVE_SESSION = (
    select(LoginSession.account_id, Account.kind, database_now().label("now"))
    .join(Account, col(Account.id) == col(LoginSession.account_id))
    .where(
        col(LoginSession.token_hash) == bindparam("token_hash"),
        col(LoginSession.revoked_at).is_(None),
        col(LoginSession.expires_at) > database_now(),
        col(Account.state) == "active",
    )
)
_HOMES = (
    select(Binding)
    .where(
        col(Binding.account_id) == bindparam("account_id"),
        col(Binding.state) == "active",
        col(Binding.effective_at) <= bindparam("now"),
    )
    .order_by(col(Binding.id))
)
_GRANTS = (
    select(RoleGrant)
    .where(
        col(RoleGrant.account_id) == bindparam("account_id"),
        col(RoleGrant.revoked_at).is_(None),
        col(RoleGrant.starts_on) <= bindparam("today"),
        col(RoleGrant.ends_on).is_(None) | (col(RoleGrant.ends_on) >= bindparam("today")),
    )
    .order_by(col(RoleGrant.id))
)


def find_live_session(session: Session, token_hash: bytes) -> tuple[str, str, datetime] | None:
    """Return account id, kind and the present instant of a session that is valid now."""
    return session.exec(_LIVE_SESSION, params={"token_hash": token_hash}).first()


def homes_of(session: Session, account_id: str, now: datetime) -> list[Binding]:
    """Return the bindings of an account that count now."""
    return list(session.exec(_HOMES, params={"account_id": account_id, "now": now}).all())


def grants_of(session: Session, account_id: str, today: date) -> list[RoleGrant]:
    """Return the grants of an account in force on ``today`` (Asia/Shanghai)."""
    return list(session.exec(_GRANTS, params={"account_id": account_id, "today": today}).all())


def end_sessions(session: Session, account_id: str, now: datetime, *, keep: bytes | None = None) -> int:
    """Revoke all running sessions of an account, but for ``keep``; return how many ended."""
    statement = (
        update(LoginSession)
        .where(col(LoginSession.account_id) == account_id, col(LoginSession.revoked_at).is_(None))
        .values(revoked_at=now)
    )
    if keep is not None:
        statement = statement.where(col(LoginSession.token_hash) != keep)
    return int(session.exec(statement).rowcount)


def failures_of(session: Session, keys: tuple[str, ...], since: datetime) -> dict[str, int]:
    """Return key → how many failed tries it has had since then; none: absent."""
    recent = (
        select(FailedTry.key_index, func.count())
        .where(col(FailedTry.key_index).in_(keys), col(FailedTry.at) > since)
        .group_by(col(FailedTry.key_index))
    )
    return dict(session.exec(recent).all())
