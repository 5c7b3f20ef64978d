"""Responsible parties (责任单位) and the staff who act for them."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime

PARTY_KINDS = "'community', 'contractor', 'supervisor', 'property_company', 'utility', 'department', 'other'"


class ResponsibleParty(SQLModel, table=True):
    """A unit to which complaints are dispatched, within an organisation's subtree."""

    __tablename__ = "responsible_party"
    __table_args__ = (
        UniqueConstraint("organisation_id", "name", name="responsible_party_name"),
        CheckConstraint(f"kind IN ({PARTY_KINDS})", name="responsible_party_kind"),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    organisation_path: str
    kind: str
    name: str
    is_active: bool = True
    version: int = 1
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class PartyMember(SQLModel, table=True):
    """A staff account that acts for a party; ended, never deleted."""

    __tablename__ = "party_member"
    __table_args__ = (
        Index(
            "party_member_once",
            "party_id",
            "account_id",
            unique=True,
            postgresql_where=text("ended_at IS NULL"),
            sqlite_where=text("ended_at IS NULL"),
        ),
        Index("party_member_account", "account_id"),
    )

    id: str = Field(primary_key=True)
    party_id: str = Field(foreign_key="responsible_party.id")
    account_id: str = Field(foreign_key="account.id")
    added_by: str
    added_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
