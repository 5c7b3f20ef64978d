"""One's own estates and one's own place on the roll."""

from __future__ import annotations

from datetime import date

from pydantic import BaseModel

from backend.registry.rules.labels import area_text
from backend.registry.service.roll import RollCheck, RollCheckPage
from backend.registry.tables import Estate


class MyEstateOut(BaseModel):
    """An estate in which one has a home."""

    id: str
    name: str
    address: str | None
    community: str
    is_synthetic: bool


class MyEstatesOut(BaseModel):
    """All of them."""

    items: list[MyEstateOut]

    @classmethod
    def of(cls, rows: list[tuple[Estate, str]]) -> MyEstatesOut:
        """Build from the service's answer."""
        items = [
            MyEstateOut(
                id=estate.id,
                name=estate.name,
                address=estate.address,
                community=community,
                is_synthetic=estate.is_synthetic,
            )
            for estate, community in rows
        ]
        return cls(items=items)


class RollCheckOut(BaseModel):
    """One's own dwelling as the roll has it; ``exclusive_area`` in m², owners' names masked."""

    dwelling_id: str
    label: str
    use: str
    exclusive_area: str
    area_source: str
    is_household: bool
    is_on_roll: bool
    relation: str
    owner_kind: str
    owner_names: list[str]
    is_listed_owner: bool | None

    @classmethod
    def of(cls, entry: RollCheck) -> RollCheckOut:
        """Build from the service's answer."""
        values = {name: getattr(entry, name) for name in cls.model_fields if hasattr(entry, name)}
        values["owner_names"] = list(entry.owner_names)
        return cls(**values, exclusive_area=area_text(entry.area_centi))


class RollCheckPageOut(BaseModel):
    """The check, with the days in which the roll is on display."""

    estate_id: str
    estate_name: str
    starts_on: date | None
    ends_on: date | None
    is_open: bool
    items: list[RollCheckOut]

    @classmethod
    def of(cls, page: RollCheckPage) -> RollCheckPageOut:
        """Build from the service's answer."""
        return cls(
            estate_id=page.estate.id,
            estate_name=page.estate.name,
            starts_on=page.starts_on,
            ends_on=page.ends_on,
            is_open=page.is_open,
            items=[RollCheckOut.of(entry) for entry in page.entries],
        )
