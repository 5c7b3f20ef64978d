"""Organisations, estates and doors, found and listed in pages."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, true, tuple_
from sqlmodel import Session, col, select

from backend.kernel.access import Scope
from backend.kernel.errors import Invalid
from backend.registry.tables import (
    Building,
    Dwelling,
    Entrance,
    Estate,
    Organisation,
    Owner,
    OwnerMember,
    Tenant,
)


def _after(session: Session, table: Any, order: str, identifier: str) -> ColumnElement[bool]:
    """Return the condition "later than this row", by one column and the id."""
    column = getattr(table, order)
    value = session.exec(select(column).where(table.id == identifier)).first()
    if value is None:
        raise Invalid("cursor", "翻页位置已失效，请从第一页重新开始。")
    return tuple_(column, table.id) > tuple_(value, identifier)


def within(scopes: Sequence[Scope]) -> ColumnElement[bool]:
    """Return the condition that an estate (joined to its organisation) lies in one of the scopes."""
    conditions = [
        and_(
            col(Organisation.path).startswith(scope.organisation_path, autoescape=True),
            true() if scope.estate_id is None else col(Estate.id) == scope.estate_id,
        )
        for scope in scopes
    ]
    return or_(*conditions) if conditions else false()


def children_of(session: Session, parent_id: str, limit: int, after: str | None) -> list[Organisation]:
    """Return the organisations directly below one, by code."""
    statement = select(Organisation).where(Organisation.parent_id == parent_id)
    if after:
        statement = statement.where(_after(session, Organisation, "code", after))
    return list(session.exec(statement.order_by(Organisation.code, Organisation.id).limit(limit)))


def by_paths(session: Session, paths: Sequence[str]) -> list[Organisation]:
    """Return the organisations with exactly these paths."""
    statement = select(Organisation).where(col(Organisation.path).in_(paths)).order_by(Organisation.path)
    return list(session.exec(statement))


def roots(session: Session, limit: int) -> list[Organisation]:
    """Return the organisations without a parent."""
    statement = select(Organisation).where(col(Organisation.parent_id).is_(None))
    return list(session.exec(statement.order_by(Organisation.code).limit(limit)))


def organisations_by_code(session: Session, code: str, kind: str | None) -> list[Organisation]:
    """Return at most ten organisations with this id or code."""
    statement = select(Organisation).where(or_(col(Organisation.id) == code, col(Organisation.code) == code))
    if kind:
        statement = statement.where(Organisation.kind == kind)
    return list(session.exec(statement.order_by(Organisation.path).limit(10)))


def estates_within(
    session: Session, condition: ColumnElement[bool], search: str, page: tuple[int, str | None]
) -> list[Estate]:
    """Return estates by code; ``search`` finds a part of name, code or address."""
    limit, after = page
    statement = (
        select(Estate)
        .join(Organisation, col(Organisation.id) == col(Estate.organisation_id))
        .where(condition)
    )
    if search:
        columns = (Estate.name, Estate.code, Estate.address)
        statement = statement.where(
            or_(*(col(column).contains(search, autoescape=True) for column in columns))
        )
    if after:
        statement = statement.where(_after(session, Estate, "code", after))
    return list(session.exec(statement.order_by(Estate.code, Estate.id).limit(limit)))


def estates_by_id(session: Session, estate_ids: Collection[str]) -> list[tuple[Estate, str]]:
    """Return these estates, each with its community's name."""
    statement = (
        select(Estate, Organisation.name)
        .join(Organisation, col(Organisation.id) == col(Estate.organisation_id))
        .where(col(Estate.id).in_(estate_ids))
    )
    return list(session.exec(statement.order_by(Estate.name, Estate.id)))


def buildings_of(session: Session, estate_id: str) -> list[tuple[Building, list[Entrance], int]]:
    """Return each building with its entrances and number of active dwellings."""
    buildings = session.exec(select(Building).where(Building.estate_id == estate_id)).all()
    entrances: dict[str, list[Entrance]] = {building.id: [] for building in buildings}
    statement = select(Entrance).join(Building, col(Building.id) == col(Entrance.building_id))
    for entrance in session.exec(statement.where(Building.estate_id == estate_id)):
        entrances[entrance.building_id].append(entrance)
    counts = dict(
        session.exec(
            select(Dwelling.building_id, func.count())
            .where(Dwelling.estate_id == estate_id, Dwelling.state == "active")
            .group_by(Dwelling.building_id)
        ).all()
    )
    return [(building, entrances[building.id], counts.get(building.id, 0)) for building in buildings]


def dwellings_page(
    session: Session, conditions: Sequence[ColumnElement[bool]], page: tuple[int, str | None]
) -> list[tuple[Dwelling, Owner, Building, Entrance | None]]:
    """Return dwellings with owner and place, by key."""
    limit, after = page
    statement = (
        select(Dwelling, Owner, Building, Entrance)
        .join(Owner, col(Owner.id) == col(Dwelling.owner_id))
        .join(Building, col(Building.id) == col(Dwelling.building_id))
        .outerjoin(Entrance, col(Entrance.id) == col(Dwelling.entrance_id))
        .where(*conditions)
    )
    if after:
        statement = statement.where(_after(session, Dwelling, "key", after))
    return list(session.exec(statement.order_by(Dwelling.key, Dwelling.id).limit(limit)))


def members_of(session: Session, owner_id: str) -> list[OwnerMember]:
    """Return the natural persons behind an owner."""
    statement = select(OwnerMember).where(OwnerMember.owner_id == owner_id)
    return list(session.exec(statement.order_by(OwnerMember.id).limit(100)))


def tenants_of(session: Session, dwelling_id: str) -> list[Tenant]:
    """Return the tenants of a dwelling."""
    statement = select(Tenant).where(Tenant.dwelling_id == dwelling_id)
    return list(session.exec(statement.order_by(Tenant.id).limit(100)))
