"""Organisations, estates, dwellings and imports as the staff door says and takes them; areas are m² texts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Id, Sha256, StrictModel
from backend.registry.queries import EstateCard
from backend.registry.rules.labels import area_text, building_label, entrance_label
from backend.registry.rules.points import LEAST_REACH, MOST_REACH, Circle
from backend.registry.service import SetEstatePoint
from backend.registry.service.estates import EstateFacts
from backend.registry.service.listing import DwellingDetail, DwellingLine
from backend.registry.tables import Building, Entrance, Estate, ImportRun, Organisation, RollDisplay

Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z_.\-]{1,32}$")]
Name = Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^\x00-\x1f\x7f]*[^\s\x00-\x1f\x7f]$")]
Words = Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]
Area = Annotated[str, Field(pattern=r"^[0-9]{1,9}(\.[0-9]{1,2})?$", examples=["12000.50"])]
Kind = Literal["province", "city", "county", "town", "community"]
Use = Literal["residential", "shop", "office", "parking", "other"]
OwnerKind = Literal["person", "co_owners", "property_unit", "organisation", "developer_stock"]


class RegistryPageQuery(BaseModel):
    """``limit`` rows after ``cursor`` (the former page's ``next``)."""

    cursor: Id | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class OrganisationQuery(RegistryPageQuery):
    """Children of a node; without one, the nodes at which one's own rights begin."""

    parent_id: Id | None = None


class CreateOrganisationIn(StrictModel):
    """A new node under its parent."""

    parent_id: Id
    kind: Kind
    code: Code
    name: Name


class OrganisationOut(BaseModel):
    """A node of the tree."""

    id: str
    parent_id: str | None
    kind: str
    code: str
    name: str

    @classmethod
    def of(cls, node: Organisation) -> OrganisationOut:
        """Build from a row."""
        return cls(id=node.id, parent_id=node.parent_id, kind=node.kind, code=node.code, name=node.name)


class OrganisationListOut(BaseModel):
    """A page of nodes."""

    items: list[OrganisationOut]
    next: str | None = None

    @classmethod
    def of(cls, nodes: Sequence[Organisation], limit: int) -> OrganisationListOut:
        """Build from one row more than a page."""
        page = [OrganisationOut.of(node) for node in nodes[:limit]]
        return cls(items=page, next=page[-1].id if len(nodes) > limit else None)


class EstateQuery(RegistryPageQuery):
    """Estates below an organisation, matching words in name, code or address."""

    organisation_id: Id | None = None
    search: Words = ""


class EstateFactsIn(StrictModel):
    """What documents say of an estate; ``floor_area`` in m²."""

    name: Name
    address: Annotated[str, Field(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$")] | None = None
    built_year: Annotated[int, Field(ge=1900, le=2100)] | None = None
    floor_area: Area | None = None
    estate_type: Words | None = None
    is_dangerous: bool = False
    is_shantytown_plan: bool = False
    is_self_built: bool = False

    def facts(self) -> EstateFacts:
        """Return the service's form; an area of zero is no area."""
        values = self.model_dump(include=set(EstateFacts.__dataclass_fields__))
        whole, _, part = (self.floor_area or "0").partition(".")
        return EstateFacts(**values, floor_area_centi=int(whole) * 100 + int((part + "00")[:2]) or None)


class CreateEstateIn(EstateFactsIn):
    """A new estate in a community."""

    organisation_id: Id
    code: Code


class EstateLineOut(BaseModel):
    """An estate in a list."""

    id: str
    organisation_id: str
    code: str
    name: str
    address: str | None
    built_year: int | None
    is_synthetic: bool


class EstateListOut(BaseModel):
    """A page of estates."""

    items: list[EstateLineOut]
    next: str | None = None

    @classmethod
    def of(cls, estates: Sequence[Estate], limit: int) -> EstateListOut:
        """Build from one row more than a page."""
        page = [
            EstateLineOut(**{name: getattr(estate, name) for name in EstateLineOut.model_fields})
            for estate in estates[:limit]
        ]
        return cls(items=page, next=page[-1].id if len(estates) > limit else None)


class EstateOut(BaseModel):
    """An estate with its sums; send ``version`` as ``If-Match`` to change it."""

    id: str
    version: int
    code: str
    name: str
    address: str | None
    organisation_id: str
    organisation_name: str
    built_year: int | None
    estate_type: str | None
    is_dangerous: bool
    is_shantytown_plan: bool
    is_self_built: bool
    is_synthetic: bool
    floor_area: str | None
    exclusive_area: str
    buildings: int
    dwellings: int
    households: int

    @classmethod
    def of(cls, card: EstateCard) -> EstateOut:
        """Build from the registry's card."""
        facts = card.facts
        values = {name: getattr(card, name) for name in cls.model_fields if hasattr(card, name)}
        values |= {name: getattr(facts, name) for name in cls.model_fields if hasattr(facts, name)}
        floor = area_text(facts.floor_area_centi) if facts.floor_area_centi else None
        return cls(**values, floor_area=floor, exclusive_area=area_text(facts.exclusive_area_centi))


class EstatePointIn(StrictModel):
    """The middle of an estate as maps in China show it (GCJ-02, millionths of a degree) and its reach in metres."""

    lat_e6: Annotated[int, Field(ge=-90_000_000, le=90_000_000)]
    lon_e6: Annotated[int, Field(ge=-180_000_000, le=180_000_000)]
    reach_m: Annotated[int, Field(ge=LEAST_REACH, le=MOST_REACH)] = 300

    def command(self, estate_id: str) -> SetEstatePoint:
        """Return the service's command."""
        return SetEstatePoint(estate_id, (self.lat_e6, self.lon_e6), self.reach_m)


class EstatePointOut(BaseModel):
    """Where an estate lies (GCJ-02)."""

    lat_e6: int
    lon_e6: int
    reach_m: int

    @classmethod
    def of(cls, found: Circle) -> EstatePointOut:
        """Build from the registry's answer."""
        return cls(lat_e6=found.middle[0], lon_e6=found.middle[1], reach_m=found.reach_m)


class EntranceOut(BaseModel):
    """A 单元."""

    id: str
    code: str
    label: str


class BuildingOut(BaseModel):
    """A 楼栋 with its entrances and number of dwellings."""

    id: str
    code: str
    label: str
    entrances: list[EntranceOut]
    dwellings: int


class BuildingListOut(BaseModel):
    """All buildings of an estate."""

    items: list[BuildingOut]

    @classmethod
    def of(cls, rows: list[tuple[Building, list[Entrance], int]]) -> BuildingListOut:
        """Build from the service's answer."""
        items = []
        for building, entrances, count in rows:
            inner = [
                EntranceOut(id=entrance.id, code=entrance.code, label=entrance_label(entrance.code))
                for entrance in sorted(entrances, key=lambda item: (len(item.code), item.code))
            ]
            label = building_label(building.code)
            items.append(
                BuildingOut(id=building.id, code=building.code, label=label, entrances=inner, dwellings=count)
            )
        return cls(items=items)


class DwellingQuery(RegistryPageQuery):
    """Which dwellings; a steward names their building."""

    building_id: Id | None = None
    entrance_id: Id | None = None
    use: Use | None = None
    owner_kind: OwnerKind | None = None
    state: Literal["active", "removed"] = "active"


class DwellingOut(BaseModel):
    """A dwelling; ``owner_name`` is masked for whoever may not see names."""

    id: str
    label: str
    building_id: str
    entrance_id: str | None
    use: str
    exclusive_area: str
    area_source: str
    is_household: bool
    state: str
    owner_id: str
    owner_kind: str
    owner_name: str

    @classmethod
    def of(cls, line: DwellingLine) -> DwellingOut:
        """Build from the service's answer."""
        row = line.dwelling
        values = {name: getattr(row, name) for name in cls.model_fields if hasattr(row, name)}
        return cls(
            **values,
            label=line.label,
            exclusive_area=area_text(row.exclusive_area_centi),
            owner_kind=line.owner_kind,
            owner_name=line.owner_name,
        )


class DwellingListOut(BaseModel):
    """A page of dwellings."""

    items: list[DwellingOut]
    next: str | None = None

    @classmethod
    def of(cls, lines: Sequence[DwellingLine], limit: int) -> DwellingListOut:
        """Build from one row more than a page."""
        page = [DwellingOut.of(line) for line in lines[:limit]]
        return cls(items=page, next=page[-1].id if len(lines) > limit else None)


class OwnerPersonOut(BaseModel):
    """Somebody the registry knows at a dwelling."""

    role: str
    name: str
    phone: str | None


class DwellingDetailOut(DwellingOut):
    """A dwelling with its people; ``is_masked`` where the caller may not see them in full."""

    people: list[OwnerPersonOut]
    is_masked: bool

    @classmethod
    def of_detail(cls, detail: DwellingDetail) -> DwellingDetailOut:
        """Build from the service's answer."""
        people = [OwnerPersonOut(role=who.role, name=who.name, phone=who.phone) for who in detail.people]
        line = DwellingOut.of(detail.line).model_dump()
        return cls(**line, people=people, is_masked=detail.is_masked)


class ImportIn(StrictModel):
    """An uploaded file; without an estate every row names its estate's code."""

    organisation_id: Id
    estate_id: Id | None = None
    file_sha256: Sha256
    file_name: Name
    is_dry_run: bool = False
    removes_missing: bool = False


class ImportQuery(RegistryPageQuery):
    """Imports of a community."""

    organisation_id: Id


class ImportLineOut(BaseModel):
    """An import and how far it is."""

    id: str
    organisation_id: str
    estate_id: str | None
    file_name: str
    is_dry_run: bool
    removes_missing: bool
    state: str
    progress_done: int
    progress_total: int
    created_at: datetime
    finished_at: datetime | None

    @classmethod
    def of(cls, run: ImportRun) -> ImportLineOut:
        """Build from a row."""
        return cls(**{name: getattr(run, name) for name in ImportLineOut.model_fields})


class ImportOut(ImportLineOut):
    """An import with its report: errors and warnings by row and column, the difference in counts and lines."""

    report: dict[str, Any] | None

    @classmethod
    def of(cls, run: ImportRun) -> ImportOut:
        """Build from a row."""
        return cls(**ImportLineOut.of(run).model_dump(), report=run.report)


class ImportListOut(BaseModel):
    """A page of imports, newest first."""

    items: list[ImportLineOut]
    next: str | None = None

    @classmethod
    def of(cls, rows: Sequence[ImportRun], limit: int) -> ImportListOut:
        """Build from one row more than a page."""
        page = [ImportLineOut.of(run) for run in rows[:limit]]
        return cls(items=page, next=page[-1].id if len(rows) > limit else None)


class DisplayIn(StrictModel):
    """First and last day, both included."""

    starts_on: Annotated[date, Field(strict=False)]
    ends_on: Annotated[date, Field(strict=False)]


class DisplayOut(BaseModel):
    """A display of the roll to its own members."""

    id: str
    estate_id: str
    starts_on: date
    ends_on: date

    @classmethod
    def of(cls, row: RollDisplay) -> DisplayOut:
        """Build from a row."""
        return cls(id=row.id, estate_id=row.estate_id, starts_on=row.starts_on, ends_on=row.ends_on)
