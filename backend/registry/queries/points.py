"""Estates on the map and by name, and organisations by the code that others know them by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sqlmodel import Session, col, select

from backend.kernel.coordinates import Point
from backend.registry.rules.points import MOST_REACH, Circle, box_around
from backend.registry.rules.points import estate_at as nearest
from backend.registry.rules.points import estate_named_in as named
from backend.registry.tables import Estate, EstatePoint, Organisation


@dataclass(frozen=True, slots=True)
class Jurisdiction:
    """An organisation as outsiders name it."""

    id: str
    path: str
    code: str
    name: str


def estate_at(session: Session, organisation_path: str, point: Point) -> str | None:
    """Return the estate below an organisation in which a GCJ-02 point lies, or None."""
    low, high = box_around(point, MOST_REACH)
    near = (
        select(EstatePoint)
        .join(Estate, col(Estate.id) == col(EstatePoint.estate_id))
        .join(Organisation, col(Organisation.id) == col(Estate.organisation_id))
        .where(
            col(EstatePoint.lat_e6).between(low[0], high[0]),
            col(EstatePoint.lon_e6).between(low[1], high[1]),
            col(Organisation.path).startswith(organisation_path, autoescape=True),
        )
    )
    return nearest(point, (_circle(row) for row in session.exec(near)))


def points_of(session: Session, estate_ids: Collection[str]) -> dict[str, Circle]:
    """Return estate → circle (GCJ-02) of those that have one, in one query."""
    if not estate_ids:
        return {}
    wanted = select(EstatePoint).where(col(EstatePoint.estate_id).in_(set(estate_ids)))
    return {row.estate_id: _circle(row) for row in session.exec(wanted)}


def estate_named_in(session: Session, organisation_path: str, text: str) -> str | None:
    """Return the one estate below an organisation whose name stands in a text; None for none and for several."""
    names = session.exec(
        select(Estate.id, Estate.name)
        .join(Organisation, col(Organisation.id) == col(Estate.organisation_id))
        .where(col(Organisation.path).startswith(organisation_path, autoescape=True))
    )
    return named(text, dict(names.all()))


def find_jurisdictions(session: Session, code_or_id: str) -> list[Jurisdiction]:
    """Return the organisations with this id or code, at most two: one code may be used in several places."""
    wanted = select(Organisation).where(
        (col(Organisation.id) == code_or_id) | (col(Organisation.code) == code_or_id)
    )
    rows = session.exec(wanted.order_by(col(Organisation.path)).limit(2))
    return [Jurisdiction(row.id, row.path, row.code, row.name) for row in rows]


def names_of_organisations(session: Session, organisation_ids: Collection[str]) -> dict[str, str]:
    """Return id → name, in one query."""
    if not organisation_ids:
        return {}
    wanted = select(Organisation.id, Organisation.name).where(col(Organisation.id).in_(set(organisation_ids)))
    return dict(session.exec(wanted).all())


def _circle(row: EstatePoint) -> Circle:
    return Circle(row.estate_id, (row.lat_e6, row.lon_e6), row.reach_m)
