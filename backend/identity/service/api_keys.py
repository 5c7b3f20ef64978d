"""Keys of outside systems (Open311): made by staff for an organisation, shown once, told from each other, ended."""

from __future__ import annotations

import hmac
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, false, or_, true, update
from sqlmodel import col, select

from backend.identity import errors
from backend.identity.rules import api_keys as rules
from backend.identity.rules.names import clean_name
from backend.identity.tables import ApiKey
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, Scope, permitted_paths, require
from backend.kernel.clock import end_of_day, local_date
from backend.kernel.errors import FieldError, NotFound, Unprocessable
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry import queries as registry


@dataclass(frozen=True, slots=True)
class CreateApiKey:
    """A key for one organisation and everything below it; it ends with the day ``expires_on``."""

    organisation_id: str
    name: str
    expires_on: date
    daily_limit: int = rules.USUAL_A_DAY


@dataclass(frozen=True, slots=True)
class ApiKeyView:
    """A key as lists show it."""

    id: str
    organisation_id: str
    name: str
    hint: str
    daily_limit: int
    created_at: datetime
    expires_at: datetime
    last_used_on: date | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class IssuedApiKey:
    """A new key and its secret, which is kept nowhere and told once."""

    view: ApiKeyView
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Integrator:
    """The outside system behind a valid key, and where it may file."""

    key_id: str
    organisation_id: str
    organisation_path: str
    daily_limit: int


def create_api_key(ctx: Context, command: CreateApiKey) -> IssuedApiKey:
    """Make a key; only its blind index is stored."""
    scope = registry.scope_of_organisation(ctx.session, command.organisation_id)
    require(ctx.actor, Permission.API_KEY_WRITE, scope)
    now = ctx.clock.now()
    name = clean_name(command.name)
    if name is None:
        raise _wrong("name", "请填写接入方的名称。")
    if not rules.is_expiry_possible(command.expires_on, local_date(now)):
        raise _wrong("expires_on", f"到期日应在明天至 {rules.MOST_DAYS} 天之间。")
    if not 1 <= command.daily_limit <= rules.MOST_A_DAY:
        raise _wrong("daily_limit", f"每日上限应为 1 至 {rules.MOST_A_DAY}。")
    secret = rules.new_key()
    row = ApiKey(
        id=new_id(),
        key_index=_index(ctx, secret),
        hint=rules.hint_of(secret),
        organisation_id=command.organisation_id,
        organisation_path=scope.organisation_path,
        name=name,
        daily_limit=command.daily_limit,
        created_by=ctx.actor.account_id or ctx.actor.kind,
        created_at=now,
        expires_at=end_of_day(command.expires_on),
    )
    ctx.session.add(row)
    ctx.session.flush()
    _tell(ctx, "api_key.created", row, {"expires_on": command.expires_on.isoformat()})
    return IssuedApiKey(_view(row), secret)


def list_api_keys(
    ctx: Context, organisation_id: str | None, limit: int, before: Position | None = None
) -> list[ApiKeyView]:
    """Return the keys of the caller's area, or of one organisation and below it, newest first."""
    condition: ColumnElement[bool] = true()
    if organisation_id is not None:
        scope = registry.scope_of_organisation(ctx.session, organisation_id)
        require(ctx.actor, Permission.API_KEY_WRITE, scope)
        condition = _within((scope,))
    elif ctx.actor.kind != "system":
        condition = _within(permitted_paths(ctx.actor, Permission.API_KEY_WRITE))
    at, key = col(ApiKey.created_at), col(ApiKey.id)
    if before is not None:
        condition = and_(condition, or_(at < before[0], and_(at == before[0], key < before[1])))
    rows = ctx.session.exec(select(ApiKey).where(condition).order_by(at.desc(), key.desc()).limit(limit))
    return [_view(row) for row in rows]


def revoke_api_key(ctx: Context, key_id: str) -> None:
    """End a key at once; ended already is as good."""
    row = ctx.session.exec(select(ApiKey).where(ApiKey.id == key_id)).first()
    if row is None:
        raise NotFound
    require(ctx.actor, Permission.API_KEY_WRITE, Scope(row.organisation_path))
    standing = update(ApiKey).where(col(ApiKey.id) == key_id, col(ApiKey.revoked_at).is_(None))
    values = {"revoked_at": ctx.clock.now(), "revoked_by": ctx.actor.account_id or ctx.actor.kind}
    if ctx.session.exec(standing.values(**values)).rowcount:
        _tell(ctx, "api_key.revoked", row, {})


def recognise_key(ctx: Context, secret: str) -> Integrator:
    """Return who is behind a key; raises WrongKey, the same for a missing, unknown, revoked and expired one."""
    return _integrator(_valid(ctx, secret, is_held=False))


def use_key(ctx: Context, secret: str) -> Integrator:
    """Return who is behind a key, and let nobody else use it until the transaction ends.

    So two calls at once with the same content see each other. SQLite has one writer and needs no lock.
    """
    row = _valid(ctx, secret, is_held=True)
    today = local_date(ctx.clock.now())
    used = {"last_used_on": today, "key_index": _index(ctx, secret)}  # a key in use follows the index key
    stale = or_(*(col(getattr(ApiKey, name)).is_distinct_from(value) for name, value in used.items()))
    unused = update(ApiKey).where(col(ApiKey.id) == row.id, stale)
    ctx.session.exec(unused.values(**used).execution_options(synchronize_session=False))
    return _integrator(row)


def _valid(ctx: Context, secret: str, *, is_held: bool) -> ApiKey:
    if not rules.could_be_key(secret):
        raise errors.WrongKey
    indexes = ctx.vault.indexes(secret, "api_key")
    wanted = (
        select(ApiKey).where(col(ApiKey.key_index).in_(indexes)).execution_options(populate_existing=True)
    )
    row = ctx.session.exec(wanted.with_for_update() if is_held else wanted).first()
    # The index is keyed: what the database compares, letter by letter, tells a guesser nothing.
    if row is None or not any(hmac.compare_digest(row.key_index, index) for index in indexes):
        raise errors.WrongKey
    if row.revoked_at is not None or ctx.clock.now() >= row.expires_at:
        raise errors.WrongKey
    return row


def _index(ctx: Context, secret: str) -> str:
    return ctx.vault.index(secret, "api_key")


def _within(scopes: tuple[Scope, ...]) -> ColumnElement[bool]:
    # Paths are made of our own ids and slashes: no wildcard can hide in them.
    path = col(ApiKey.organisation_path)
    return or_(false(), *(path.startswith(scope.organisation_path) for scope in scopes))


def _integrator(row: ApiKey) -> Integrator:
    return Integrator(row.id, row.organisation_id, row.organisation_path, row.daily_limit)


def _view(row: ApiKey) -> ApiKeyView:
    return ApiKeyView(**{name: getattr(row, name) for name in ApiKeyView.__dataclass_fields__})


def _tell(ctx: Context, event_type: str, row: ApiKey, payload: dict[str, Any]) -> None:
    ledger.append(ctx, Event(event_type, row.organisation_id, "api_key", row.id, payload))


def _wrong(where: str, message: str) -> Unprocessable:
    return Unprocessable("unacceptable", "内容不能采用，请按提示修改后重试。", (FieldError(where, message),))
