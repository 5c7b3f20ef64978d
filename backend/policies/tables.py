"""Profiles adopted by an organisation and the numbers the locality has set."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime


class ProfileAdoption(SQLModel, table=True):
    """An organisation adopts a profile (e.g. ``gansu-2022``) for its subtree, by a named document."""

    __tablename__ = "profile_adoption"
    __table_args__ = (
        Index(
            "profile_adoption_one",
            "organisation_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    profile: str
    document_title: str
    document_sha256: str | None = None
    adopted_by: str
    adopted_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class LocalNumber(SQLModel, table=True):
    """A number or reading that a rule leaves to the locality: value, who set it, by which document, from when."""

    __tablename__ = "local_number"
    __table_args__ = (
        Index(
            "local_number_one",
            "organisation_id",
            "rule_id",
            "name",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    rule_id: str
    name: str
    value: str
    document_title: str
    document_sha256: str | None = None
    valid_from: date
    set_by: str
    set_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class CalendarYear(SQLModel, table=True):
    """The free and make-up working days of a year that the product does not ship, entered from the State's notice."""

    __tablename__ = "calendar_year"
    __table_args__ = (CheckConstraint("year BETWEEN 2026 AND 2100", name="calendar_year_range"),)

    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    source: str
    holidays: Any = Field(sa_type=JsonText)
    workdays: Any = Field(sa_type=JsonText)
    loaded_by: str
    loaded_at: datetime = Field(sa_type=UtcDateTime)
