"""Complaints, the people behind them kept apart, and their append-only history."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, Text, UniqueConstraint, text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime

SOURCES = (
    "'mini_program', 'chat', 'telephone', 'walk_in', 'inspection', 'audit', 'supervision', 'petition', "
    "'media', 'warning', 'open311'"
)
NATURES = "'complaint', 'emergency', 'petition', 'accusation', 'lawsuit'"
STATES = (
    "'registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'resolved', 'followed_up', 'closed', "
    "'reopened', 'merged', 'transferred', 'declined', 'withdrawn'"
)
CLASSES = "'emergency', 'enquiry', 'ordinary', 'complex'"
OPEN_STATES = "'registered', 'accepted', 'dispatched', 'in_progress', 'returned', 'reopened'"
# All that the figures read, and what tells who may read them.
FIGURES = [
    "organisation_path",
    "estate_id",
    "party_id",
    "category",
    "time_class",
    "nature",
    "state",
    "is_restricted",
    "about_party_id",
    "about_account_id",
    "respond_by_at",
    "responded_at",
    "resolved_at",
    "due_at",
    "minutes_to_accept",
    "minutes_to_resolve",
    "reopenings",
    "is_solved",
    "is_satisfied",
    "repeats_place",
    "repeats_reporter",
]
_IS_OPEN = f"state IN ({OPEN_STATES})"
# What outsiders may list: written out, so that the index and the query are seen to say the same.
PUBLISHED = (
    "NOT is_restricted AND disclosure <> 'confidential' AND nature <> 'accusation' AND category <> 'conduct'"
)
# Steps that are news to outsiders.
NEWS = (
    "action IN ('accept', 'start', 'resolve', 'close', 'reopen', 'merge', 'transfer', 'decline', 'withdraw')"
)


class Complaint(SQLModel, table=True):
    """One complaint as it stands; every change adds a step whose position is the new version.

    ``words`` is redacted, ``words_for_party`` also of what would tell a hidden reporter, ``words_sealed`` is what
    was said. ``grams`` are the character pairs that are searched. Points are GCJ-02, in millionths of a degree.
    """

    __tablename__ = "complaint"
    __table_args__ = (
        UniqueConstraint("number", name="complaint_number"),
        UniqueConstraint("idempotency_index", name="complaint_idempotency"),
        CheckConstraint(f"source IN ({SOURCES})", name="complaint_source"),
        CheckConstraint(f"nature IN ({NATURES})", name="complaint_nature"),
        CheckConstraint(f"state IN ({STATES})", name="complaint_state"),
        CheckConstraint(f"time_class IN ({CLASSES})", name="complaint_time_class"),
        CheckConstraint("disclosure IN ('named', 'confidential', 'anonymous')", name="complaint_disclosure"),
        CheckConstraint("clock_unit IS NULL OR clock_unit IN ('wd', 'd', 'h')", name="complaint_clock_unit"),
        CheckConstraint("(state = 'merged') = (merged_into_id IS NOT NULL)", name="complaint_merged"),
        CheckConstraint("(paused_at IS NULL) = (pause_reason IS NULL)", name="complaint_paused"),
        CheckConstraint(
            "state NOT IN ('dispatched', 'in_progress') OR party_id IS NOT NULL", name="complaint_dispatched"
        ),
        CheckConstraint("(lat_e6 IS NULL) = (lon_e6 IS NULL)", name="complaint_point"),
        CheckConstraint(
            "outcome IS NULL OR outcome IN ('confirmed', 'unanswered', 'unsatisfied')",
            name="complaint_outcome",
        ),
        Index("complaint_newest", "registered_at", "id"),
        # A subtree is a prefix: whatever the database's collation, this index answers LIKE.
        Index(
            "complaint_area",
            "organisation_path",
            "registered_at",
            postgresql_ops={"organisation_path": "text_pattern_ops"},
        ),
        Index("complaint_estate", "estate_id", "registered_at"),
        Index("complaint_state", "state", "registered_at"),
        Index("complaint_party", "party_id", "registered_at"),
        Index("complaint_ticket", "ticket_number"),
        Index("complaint_merged_into", "merged_into_id"),
        Index("complaint_open_due", "due_at", postgresql_where=text(_IS_OPEN), sqlite_where=text(_IS_OPEN)),
        Index("complaint_to_warn", "warn_at", postgresql_where=text(_IS_OPEN), sqlite_where=text(_IS_OPEN)),
        Index(
            "complaint_supervised",
            "registered_at",
            postgresql_where=text("is_supervised"),
            sqlite_where=text("is_supervised"),
        ),
        Index(
            "complaint_handed_up",
            "registered_at",
            postgresql_where=text("handed_up_at IS NOT NULL"),
            sqlite_where=text("handed_up_at IS NOT NULL"),
        ),
        Index(
            "complaint_to_respond",
            "respond_by_at",
            postgresql_where=text("responded_at IS NULL"),
            sqlite_where=text("responded_at IS NULL"),
        ),
        Index(
            "complaint_published",
            "category",
            "registered_at",
            "id",
            postgresql_where=text(PUBLISHED),
            sqlite_where=text(PUBLISHED),
        ),
        # The figures are counted from this index alone; SQLite has no such index and keeps an empty one.
        Index(
            "complaint_figures",
            "registered_at",
            postgresql_include=FIGURES,
            sqlite_where=text("0"),
        ),
        # SQLite cannot search inside a list: its index is empty and costs nothing.
        Index("complaint_grams", "grams", postgresql_using="gin", sqlite_where=text("0")),
    )

    id: str = Field(primary_key=True)
    number: str
    organisation_id: str = Field(foreign_key="organisation.id")
    organisation_path: str
    estate_id: str | None = Field(default=None, foreign_key="estate.id")
    building_id: str | None = Field(default=None, foreign_key="building.id")
    # Copied: lists and the tracker name the place without asking row by row.
    place_label: str
    place_words: str = ""
    lat_e6: int | None = None
    lon_e6: int | None = None
    works_item_id: str | None = None
    source: str
    ticket_number: str | None = None
    nature: str
    category: str
    time_class: str
    disclosure: str
    is_restricted: bool = False
    words: str
    words_for_party: str
    words_sealed: str
    grams: Any = Field(sa_type=ARRAY(Text).with_variant(JsonText, "sqlite"))
    state: str = "registered"
    version: int = 1
    registered_at: datetime = Field(sa_type=UtcDateTime)
    # First-receiver responsibility (首接负责): who took it in answers for it until a party has taken it.
    first_receiver_id: str | None = None
    party_id: str | None = Field(default=None, foreign_key="responsible_party.id")
    about_party_id: str | None = Field(default=None, foreign_key="responsible_party.id")
    about_account_id: str | None = None
    # Handed up by somebody near it, and about whom they think it is: for those who decide, hidden from nobody yet.
    handed_up_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    handed_up_about_id: str | None = None
    # Since when somebody above looks again at a report that was declined.
    disputed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    merged_into_id: str | None = Field(default=None, foreign_key="complaint.id")
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    responded_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    dispatched_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolved_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    respond_by_at: datetime = Field(sa_type=UtcDateTime)
    clock_unit: str | None = None
    clock_left: int | None = None
    clock_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # The clock stands as it was granted for this round; its pauses and extensions since, in their order.
    clock_course: Any = Field(default=None, sa_type=JsonText, nullable=True)
    paused_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    pause_reason: str | None = None
    # The pauses that are over, of every round.
    paused_seconds: int = 0
    # How long it took, kept for the figures: to the last result, pauses left out.
    minutes_to_accept: int | None = None
    minutes_to_resolve: int | None = None
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    warn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_due_provisional: bool = False
    is_respond_provisional: bool = False
    # The due date that was warned of or missed: a new due date is warned of anew.
    warned_for: datetime | None = Field(default=None, sa_type=UtcDateTime)
    overdue_for: datetime | None = Field(default=None, sa_type=UtcDateTime)
    is_response_overdue: bool = False
    extensions: int = 0
    reopenings: int = 0
    is_supervised: bool = False
    is_solved: bool | None = None
    is_satisfied: bool | None = None
    outcome: str | None = None
    # Found when it was registered, for the figures and shown nowhere else (rules.statistics).
    repeats_place: bool = False
    repeats_reporter: bool = False
    idempotency_index: str | None = None


class ComplaintReporter(SQLModel, table=True):
    """Who reported; no list, search or export joins this table. Anonymous: only a code's blind index."""

    __tablename__ = "complaint_reporter"
    __table_args__ = (
        UniqueConstraint("complaint_id", name="complaint_reporter_one"),
        Index("complaint_reporter_account", "account_id", "complaint_id"),
        Index("complaint_reporter_phone", "phone_index"),
    )

    id: str = Field(primary_key=True)
    complaint_id: str = Field(foreign_key="complaint.id")
    account_id: str | None = Field(default=None, foreign_key="account.id")
    name_sealed: str | None = None
    phone_sealed: str | None = None
    phone_index: str | None = None
    code_index: str | None = None


