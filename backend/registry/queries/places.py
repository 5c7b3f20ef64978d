"""Where things stand in the tree, as scopes and labels."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from backend.kernel.access import Scope
from backend.kernel.errors import NotFound
from backend.registry.rules.labels import building_label, dwelling_label, keys_meant
from backend.registry.tables import Building, Dwelling, Entrance, Estate, Organisation


def path_of_organisation(session: Session, organisation_id: str) -> str:
    """Return the materialised path ``/id/id/``; raises NotFound."""
    path = session.exec(select(Organisation.path).where(Organisation.id == organisation_id)).first()
    if path is None:
        raise NotFound
    return path


def scope_of_organisation(session: Session, organisation_id: str) -> Scope:
    """Return the organisation's place; raises NotFound."""
    return Scope(path_of_organisation(session, organisation_id))


def ancestors(session: Session, organisation_id: str) -> list[str]:
    """Return the ids from the organisation itself (first) up to the root (last); raises NotFound."""
    return path_of_organisation(session, organisation_id).strip("/").split("/")[::-1]


def scope_of_estate(session: Session, estate_id: str) -> Scope:
    """Return the estate's place; raises NotFound."""
    statement = (
        select(Organisation.path)
        .join(Estate, col(Estate.organisation_id) == col(Organisation.id))
        .where(Estate.id == estate_id)
    )
    path = session.exec(statement).first()
    if path is None:
        raise NotFound
    return Scope(path, estate_id)


def scope_of_dwelling(session: Session, dwelling_id: str) -> Scope:
    """Return the dwelling's place down to building and entrance, also of a removed one; raises NotFound."""
    statement = (
        select(Organisation.path, Dwelling.estate_id, Dwelling.building_id, Dwelling.entrance_id)
        .join(Estate, col(Estate.organisation_id) == col(Organisation.id))
        .join(Dwelling, col(Dwelling.estate_id) == col(Estate.id))
        .where(Dwelling.id == dwelling_id)
    )
    found = session.exec(statement).first()
    if found is None:
        raise NotFound
    return Scope(*found)


def organisation_of_estate(session: Session, estate_id: str) -> str:
    """Return the id of the community the estate belongs to; raises NotFound."""
    found = session.exec(select(Estate.organisation_id).where(Estate.id == estate_id)).first()
    if found is None:
        raise NotFound
    return found


def is_inside(
    session: Session, estate_id: str, building_id: str | None, entrance_id: str | None = None
) -> bool:
    """Tell whether the building stands in the estate and the entrance in the building (None is skipped)."""
    if building_id is None:
        return entrance_id is None
    statement = select(Building.id).where(Building.id == building_id, Building.estate_id == estate_id)
    if entrance_id is not None:
        statement = statement.join(Entrance, col(Entrance.building_id) == col(Building.id)).where(
            Entrance.id == entrance_id
        )
    return session.exec(statement).first() is not None


is_place_in_estate = is_inside


def find_dwelling(session: Session, estate_id: str, door: str) -> str | None:
    """Return the active dwelling a person means by ``3/2/501``, ``3-2-501`` or ``3栋2单元501室``, or None."""
    for key in keys_meant(door):
        found = session.exec(
            select(Dwelling.id).where(
                Dwelling.estate_id == estate_id, Dwelling.key == key, Dwelling.state == "active"
            )
        ).first()
        if found is not None:
            return found
    return None


@dataclass(frozen=True, slots=True)
class PlaceCard:
    """An estate, or one building of it, with its community; the label is ``示例小区 3栋``."""

    organisation_id: str
    organisation_path: str
    estate_id: str
    building_id: str | None
    estate_name: str
    label: str


def place_card(session: Session, estate_id: str, building_id: str | None = None) -> PlaceCard:
    """Return where something is, in one query; raises NotFound, also for a building of another estate."""
    inside = (col(Building.estate_id) == col(Estate.id)) & (col(Building.id) == building_id)
    found = session.exec(
        select(Organisation.id, Organisation.path, Estate.name, Building.code)
        .join(Estate, col(Estate.organisation_id) == col(Organisation.id))
        .outerjoin(Building, inside)
        .where(Estate.id == estate_id)
    ).first()
    if found is None or (building_id is not None and found[3] is None):
        raise NotFound
    organisation_id, path, name, code = found
    label = name if code is None else f"{name} {building_label(code)}"
    return PlaceCard(organisation_id, path, estate_id, building_id, name, label)


def labels_of_dwellings(session: Session, dwelling_ids: Collection[str]) -> dict[str, str]:
    """Return the label (``3栋2单元501``) of each dwelling, also of removed ones, in one query."""
    if not dwelling_ids:
        return {}
    statement = (
        select(Dwelling.id, Building.code, Entrance.code, Dwelling.code)
        .join(Building, col(Building.id) == col(Dwelling.building_id))
        .outerjoin(Entrance, col(Entrance.id) == col(Dwelling.entrance_id))
        .where(col(Dwelling.id).in_(set(dwelling_ids)))
    )
    return {
        dwelling_id: dwelling_label(building, entrance, door)
        for dwelling_id, building, entrance, door in session.exec(statement)
    }
