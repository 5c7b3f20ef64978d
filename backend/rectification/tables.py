"""Works items with their warranties, the rectification register, its evidence and its history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime

STATES = "'open', 'in_progress', 'submitted', 'verified', 'closed_out', 'reopened'"
SOURCES = (
    "'complaint', 'inspection', 'audit', 'supervision', 'petition', 'media', 'warning', 'follow_up', 'other'"
)


class WorksItem(SQLModel, table=True):
    """A piece of works in an estate, with its warranty from acceptance and the terms it was reckoned by."""

    __tablename__ = "works_item"
    __table_args__ = (
        UniqueConstraint("estate_id", "code", name="works_item_code"),
        CheckConstraint("category IN ('basic', 'completing', 'upgrading')", name="works_item_category"),
        CheckConstraint("(accepted_on IS NULL) = (warranty_ends_on IS NULL)", name="works_item_clock"),
        CheckConstraint("warranty_ends_on > accepted_on", name="works_item_days"),
        CheckConstraint("(agreed_number IS NULL) = (agreed_document IS NULL)", name="works_item_agreed"),
        Index("works_item_list", "organisation_path", "created_at"),
        Index("works_item_expiry", "warranty_ends_on"),
        Index("works_item_key", "created_by", "idempotency_key", unique=True),
    )

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    # Copied, so that lists over a subtree are one range of one index.
    organisation_id: str = Field(foreign_key="organisation.id")
    organisation_path: str
    estate_name: str
    code: str
    category: str
    name: str
    contractor: str
    accepted_on: date | None = None
    warranty_kind: str
    agreed_number: int | None = None
    agreed_document: str | None = None
    warranty_ends_on: date | None = None
    terms: Any = Field(default=None, sa_type=JsonText, nullable=True)
    version: int = 1
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    idempotency_key: str


class WarrantyReminder(SQLModel, table=True):
    """A reminder that went out: once per works item, end date and stage."""

    __tablename__ = "warranty_reminder"
    __table_args__ = (
        UniqueConstraint("works_item_id", "ends_on", "days_before", name="warranty_reminder_once"),
    )

    id: str = Field(primary_key=True)
    works_item_id: str = Field(foreign_key="works_item.id")
    ends_on: date
    days_before: int
    sent_at: datetime = Field(sa_type=UtcDateTime)


class RectificationCounter(SQLModel, table=True):
    """The last number given in an estate's register."""

    __tablename__ = "rectification_counter"

    estate_id: str = Field(primary_key=True, foreign_key="estate.id")
    last: int


class RectificationItem(SQLModel, table=True):
    """One line of an estate's register (整改台账); people are sealed, the verifier is neither responsible nor submitter."""

    __tablename__ = "rectification_item"
    __table_args__ = (
        UniqueConstraint("estate_id", "number", name="rectification_item_number"),
        CheckConstraint(f"state IN ({STATES})", name="rectification_item_state"),
        CheckConstraint(f"source IN ({SOURCES})", name="rectification_item_source"),
        CheckConstraint(
            "(state IN ('verified', 'closed_out')) = (verified_at IS NOT NULL)",
            name="rectification_item_verified",
        ),
        CheckConstraint(
            "(state = 'closed_out') = (closed_out_on IS NOT NULL)", name="rectification_item_closed"
        ),
        CheckConstraint(
            "(state IN ('submitted', 'verified', 'closed_out')) = (submitted_at IS NOT NULL)",
            name="rectification_item_submitted",
        ),
        # Only a register kept on paper before may name a verifier without an account.
        CheckConstraint(
            "verified_at IS NULL OR verified_by IS NOT NULL OR (is_imported AND verifier_sealed IS NOT NULL)",
            name="rectification_item_verifier",
        ),
        CheckConstraint(
            "verified_by IS NULL OR responsible_account IS NULL OR verified_by <> responsible_account",
            name="rectification_item_not_responsible",
        ),
        CheckConstraint(
            "verified_by IS NULL OR submitted_by IS NULL OR verified_by <> submitted_by",
            name="rectification_item_not_submitter",
        ),
        Index("rectification_item_newest", "created_at", "id"),
        Index("rectification_item_list", "organisation_path", "created_at"),
        Index("rectification_item_estate", "estate_id", "created_at"),
        Index(
            "rectification_item_due",
            "due_on",
            postgresql_where=text("state <> 'closed_out'"),
            sqlite_where=text("state <> 'closed_out'"),
        ),
        Index("rectification_item_reference", "source", "source_reference"),
        Index("rectification_item_key", "created_by", "idempotency_key", unique=True),
    )

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    organisation_id: str = Field(foreign_key="organisation.id")
    organisation_path: str
    estate_name: str
    number: str
    source: str
    source_reference: str | None = None
    works_item_id: str | None = Field(default=None, foreign_key="works_item.id")
    problem: str
    place: str
    place_sealed: str | None = None
    responsible_party: str
    responsible_person_sealed: str | None = None
    responsible_account: str | None = Field(default=None, foreign_key="account.id")
    measures: str
    found_on: date
    due_on: date
    state: str = "open"
    round: int = 1
    submitted_by: str | None = None
    submitted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    verified_by: str | None = None
    verifier_sealed: str | None = None
    verified_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_out_on: date | None = None
    is_imported: bool = False
    # The due date of which the register's keepers were told; a new date is told anew.
    due_soon_told: date | None = None
    overdue_told: date | None = None
    version: int = 1
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)
    idempotency_key: str | None = None


class RectificationEvidence(SQLModel, table=True):
    """What shows the place before or after the work; ``round`` is the attempt it belongs to."""

    __tablename__ = "rectification_evidence"
    __table_args__ = (
        CheckConstraint("phase IN ('before', 'after')", name="rectification_evidence_phase"),
        Index("rectification_evidence_of", "item_id", "round"),
        Index(
            "rectification_evidence_once",
            "item_id",
            "round",
            "phase",
            "media_id",
            unique=True,
            postgresql_where=text("withdrawn_at IS NULL"),
            sqlite_where=text("withdrawn_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    item_id: str = Field(foreign_key="rectification_item.id")
    phase: str
    round: int
    media_id: str = Field(foreign_key="media_file.id")
    added_by: str
    added_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_by: str | None = None
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class RectificationStep(SQLModel, table=True):
    """What happened to an item; rows are only ever added (trigger)."""

    __tablename__ = "rectification_step"
    __table_args__ = (UniqueConstraint("item_id", "version", name="rectification_step_version"),)

    id: str = Field(primary_key=True)
    item_id: str = Field(foreign_key="rectification_item.id")
    version: int
    step: str
    state: str
    by: str
    at: datetime = Field(sa_type=UtcDateTime)
    words_sealed: str | None = None
