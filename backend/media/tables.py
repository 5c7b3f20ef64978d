"""Photos and videos, and WeChat's verdicts on photos."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import CheckConstraint, Index, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime

_UNATTACHED = text("subject_id IS NULL")
_ATTACHED = text("subject_id IS NOT NULL")
_CHECKING = text("state = 'checking'")


class MediaFile(SQLModel, table=True):
    """A cleaned photo or video; its bytes lie in the storage as ``pieces``: variant → digests in order.

    ``source_sha256`` is of the file as it came, to know a repetition; sides in pixels, ``size`` in bytes.
    """

    __tablename__ = "media_file"
    __table_args__ = (
        CheckConstraint("kind IN ('photo', 'video')", name="media_file_kind"),
        CheckConstraint("uploader_kind IN ('resident', 'staff')", name="media_file_uploader"),
        CheckConstraint("state IN ('checking', 'passed', 'review', 'risky')", name="media_file_state"),
        CheckConstraint("(kind = 'video') = (duration_ms IS NOT NULL)", name="media_file_duration"),
        CheckConstraint("size > 0 AND width > 0 AND height > 0", name="media_file_measures"),
        CheckConstraint(
            "(subject_id IS NULL) = (subject_kind IS NULL) AND (subject_id IS NULL) = (position IS NULL)"
            " AND (subject_id IS NULL) = (attached_at IS NULL)",
            name="media_file_attached",
        ),
        CheckConstraint("position BETWEEN 0 AND 8", name="media_file_position"),
        # A video stands in place 0, which a photo would take first: never both, however they race.
        CheckConstraint("kind = 'photo' OR position IS NULL OR position = 0", name="media_file_video"),
        CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="media_file_decided"),
        Index("media_file_key", "account_id", "idempotency_key", unique=True),
        Index("media_file_day", "account_id", "created_at"),
        Index("media_file_trace", "trace_id", unique=True),
        Index("media_file_review", "estate_id", "state", "created_at"),
        Index(
            "media_file_subject",
            "subject_kind",
            "subject_id",
            "position",
            unique=True,
            sqlite_where=_ATTACHED,
            postgresql_where=_ATTACHED,
        ),
        Index("media_file_loose", "created_at", sqlite_where=_UNATTACHED, postgresql_where=_UNATTACHED),
        Index("media_file_checking", "created_at", sqlite_where=_CHECKING, postgresql_where=_CHECKING),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    uploader_kind: str
    estate_id: str = Field(foreign_key="estate.id")
    kind: str
    content_type: str
    sha256: str
    source_sha256: str
    size: int
    width: int
    height: int
    duration_ms: int | None = None
    pieces: dict[str, Any] = Field(sa_type=JsonText)
    state: str
    trace_id: str | None = None
    asks: int = 0
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = None
    subject_kind: str | None = None
    subject_id: str | None = None
    position: int | None = None
    attached_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    # What it hangs on is kept from those near the place: so is the file.
    is_restricted: bool = False
    # Shows papers: hangs on a request for a binding only, and only who decides that sees it.
    is_proof: bool = False
    idempotency_key: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class MediaVerdict(SQLModel, table=True):
    """WeChat's suggestion about what it was asked under ``trace_id``; it may come before we noted the trace."""

    __tablename__ = "media_verdict"

    trace_id: str = Field(primary_key=True)
    suggestion: str
    at: datetime = Field(sa_type=UtcDateTime)
