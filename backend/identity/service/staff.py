"""Staff accounts and their roles: who is here, with what, until when."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from sqlalchemy import exists, or_, update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.errors import AlreadyDecided
from backend.identity.rules.grants import may_grant
from backend.identity.rules.names import clean_name
from backend.identity.service.binding_events import organisation_of
from backend.identity.service.staff_login import hash_password, normalise_username
from backend.identity.tables import Account, RoleGrant
from backend.infra.context import Context
from backend.kernel.access import Permission, Role, Scope, permitted_paths, require
from backend.kernel.clock import local_date
from backend.kernel.errors import Conflict, Forbidden, Invalid, NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry import queries as registry

PAGE = 50


@dataclass(frozen=True, slots=True)
class GrantRole:
    """A role over a subtree with its dates (Asia/Shanghai days, both included)."""

    role: Role
    organisation_id: str
    estate_id: str | None = None
    building_id: str | None = None
    entrance_id: str | None = None
    starts_on: date | None = None
    ends_on: date | None = None


@dataclass(frozen=True, slots=True)
class CreateStaff:
    """A new staff member with a first role: an account without one would be in nobody's care."""

    username: str
    name: str
    password: str = field(repr=False)
    grant: GrantRole


@dataclass(frozen=True, slots=True)
class GrantView:
    """A role as the list shows it."""

    id: str
    role: str
    organisation_id: str
    estate_id: str | None
    building_id: str | None
    entrance_id: str | None
    starts_on: date
    ends_on: date | None
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class StaffView:
    """A staff account; grants outside the reader's care are left out."""

    id: str
    username: str
    name: str
    state: str
    has_totp: bool
    grants: tuple[GrantView, ...]


def create_staff(ctx: Context, command: CreateStaff) -> StaffView:
    """Create an account with a password and a first role; raises Conflict when the username is taken."""
    scope = _scope_of(ctx, command.grant)
    _require_may_grant(ctx, command.grant.role, scope)
    username = normalise_username(command.username)
    name = clean_name(command.name)
    if name is None:
        raise Invalid("name", "请填写真实姓名。")
    account = Account(
        id=new_id(),
        kind="staff",
        username=username,
        name_sealed=ctx.vault.seal(name, "account.name"),
        password_hash=hash_password(command.password, username),
        created_at=ctx.clock.now(),
    )
    values = {key: value for key, value in account.model_dump().items() if value is not None}
    repository.insert_or_ignore(ctx.session, Account, values)
    stored = ctx.session.exec(select(Account).where(Account.username == username)).one()
    if stored.id != account.id:
        raise Conflict("username_taken", "这个用户名已有人使用，请换一个。")
    _tell(ctx, "staff.created", stored.id, scope, {})
    _add_grant(ctx, stored.id, command.grant, scope)
    return _view(ctx, stored, _grants(ctx, [stored.id]))


def grant_role(ctx: Context, account_id: str, command: GrantRole) -> GrantView:
    """Give a role; nobody gives one to themselves, above their own, or outside their subtree."""
    scope = _scope_of(ctx, command)
    _require_may_grant(ctx, command.role, scope)
    if account_id == ctx.actor.account_id:
        raise Forbidden("self_grant", "不能给自己授权，请由上级授权。")
    _cared_for(ctx, account_id)
    return _grant_view(_add_grant(ctx, account_id, command, scope))


def _scope_of(ctx: Context, command: GrantRole) -> Scope:
    """Check that the named places lie inside one another; an estate's organisation may be an ancestor."""
    place = registry.scope_of_organisation(ctx.session, command.organisation_id)
    if command.estate_id is None:
        if command.building_id or command.entrance_id:
            raise Invalid("scope", "限定楼栋或单元时，请同时指明小区。")
        return place
    estate = registry.scope_of_estate(ctx.session, command.estate_id)
    if not estate.organisation_path.startswith(place.organisation_path):
        raise NotFound
    if not registry.is_place_in_estate(
        ctx.session, command.estate_id, command.building_id, command.entrance_id
    ):
        raise NotFound
    return Scope(place.organisation_path, command.estate_id, command.building_id, command.entrance_id)


def _require_may_grant(ctx: Context, role: Role, scope: Scope) -> None:
    require(ctx.actor, Permission.STAFF_WRITE, scope)
    if ctx.actor.kind != "system" and not may_grant(ctx.actor.grants, role, scope):
        raise Forbidden("role_above_own", "您不能授予或收回这个角色。")


