"""Bindings as the community decides them, and the objection that suspends one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.errors import AlreadyDecided
from backend.identity.rules.relations import OBJECTED, Via, may_suspend
from backend.identity.service.binding_events import tell
from backend.identity.service.bindings import Place, effective_from
from backend.identity.tables import Account, Binding
from backend.infra.context import Context
from backend.kernel.access import Permission, can, require
from backend.kernel.errors import NotFound
from backend.registry import queries as registry


@dataclass(frozen=True, slots=True)
class DecideBinding:
    """Approve or refuse a pending binding, with a reason in words."""

    binding_id: str
    is_approved: bool
    reason: str


@dataclass(frozen=True, slots=True)
class EndBinding:
    """End a binding for somebody: moved away, sold, lost phone, found wrong."""

    binding_id: str
    reason: str


def reviewed_binding(ctx: Context, binding_id: str, permission: Permission) -> Binding:
    """Return a binding the staff member may handle; NotFound covers all others."""
    row = ctx.session.exec(select(Binding).where(Binding.id == binding_id)).first()
    if row is None:
        raise NotFound
    require(ctx.actor, permission, registry.scope_of_dwelling(ctx.session, row.dwelling_id))
    return row


def decide_binding(ctx: Context, command: DecideBinding) -> Binding:
    """Approve or refuse; of two staff at once one wins and the other gets AlreadyDecided."""
    row = reviewed_binding(ctx, command.binding_id, Permission.BINDING_DECIDE)
    now = ctx.clock.now()
    values: dict[str, object] = {"decided_by": ctx.actor.account_id, "reason": command.reason}
    if command.is_approved:
        place = Place(row.dwelling_id, row.estate_id, row.building_id)
        # After an objection was weighed there is nobody left to wait for.
        starts = now if row.reason == OBJECTED else effective_from(ctx, place, Via.STAFF)
        values |= {"state": "active", "effective_at": starts}
    else:
        values |= {"state": "refused", "ended_at": now}
    _move(ctx, row, ("pending",), values)
    tell(ctx, "binding.activated" if command.is_approved else "binding.refused", row)
    return row


def end_binding(ctx: Context, command: EndBinding) -> Binding:
    """End a binding and all sessions of its account at once: the phone may be in wrong hands."""
    row = reviewed_binding(ctx, command.binding_id, Permission.BINDING_DECIDE)
    now = ctx.clock.now()
    ended = {"state": "ended", "ended_at": now, "reason": command.reason}
    _move(ctx, row, ("pending", "active"), ended | {"decided_by": ctx.actor.account_id})
    repository.end_sessions(ctx.session, row.account_id, now)
    tell(ctx, "binding.ended", row)
    return row


@dataclass(frozen=True, slots=True)
class Person:
    """Who is behind a binding, in clear, for comparing with the proof."""

    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)


def reveal_person(ctx: Context, binding_id: str) -> Person:
    """Show name and phone to whoever decides; the look itself stands in the ledger."""
    row = reviewed_binding(ctx, binding_id, Permission.BINDING_DECIDE)
    require(ctx.actor, Permission.REGISTRY_PERSONAL, registry.scope_of_dwelling(ctx.session, row.dwelling_id))
    account = ctx.session.exec(select(Account).where(Account.id == row.account_id)).one()
    tell(ctx, "binding.person_shown", row)
    return Person(
        ctx.vault.open(account.name_sealed, "account.name") if account.name_sealed else None,
        ctx.vault.open(account.phone_sealed, "account.phone") if account.phone_sealed else None,
    )


def end_sessions_of(ctx: Context, binding_id: str) -> int:
    """Log the account behind a binding out everywhere (a phone reported lost); return how many sessions."""
    row = reviewed_binding(ctx, binding_id, Permission.BINDING_DECIDE)
    tell(ctx, "binding.sessions_ended", row)
    return repository.end_sessions(ctx.session, row.account_id, ctx.clock.now())


def suspend_binding(ctx: Context, binding_id: str) -> bool:
    """Take a binding out of force until the community decides; called for a member's objection.

    Return whether it was suspended: only bindings to one's own dwelling that came later than one's own are.
    """
    row = ctx.session.exec(select(Binding).where(Binding.id == binding_id)).first()
    if row is None or row.state != "active" or not _may_suspend(ctx, row):
        return False
    suspended = {"state": "pending", "effective_at": None, "reason": OBJECTED, "decided_by": None}
    _move(ctx, row, ("active",), suspended)
    tell(ctx, "binding.suspended", row)
    return True


def _may_suspend(ctx: Context, target: Binding) -> bool:
    if ctx.actor.kind == "staff":
        scope = registry.scope_of_dwelling(ctx.session, target.dwelling_id)
        return can(ctx.actor, Permission.BINDING_DECIDE, scope)
    mine = next((home for home in ctx.actor.homes if home.dwelling_id == target.dwelling_id), None)
    if mine is None or mine.binding_id == target.id:
        return ctx.actor.kind == "system"
    own = ctx.session.exec(select(Binding).where(Binding.id == mine.binding_id)).one()
    assert own.effective_at is not None
    return may_suspend(own.effective_at, target.requested_at)


def _move(ctx: Context, row: Binding, expected: tuple[str, ...], values: Mapping[str, object]) -> None:
    moved = update(Binding).where(col(Binding.id) == row.id, col(Binding.state).in_(expected))
    if ctx.session.exec(moved.values(**values)).rowcount == 0:
        raise AlreadyDecided
    ctx.session.refresh(row)