class AnonymousDay(SQLModel, table=True):
    """How many anonymous reports came from one person on a day; ``day_index`` is blind, the row goes with the day."""

    __tablename__ = "complaint_anonymous_day"
    __table_args__ = (
        CheckConstraint("reports >= 1", name="complaint_anonymous_day_counted"),
        Index("complaint_anonymous_day_on", "reported_on"),
    )

    day_index: str = Field(primary_key=True)
    reported_on: date
    reports: int


class ComplaintStep(SQLModel, table=True):
    """One thing that was done; rows never change (trigger). Positions are 1, 2, 3 … without gaps."""

    __tablename__ = "complaint_step"
    __table_args__ = (
        UniqueConstraint("complaint_id", "position", name="complaint_step_position"),
        CheckConstraint(f"to_state IN ({STATES})", name="complaint_step_state"),
        CheckConstraint("position >= 1", name="complaint_step_first"),
        Index("complaint_step_news", "at", "id", postgresql_where=text(NEWS), sqlite_where=text(NEWS)),
    )

    id: str = Field(primary_key=True)
    complaint_id: str = Field(foreign_key="complaint.id")
    position: int
    at: datetime = Field(sa_type=UtcDateTime)
    action: str
    from_state: str | None = None
    to_state: str
    doer: str
    # Staff only: a reporter leaves no identity in the history.
    actor_id: str | None = None
    party_id: str | None = None
    # Redacted before it is written; told to the reporter where ``is_told``.
    words: str = ""
    is_told: bool = False
    due_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    facts: Any = Field(sa_type=JsonText)
