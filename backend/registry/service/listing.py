"""Buildings, dwellings, owners: what staff may look up, names masked unless they may see them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from sqlmodel import col

from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, can, require
from backend.kernel.phone import mask_phone
from backend.registry import queries
from backend.registry.repository import places
from backend.registry.rules.labels import dwelling_label, mask_name
from backend.registry.tables import Building, Dwelling, Entrance, Owner


@dataclass(frozen=True, slots=True)
class ListDwellings:
    """Which dwellings of an estate; a steward names their building."""

    estate_id: str
    building_id: str | None = None
    entrance_id: str | None = None
    use: str | None = None
    owner_kind: str | None = None
    state: str = "active"
    limit: int = 50
    after: str | None = None


@dataclass(frozen=True, slots=True)
class DwellingLine:
    """A dwelling in a list; area in 0.01 m²."""

    dwelling: Dwelling
    label: str
    owner_kind: str
    owner_name: str


@dataclass(frozen=True, slots=True)
class Person:
    """A person of a dwelling: role (``representative``, ``member`` or a tenant kind), name, phone."""

    role: str
    name: str
    phone: str | None


@dataclass(frozen=True, slots=True)
class DwellingDetail:
    """A dwelling with the people the registry knows."""

    line: DwellingLine
    people: tuple[Person, ...]
    is_masked: bool


def list_buildings(ctx: Context, estate_id: str) -> list[tuple[Building, list[Entrance], int]]:
    """Return the buildings of an estate with entrances and counts; a steward sees only their own."""
    scope = queries.scope_of_estate(ctx.session, estate_id)
    found = [
        row
        for row in places.buildings_of(ctx.session, estate_id)
        if can(ctx.actor, Permission.REGISTRY_READ, _at_building(scope, row[0].id))
    ]
    if not found:
        require(ctx.actor, Permission.REGISTRY_READ, scope)
    return sorted(found, key=lambda row: _natural(row[0].code))


def _at_building(scope: Scope, building_id: str) -> Scope:
    return Scope(scope.organisation_path, scope.estate_id, building_id)


def _natural(code: str) -> tuple[int, int, str]:
    return (0, int(code), code) if code.isascii() and code.isdigit() else (1, 0, code)


def list_dwellings(ctx: Context, command: ListDwellings) -> list[DwellingLine]:
    """Return a page of dwellings by key."""
    estate = queries.scope_of_estate(ctx.session, command.estate_id)
    scope = Scope(estate.organisation_path, estate.estate_id, command.building_id, command.entrance_id)
    require(ctx.actor, Permission.REGISTRY_READ, scope)
    conditions = [col(Dwelling.estate_id) == command.estate_id, col(Dwelling.state) == command.state]
    wanted = (
        (col(Dwelling.building_id), command.building_id),
        (col(Dwelling.entrance_id), command.entrance_id),
        (col(Dwelling.use), command.use),
        (col(Owner.kind), command.owner_kind),
    )
    conditions += [column == value for column, value in wanted if value is not None]
    rows = places.dwellings_page(ctx.session, conditions, (command.limit, command.after))
    show = _shower(ctx, scope)
    return [_line(ctx, row, show) for row in rows]


def show_dwelling(ctx: Context, dwelling_id: str) -> DwellingDetail:
    """Return one dwelling with its people; names and phones in full only with REGISTRY_PERSONAL."""
    scope = queries.scope_of_dwelling(ctx.session, dwelling_id)
    require(ctx.actor, Permission.REGISTRY_READ, scope)
    row = places.dwellings_page(ctx.session, [col(Dwelling.id) == dwelling_id], (1, None))[0]
    is_masked = not can(ctx.actor, Permission.REGISTRY_PERSONAL, scope)
    show = _shower(ctx, scope)
    people = [
        Person("representative" if member.is_representative else "member", *_contact(ctx, member, is_masked))
        for member in places.members_of(ctx.session, row[1].id)
    ]
    people += [
        Person(tenant.kind, *_contact(ctx, tenant, is_masked))
        for tenant in places.tenants_of(ctx.session, dwelling_id)
    ]
    return DwellingDetail(_line(ctx, row, show), tuple(people), is_masked)


def _contact(ctx: Context, person: object, is_masked: bool) -> tuple[str, str | None]:
    table = getattr(person, "__tablename__")  # noqa: B009 - the sealed field is named after the table
    name_sealed, phone_sealed = getattr(person, "name_sealed"), getattr(person, "phone_sealed")  # noqa: B009
    name = ctx.vault.open(name_sealed, f"{table}.name")
    phone = ctx.vault.open(phone_sealed, f"{table}.phone") if phone_sealed else None
    if is_masked:
        return mask_name(name), mask_phone(phone) if phone else None
    return name, phone


def _shower(ctx: Context, scope: Scope) -> Callable[[str], str]:
    return str if can(ctx.actor, Permission.REGISTRY_PERSONAL, scope) else mask_name


def _line(
    ctx: Context, row: tuple[Dwelling, Owner, Building, Entrance | None], show: Callable[[str], str]
) -> DwellingLine:
    dwelling, owner, building, entrance = row
    label = dwelling_label(building.code, entrance.code if entrance else None, dwelling.code)
    # A unit's or a developer's name is no personal data.
    is_person = owner.kind in ("person", "co_owners")
    name = ctx.vault.open(owner.name_sealed, "owner.name")
    return DwellingLine(dwelling, label, owner.kind, show(name) if is_person else name)