def _add_grant(ctx: Context, account_id: str, command: GrantRole, scope: Scope) -> RoleGrant:
    starts_on = command.starts_on or local_date(ctx.clock.now())
    if command.ends_on is not None and command.ends_on < starts_on:
        raise Invalid("dates", "结束日期不能早于开始日期。")
    row = RoleGrant(
        id=new_id(),
        account_id=account_id,
        role=command.role,
        organisation_id=command.organisation_id,
        organisation_path=scope.organisation_path,
        estate_id=command.estate_id,
        building_id=command.building_id,
        entrance_id=command.entrance_id,
        starts_on=starts_on,
        ends_on=command.ends_on,
        granted_by=ctx.actor.account_id or ctx.actor.kind,
        granted_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()
    _tell(ctx, "role.granted", account_id, scope, {"role": command.role.value, "grant_id": row.id})
    return row


def revoke_grant(ctx: Context, grant_id: str) -> None:
    """Take a role away at once; raises NotFound outside one's care, AlreadyDecided when it is gone."""
    row = ctx.session.exec(select(RoleGrant).where(RoleGrant.id == grant_id)).first()
    if row is None:
        raise NotFound
    scope = Scope(row.organisation_path, row.estate_id, row.building_id, row.entrance_id)
    _require_may_grant(ctx, Role(row.role), scope)
    standing = update(RoleGrant).where(col(RoleGrant.id) == grant_id, col(RoleGrant.revoked_at).is_(None))
    if ctx.session.exec(standing.values(revoked_at=ctx.clock.now())).rowcount == 0:
        raise AlreadyDecided
    _tell(ctx, "role.revoked", row.account_id, scope, {"role": row.role, "grant_id": row.id})


def disable_staff(ctx: Context, account_id: str) -> None:
    """Close an account and end its sessions at once; one must be able to take every role it still holds."""
    if account_id == ctx.actor.account_id:
        raise Forbidden("self_disable", "不能停用自己的账号。")
    account = _cared_for(ctx, account_id)
    now = ctx.clock.now()
    _require_may_take_all(ctx, account_id, now)
    active = update(Account).where(col(Account.id) == account.id, col(Account.state) == "active")
    if ctx.session.exec(active.values(state="disabled")).rowcount:
        _tell(ctx, "staff.disabled", account_id, None, {})
    repository.end_sessions(ctx.session, account_id, now)


def end_staff_sessions(ctx: Context, account_id: str) -> int:
    """Log a staff member out everywhere (a lost phone or laptop); return how many sessions ended.

    As for closing the account: else whoever is audited could log the auditor out as often as they come.
    """
    account = _cared_for(ctx, account_id)
    _require_may_take_all(ctx, account_id, ctx.clock.now())
    _tell(ctx, "staff.sessions_ended", account.id, None, {})
    return repository.end_sessions(ctx.session, account.id, ctx.clock.now())


def _require_may_take_all(ctx: Context, account_id: str, now: datetime) -> None:
    """Refuse unless the caller could take away every role that the account still holds."""
    for row in repository.grants_of(ctx.session, account_id, local_date(now)):
        scope = Scope(row.organisation_path, row.estate_id, row.building_id, row.entrance_id)
        _require_may_grant(ctx, Role(row.role), scope)


def _cared_for(ctx: Context, account_id: str) -> Account:
    """Return a staff account that has (or had) a role within the reach of one's STAFF_WRITE."""
    account = ctx.session.exec(
        select(Account).where(Account.id == account_id, _in_care(ctx, Permission.STAFF_WRITE))
    ).first()
    if account is None:
        raise NotFound
    return account


def _in_care(ctx: Context, permission: Permission) -> Any:
    is_staff = col(Account.kind) == "staff"
    if ctx.actor.kind == "system":
        return is_staff
    return is_staff & exists().where(
        col(RoleGrant.account_id) == col(Account.id), _within(permitted_paths(ctx.actor, permission))
    )


def _within(scopes: tuple[Scope, ...]) -> Any:
    # Paths are made of our own ids and slashes: no wildcard can hide in them.
    conditions = [
        col(RoleGrant.organisation_path).startswith(scope.organisation_path)
        & (col(RoleGrant.estate_id) == scope.estate_id if scope.estate_id else True)
        for scope in scopes
    ]
    return or_(*conditions) if conditions else col(RoleGrant.id).is_(None)


def list_staff(ctx: Context, after: str | None = None) -> list[StaffView]:
    """Return a page of the staff with roles in one's subtree, by account id."""
    statement = select(Account).where(_in_care(ctx, Permission.STAFF_READ))
    if after is not None:
        statement = statement.where(col(Account.id) > after)
    accounts = ctx.session.exec(statement.order_by(col(Account.id)).limit(PAGE + 1)).all()
    grants = _grants(ctx, [account.id for account in accounts])
    return [_view(ctx, account, grants) for account in accounts]


def show_staff(ctx: Context, account_id: str) -> StaffView:
    """Return one staff member; raises NotFound outside one's subtree."""
    account = ctx.session.exec(
        select(Account).where(Account.id == account_id, _in_care(ctx, Permission.STAFF_READ))
    ).first()
    if account is None:
        raise NotFound
    return _view(ctx, account, _grants(ctx, [account.id]))


def _grants(ctx: Context, account_ids: list[str]) -> list[RoleGrant]:
    statement = select(RoleGrant).where(col(RoleGrant.account_id).in_(account_ids))
    if ctx.actor.kind != "system":
        statement = statement.where(_within(permitted_paths(ctx.actor, Permission.STAFF_READ)))
    return list(ctx.session.exec(statement.order_by(col(RoleGrant.granted_at))).all())


def _view(ctx: Context, account: Account, grants: list[RoleGrant]) -> StaffView:
    return StaffView(
        account.id,
        account.username or "",
        ctx.vault.open(account.name_sealed, "account.name") if account.name_sealed else "",
        account.state,
        account.totp_sealed is not None,
        tuple(_grant_view(row) for row in grants if row.account_id == account.id),
    )


def _grant_view(row: RoleGrant) -> GrantView:
    return GrantView(
        row.id,
        row.role,
        row.organisation_id,
        row.estate_id,
        row.building_id,
        row.entrance_id,
        row.starts_on,
        row.ends_on,
        row.revoked_at,
    )


def _tell(
    ctx: Context, event_type: str, account_id: str, scope: Scope | None, payload: dict[str, object]
) -> None:
    organisation_id = organisation_of(scope.organisation_path) if scope else None
    ledger.append(ctx, Event(event_type, organisation_id, "account", account_id, payload))
