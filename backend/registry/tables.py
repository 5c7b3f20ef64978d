"""Organisations, estates, buildings, entrances, dwellings, owners."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime


class Organisation(SQLModel, table=True):
    """A node of province › city › county › town/street › community; ``path`` is ``/id/id/`` from the root."""

    __tablename__ = "organisation"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('province', 'city', 'county', 'town', 'community')", name="organisation_kind"
        ),
        UniqueConstraint("parent_id", "code", name="organisation_code"),
        Index("organisation_path", "path", unique=True),
    )

    id: str = Field(primary_key=True)
    parent_id: str | None = Field(default=None, foreign_key="organisation.id")
    path: str
    kind: str
    code: str
    name: str


class Estate(SQLModel, table=True):
    """A 小区; belongs to one community."""

    __tablename__ = "estate"
    __table_args__ = (
        UniqueConstraint("organisation_id", "code", name="estate_code"),
        CheckConstraint("floor_area_centi IS NULL OR floor_area_centi > 0", name="estate_area"),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id", index=True)
    code: str
    name: str
    address: str | None = None
    built_year: int | None = None
    # Building area as documents state it; never used for counting, which sums exclusive areas.
    floor_area_centi: int | None = Field(default=None, sa_type=BigInteger)
    estate_type: str | None = None
    is_dangerous: bool = False
    is_shantytown_plan: bool = False
    is_self_built: bool = False
    is_synthetic: bool = False
    version: int = 1
    created_at: datetime = Field(sa_type=UtcDateTime)


class EstatePoint(SQLModel, table=True):
    """Where an estate lies: the middle (GCJ-02, millionths of a degree) and how far it reaches, in metres."""

    __tablename__ = "estate_point"
    __table_args__ = (
        CheckConstraint("reach_m BETWEEN 20 AND 5000", name="estate_point_reach"),
        Index("estate_point_place", "lat_e6", "lon_e6"),
    )

    estate_id: str = Field(primary_key=True, foreign_key="estate.id")
    lat_e6: int
    lon_e6: int
    reach_m: int
    set_by: str
    set_at: datetime = Field(sa_type=UtcDateTime)


class Building(SQLModel, table=True):
    """A 楼栋."""

    __tablename__ = "building"
    __table_args__ = (UniqueConstraint("estate_id", "code", name="building_code"),)

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    code: str
    built_year: int | None = None


class Entrance(SQLModel, table=True):
    """A 单元."""

    __tablename__ = "entrance"
    __table_args__ = (UniqueConstraint("building_id", "code", name="entrance_code"),)

    id: str = Field(primary_key=True)
    building_id: str = Field(foreign_key="building.id")
    code: str


class Owner(SQLModel, table=True):
    """One head: a person, a co-owner group, a 产权单位, an organisation, or the developer's stock.

    ``key`` is the stable key of the import within the estate: homonyms are not merged.
    """

    __tablename__ = "owner"
    __table_args__ = (
        UniqueConstraint("estate_id", "key", name="owner_key"),
        CheckConstraint(
            "kind IN ('person', 'co_owners', 'property_unit', 'organisation', 'developer_stock')",
            name="owner_kind",
        ),
    )

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    key: str
    kind: str
    name_sealed: str


class OwnerMember(SQLModel, table=True):
    """A natural person behind an owner: the owner, a co-owner, or the named representative."""

    __tablename__ = "owner_member"
    __table_args__ = (
        Index("owner_member_owner", "owner_id"),
        Index("owner_member_phone", "phone_index"),
    )

    id: str = Field(primary_key=True)
    owner_id: str = Field(foreign_key="owner.id")
    name_sealed: str
    phone_sealed: str | None = None
    phone_index: str | None = None
    is_representative: bool = False


class Dwelling(SQLModel, table=True):
    """A dwelling, shop or unit with its exclusive area (0.01 m²) and owner."""

    __tablename__ = "dwelling"
    __table_args__ = (
        UniqueConstraint("estate_id", "building_id", "entrance_id", "code", name="dwelling_code"),
        UniqueConstraint("estate_id", "key", name="dwelling_key"),
        CheckConstraint("exclusive_area_centi > 0", name="dwelling_area"),
        CheckConstraint("area_source IN ('registration', 'survey', 'contract')", name="dwelling_area_source"),
        CheckConstraint("use IN ('residential', 'shop', 'office', 'parking', 'other')", name="dwelling_use"),
        CheckConstraint("state IN ('active', 'removed')", name="dwelling_state"),
        Index("dwelling_owner", "owner_id"),
        Index("dwelling_building", "building_id"),
    )

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    building_id: str = Field(foreign_key="building.id")
    entrance_id: str | None = Field(default=None, foreign_key="entrance.id")
    # Stable key of the import: building/entrance/door, e.g. "3/2/501".
    key: str
    code: str
    use: str
    exclusive_area_centi: int = Field(sa_type=BigInteger)
    area_source: str
    is_household: bool
    owner_id: str = Field(foreign_key="owner.id")
    state: str = "active"


class Tenant(SQLModel, table=True):
    """A resident of a dwelling who does not own it; a 公房承租人 (``public``) may take part in canvasses."""

    __tablename__ = "tenant"
    __table_args__ = (
        Index("tenant_dwelling", "dwelling_id"),
        Index("tenant_phone", "phone_index"),
        CheckConstraint("kind IN ('family', 'tenant', 'public')", name="tenant_kind"),
    )

    id: str = Field(primary_key=True)
    dwelling_id: str = Field(foreign_key="dwelling.id")
    kind: str
    name_sealed: str
    phone_sealed: str | None = None
    phone_index: str | None = None


class RollDisplay(SQLModel, table=True):
    """The roll shown to its own members for checking, before it is frozen."""

    __tablename__ = "roll_display"
    __table_args__ = (
        CheckConstraint("ends_on >= starts_on", name="roll_display_dates"),
        Index("roll_display_estate", "estate_id"),
    )

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    starts_on: date
    ends_on: date
    opened_by: str
    opened_at: datetime = Field(sa_type=UtcDateTime)


class ImportRun(SQLModel, table=True):
    """One import as a job: progress for the reader, a full report, all or nothing."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint(
            "state IN ('queued', 'running', 'done', 'refused', 'failed')", name="import_run_state"
        ),
        UniqueConstraint("created_by", "idempotency_key", name="import_run_idempotency"),
        Index("import_run_organisation", "organisation_id", "created_at"),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    estate_id: str | None = Field(default=None, foreign_key="estate.id")
    # Code and name of an estate that this import founds, together with its first rows or not at all.
    new_estate: Any = Field(default=None, sa_type=JsonText, nullable=True)
    file_sha256: str
    file_name: str
    is_dry_run: bool
    removes_missing: bool = False
    state: str
    attempts: int = 0
    progress_done: int = 0
    progress_total: int = 0
    report: Any = Field(default=None, sa_type=JsonText, nullable=True)
    created_by: str
    idempotency_key: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
