"""Bindings to look at: a dwelling's own members among themselves, and the community's list."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from backend.identity.rules.names import mask_name
from backend.identity.rules.relations import OBJECTED, SOLD
from backend.identity.tables import Account, Binding
from backend.infra.context import Context
from backend.kernel.access import Permission, require, require_resident
from backend.registry import queries as registry

PAGE = 50
_ACTIVITY = 100
_REASONS = {
    "self": "本人解除",
    OBJECTED: "同住成员提出异议，等待社区核实",
    SOLD: "房屋业主已变更，等待社区核实",
    "erased": "账号已注销",
}


@dataclass(frozen=True, slots=True)
class BindingView:
    """A binding with the masked name of its person; ``dwelling`` is the label, e.g. 3栋2单元501."""

    id: str
    dwelling_id: str
    dwelling: str
    who: str
    relation: str
    via: str
    state: str
    requested_at: datetime
    effective_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    photos: int = 0
    is_me: bool = False


@dataclass(frozen=True, slots=True)
class ListBindings:
    """A page of an estate's bindings; ``after`` is the last id of the page before.

    ``waits_for`` keeps those that wait for a review: of an objection, or of a change of owner.
    """

    estate_id: str
    state: str | None = None
    building_id: str | None = None
    after: str | None = None
    waits_for: str | None = None


def view_of(ctx: Context, row: Binding) -> BindingView:
    """Return one binding for showing."""
    account = ctx.session.exec(select(Account).where(Account.id == row.account_id)).one()
    return _views(ctx, [(row, account.name_sealed)])[0]


def my_bindings(ctx: Context) -> list[BindingView]:
    """Return one's own bindings, ended ones too, newest first."""
    mine = Binding.account_id == require_resident(ctx.actor)
    return _views(ctx, _rows(ctx, mine, col(Binding.requested_at).desc(), _ACTIVITY))


def activity(ctx: Context) -> list[BindingView]:
    """Return who is or was bound to one's own dwellings, newest first, at most a hundred."""
    require_resident(ctx.actor)
    homes = col(Binding.dwelling_id).in_([home.dwelling_id for home in ctx.actor.homes])
    return _views(ctx, _rows(ctx, homes, col(Binding.requested_at).desc(), _ACTIVITY))


def list_bindings(ctx: Context, command: ListBindings) -> list[BindingView]:
    """Return a page of an estate's bindings for the community, with masked names."""
    scope = registry.scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.BINDING_READ, scope)
    wanted = col(Binding.estate_id) == command.estate_id
    if command.state is not None:
        wanted = wanted & (col(Binding.state) == command.state)
    if command.building_id is not None:
        wanted = wanted & (col(Binding.building_id) == command.building_id)
    if command.waits_for is not None:
        wanted = wanted & (col(Binding.state) == "pending") & (col(Binding.reason) == command.waits_for)
    if command.after is not None:
        wanted = wanted & (col(Binding.id) > command.after)
    return _views(ctx, _rows(ctx, wanted, col(Binding.id), PAGE + 1))


def _rows(ctx: Context, wanted: Any, order: Any, limit: int) -> list[tuple[Binding, str | None]]:
    statement = (
        select(Binding, Account.name_sealed)
        .join(Account, col(Account.id) == col(Binding.account_id))
        .where(wanted)
        .order_by(order, col(Binding.id))
        .limit(limit)
    )
    return [(binding, name) for binding, name in ctx.session.exec(statement).all()]


def _views(ctx: Context, rows: list[tuple[Binding, str | None]]) -> list[BindingView]:
    labels = registry.labels_of_dwellings(ctx.session, [row.dwelling_id for row, _ in rows])
    return [
        BindingView(
            id=row.id,
            dwelling_id=row.dwelling_id,
            dwelling=labels[row.dwelling_id],
            who=mask_name(ctx.vault.open(name, "account.name") if name else None),
            relation=row.relation,
            via=row.via,
            state=row.state,
            requested_at=row.requested_at,
            effective_at=row.effective_at,
            ended_at=row.ended_at,
            reason=_REASONS.get(row.reason or "", row.reason),
            photos=row.photos,
            is_me=row.account_id == ctx.actor.account_id,
        )
        for row, name in rows
    ]
