"""Estates: created in a community, corrected, found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, CursorResult, true, update
from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, permitted_paths, require
from backend.kernel.errors import NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry import queries
from backend.registry.errors import CodeTaken, EstateChanged, NotACommunity
from backend.registry.queries import EstateCard
from backend.registry.repository import places
from backend.registry.tables import Estate, Organisation


@dataclass(frozen=True, slots=True)
class EstateFacts:
    """What documents say of an estate; floor area in 0.01 m²."""

    name: str
    address: str | None = None
    built_year: int | None = None
    floor_area_centi: int | None = None
    estate_type: str | None = None
    is_dangerous: bool = False
    is_shantytown_plan: bool = False
    is_self_built: bool = False


@dataclass(frozen=True, slots=True)
class CreateEstate:
    """A new estate in a community."""

    organisation_id: str
    code: str
    facts: EstateFacts
    is_synthetic: bool = False


@dataclass(frozen=True, slots=True)
class UpdateEstate:
    """New facts, replacing those of ``version``."""

    estate_id: str
    version: int
    facts: EstateFacts


@dataclass(frozen=True, slots=True)
class ListEstates:
    """Which estates: below an organisation (None: wherever one may look), matching words."""

    organisation_id: str | None = None
    search: str = ""
    limit: int = 50
    after: str | None = None


_FACTS = tuple(EstateFacts.__dataclass_fields__)


def _values(facts: EstateFacts) -> dict[str, Any]:
    return {name: getattr(facts, name) for name in _FACTS}


def create_estate(ctx: Context, command: CreateEstate) -> EstateCard:
    """Add an estate; raises NotACommunity or CodeTaken."""
    scope = queries.scope_of_organisation(ctx.session, command.organisation_id)
    require(ctx.actor, Permission.REGISTRY_IMPORT, scope)
    organisation = ctx.session.get_one(Organisation, command.organisation_id)
    if organisation.kind != "community":
        raise NotACommunity
    taken = select(Estate.id).where(
        Estate.organisation_id == command.organisation_id, Estate.code == command.code
    )
    if ctx.session.exec(taken).first() is not None:
        raise CodeTaken(command.code)
    estate = Estate(
        id=new_id(),
        organisation_id=command.organisation_id,
        code=command.code,
        is_synthetic=command.is_synthetic,
        created_at=ctx.clock.now(),
        **_values(command.facts),
    )
    ctx.session.add(estate)
    ctx.session.flush()
    ledger.append(
        ctx,
        Event("estate.created", command.organisation_id, "estate", estate.id, {"code": command.code}),
    )
    return queries.estate_card(ctx.session, estate.id)


def update_estate(ctx: Context, command: UpdateEstate) -> EstateCard:
    """Replace the facts; raises EstateChanged when somebody else was faster."""
    card = _readable(ctx, command.estate_id)
    require(ctx.actor, Permission.REGISTRY_IMPORT, Scope(card.organisation_path, card.id))
    before = ctx.session.get_one(Estate, command.estate_id)
    values = _values(command.facts)
    changed = sorted(name for name, value in values.items() if getattr(before, name) != value)
    statement = update(Estate).where(
        col(Estate.id) == command.estate_id, col(Estate.version) == command.version
    )
    result = ctx.session.connection().execute(statement.values(version=command.version + 1, **values))
    if not isinstance(result, CursorResult) or result.rowcount != 1:
        raise EstateChanged
    ctx.session.expire(before)
    payload = {"fields": changed, "version": command.version + 1}
    ledger.append(ctx, Event("estate.changed", card.organisation_id, "estate", card.id, payload))
    return queries.estate_card(ctx.session, command.estate_id)


def show_estate(ctx: Context, estate_id: str) -> EstateCard:
    """Return the card of an estate the caller may see, also one whose role covers a building of it only."""
    return _readable(ctx, estate_id)


def _readable(ctx: Context, estate_id: str) -> EstateCard:
    card = queries.estate_card(ctx.session, estate_id)
    scopes = permitted_paths(ctx.actor, Permission.REGISTRY_READ)
    if not any(
        card.organisation_path.startswith(scope.organisation_path) and scope.estate_id in (None, card.id)
        for scope in scopes
    ):
        require(ctx.actor, Permission.REGISTRY_READ, Scope(card.organisation_path, card.id))
    return card


def list_estates(ctx: Context, command: ListEstates) -> list[Estate]:
    """Return a page of the estates the caller may see, by code."""
    condition: ColumnElement[bool] = true()
    if ctx.actor.kind != "system":
        condition = places.within(permitted_paths(ctx.actor, Permission.REGISTRY_READ))
    if command.organisation_id is not None:
        scope = queries.scope_of_organisation(ctx.session, command.organisation_id)
        if not _touches(ctx, scope):
            raise NotFound
        condition = condition & places.within([scope])
    page = (command.limit, command.after)
    return places.estates_within(ctx.session, condition, command.search.strip(), page)


def _touches(ctx: Context, scope: Scope) -> bool:
    """Tell whether any right of the caller lies above or below this organisation."""
    if ctx.actor.kind == "system":
        return True
    paths = [held.organisation_path for held in permitted_paths(ctx.actor, Permission.REGISTRY_READ)]
    wanted = scope.organisation_path
    return any(wanted.startswith(path) or path.startswith(wanted) for path in paths)
