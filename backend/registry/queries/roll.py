"""The roll as it stands now: the source a ballot freezes, and the display to its own members."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Select
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from backend.registry.rules.labels import building_label, entrance_label
from backend.registry.tables import Building, Dwelling, Entrance, Owner, RollDisplay


@dataclass(frozen=True, slots=True)
class RollSource:
    """One active dwelling for the frozen roll; area in 0.01 m², labels as readers see them."""

    dwelling_id: str
    building_id: str
    entrance_id: str | None
    building_label: str
    entrance_label: str
    door_label: str
    owner_id: str
    owner_kind: str
    exclusive_area_centi: int
    is_household: bool
    use: str

    @property
    def label(self) -> str:
        """Return the whole label: ``3栋2单元501``."""
        return f"{self.building_label}{self.entrance_label}{self.door_label}"


_ROLL_COLUMNS: tuple[Any, ...] = (
    col(Dwelling.id),
    col(Dwelling.building_id),
    col(Dwelling.entrance_id),
    col(Building.code),
    col(Entrance.code),
    col(Dwelling.code),
    col(Dwelling.owner_id),
    col(Owner.kind),
    col(Dwelling.exclusive_area_centi),
    col(Dwelling.is_household),
    col(Dwelling.use),
)


def roll_source(
    session: Session, estate_id: str, building_id: str | None = None, entrance_id: str | None = None
) -> list[RollSource]:
    """Return every active dwelling of the estate, building or entrance by key, in one query."""
    statement: Select[Any] = (
        sa_select(*_ROLL_COLUMNS)
        .join(Building, col(Building.id) == col(Dwelling.building_id))
        .join(Owner, col(Owner.id) == col(Dwelling.owner_id))
        .outerjoin(Entrance, col(Entrance.id) == col(Dwelling.entrance_id))
        .where(col(Dwelling.estate_id) == estate_id, col(Dwelling.state) == "active")
        .order_by(Dwelling.key)
    )
    if building_id is not None:
        statement = statement.where(col(Dwelling.building_id) == building_id)
    if entrance_id is not None:
        statement = statement.where(col(Dwelling.entrance_id) == entrance_id)
    return [_source(*row) for row in session.execute(statement)]


def _source(dwelling: str, building: str, entrance: str | None, *rest: Any) -> RollSource:
    building_code, entrance_code, *facts = rest
    return RollSource(
        dwelling, building, entrance, building_label(building_code), entrance_label(entrance_code), *facts
    )


def display_of(session: Session, estate_id: str) -> tuple[date, date] | None:
    """Return first and last day of the latest display of the roll, or None when it was never shown."""
    found = session.exec(
        select(RollDisplay)
        .where(RollDisplay.estate_id == estate_id)
        .order_by(col(RollDisplay.ends_on).desc())
    ).first()
    return (found.starts_on, found.ends_on) if found else None


def has_displayed(session: Session, estate_id: str, today: date) -> bool:
    """Tell whether a display of the roll to its own members has begun by today, running or over."""
    begun = select(RollDisplay.id).where(
        RollDisplay.estate_id == estate_id, col(RollDisplay.starts_on) <= today
    )
    return session.exec(begun).first() is not None
