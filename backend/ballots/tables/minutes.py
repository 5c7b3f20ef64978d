"""The minutes of count day: who counted, where and when, and the sheet that was signed."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime

_DRAFT = text("state = 'draft'")


class CountMinutes(SQLModel, table=True):
    """One edition of a ballot's 计票记录: a draft until its signed sheet is bound by hash, then unchanged (trigger).

    ``edition`` counts from 1, a correction is the next one and says why; ``version`` goes with every change of a draft
    and of the result printed on it.
    ``people_sealed``: JSON of names by office; ``scrutineers`` is how many of them supervised, the only thing published.
    """

    __tablename__ = "count_minutes"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'signed')", name="count_minutes_state"),
        CheckConstraint("(state = 'signed') = (document_sha256 IS NOT NULL)", name="count_minutes_signed"),
        CheckConstraint("(document_sha256 IS NULL) = (signed_at IS NULL)", name="count_minutes_signed_at"),
        CheckConstraint("(edition = 1) = (reason_sealed IS NULL)", name="count_minutes_reason"),
        CheckConstraint("scrutineers >= 1", name="count_minutes_scrutineers"),
        CheckConstraint("counted_until >= counted_from", name="count_minutes_course"),
        CheckConstraint(
            "(sample_confirmed IS NULL) = (sample_disputed IS NULL)", name="count_minutes_sample"
        ),
        UniqueConstraint("ballot_id", "edition", name="count_minutes_edition"),
        UniqueConstraint("ballot_id", "document_sha256", name="count_minutes_document"),
        UniqueConstraint("recorded_by", "idempotency_key", name="count_minutes_idempotency"),
        Index("count_minutes_draft", "ballot_id", unique=True, postgresql_where=_DRAFT, sqlite_where=_DRAFT),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    edition: int
    version: int = 1
    state: str = "draft"
    scrutineers: int
    people_sealed: str
    place_sealed: str
    words_sealed: str | None = None
    reason_sealed: str | None = None
    counted_from: datetime = Field(sa_type=UtcDateTime)
    counted_until: datetime = Field(sa_type=UtcDateTime)
    sample_confirmed: int | None = None
    sample_disputed: int | None = None
    document_sha256: str | None = None
    signed_by: str | None = None
    signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    recorded_by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)
    idempotency_key: str
