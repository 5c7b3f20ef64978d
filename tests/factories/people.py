"""Residents with homes and staff with roles, written straight into the tables; logged in already."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import date, timedelta
from hashlib import sha256

from sqlmodel import col, select

from backend.identity.tables import Account, Binding, LoginSession, RoleGrant
from backend.infra.context import Context
from backend.kernel.access import ANONYMOUS, SYSTEM, Actor, Role
from backend.kernel.ids import new_id
from backend.registry.tables import Dwelling, Organisation

_LONG_AGO = date(2020, 1, 1)


@dataclass(frozen=True)
class ResidentFixture:
    """A resident's account and the bearer token of their session."""

    account_id: str
    token: str
    token_hash: bytes


@dataclass(frozen=True)
class StaffFixture:
    """A staff account and the bearer token of its session."""

    account_id: str
    token: str
    token_hash: bytes


def log_in(ctx: Context, account_id: str, days: int = 30) -> tuple[str, bytes]:
    """Open a session and return its token and the token's hash."""
    token = secrets.token_urlsafe(32)
    digest = sha256(token.encode()).digest()
    now = ctx.clock.now()
    ctx.session.add(
        LoginSession(
            token_hash=digest,
            account_id=account_id,
            public_id=new_id(),
            device="test",
            created_at=now,
            expires_at=now + timedelta(days=days),
        )
    )
    ctx.session.flush()
    return token, digest


def make_resident(ctx: Context, *dwelling_ids: str, relation: str = "owner") -> ResidentFixture:
    """Create a logged-in resident bound to the dwellings since yesterday."""
    now = ctx.clock.now()
    openid = f"o-{new_id()}"
    account = Account(
        id=new_id(),
        kind="resident",
        openid_index=ctx.vault.index(openid, "openid"),
        openid_sealed=ctx.vault.seal(openid, "account.openid"),
        name_sealed=ctx.vault.seal("居民", "account.name"),
        created_at=now,
    )
    ctx.session.add(account)
    ctx.session.flush()
    homes = ctx.session.exec(select(Dwelling).where(col(Dwelling.id).in_(dwelling_ids))).all()
    assert len(homes) == len(set(dwelling_ids)), "unknown dwelling"
    for home in homes:
        ctx.session.add(
            Binding(
                id=new_id(),
                account_id=account.id,
                dwelling_id=home.id,
                estate_id=home.estate_id,
                building_id=home.building_id,
                relation=relation,
                state="active",
                via="invite",
                requested_at=now - timedelta(days=1),
                effective_at=now - timedelta(days=1),
            )
        )
    ctx.session.flush()
    return ResidentFixture(account.id, *log_in(ctx, account.id))


def make_staff(
    ctx: Context,
    role: Role | str,
    organisation_id: str,
    estate_id: str | None = None,
    building_id: str | None = None,
) -> StaffFixture:
    """Create a logged-in staff member holding one role over a subtree; they have no password."""
    account = Account(
        id=new_id(),
        kind="staff",
        username=f"staff-{new_id()}",
        name_sealed=ctx.vault.seal("工作人员", "account.name"),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(account)
    ctx.session.flush()
    path = ctx.session.exec(select(Organisation.path).where(Organisation.id == organisation_id)).one()
    ctx.session.add(
        RoleGrant(
            id=new_id(),
            account_id=account.id,
            role=Role(role).value,
            organisation_id=organisation_id,
            organisation_path=path,
            estate_id=estate_id,
            building_id=building_id,
            starts_on=_LONG_AGO,
            granted_by="system",
            granted_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
    return StaffFixture(account.id, *log_in(ctx, account.id))


def acting_as(ctx: Context, person: ResidentFixture | StaffFixture | None) -> Context:
    """Return a context on the same session whose actor is this person, read as the edge reads it.

    ``None`` gives the anonymous caller.
    """
    from backend.identity.service import authenticate

    actor: Actor | None = ANONYMOUS if person is None else authenticate(ctx.session, person.token_hash)
    assert actor is not None, "session has ended"
    return Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="test")


def as_system(ctx: Context) -> Context:
    """Return a context on the same session that acts for the system."""
    return Context(session=ctx.session, actor=SYSTEM, ports=ctx.ports, request_id="test")
