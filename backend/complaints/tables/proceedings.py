"""What happens beside the life cycle: extensions asked for, mediation, the question after the work."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime


class ComplaintExtension(SQLModel, table=True):
    """An extension asked for by the party and decided by somebody else; one open at a time."""

    __tablename__ = "complaint_extension"
    __table_args__ = (
        CheckConstraint("state IN ('requested', 'granted', 'refused')", name="complaint_extension_state"),
        CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="complaint_extension_decided"),
        CheckConstraint("decided_by IS NULL OR decided_by <> requested_by", name="complaint_extension_two"),
        Index("complaint_extension_of", "complaint_id"),
        Index(
            "complaint_extension_open",
            "complaint_id",
            unique=True,
            postgresql_where=text("state = 'requested'"),
            sqlite_where=text("state = 'requested'"),
        ),
    )

    id: str = Field(primary_key=True)
    complaint_id: str = Field(foreign_key="complaint.id")
    period: str
    reason: str
    state: str = "requested"
    requested_by: str
    requested_at: datetime = Field(sa_type=UtcDateTime)
    decided_by: str | None = None
    decided_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    decision_words: str | None = None


class Mediation(SQLModel, table=True):
    """A mediation of a dispute: parties, mediator, agreement (S1 (八), 50号 一(九), S3 五(二)); names sealed."""

    __tablename__ = "complaint_mediation"
    __table_args__ = (
        CheckConstraint("outcome IN ('agreed', 'failed')", name="complaint_mediation_outcome"),
        CheckConstraint(
            "outcome <> 'agreed' OR agreement_sealed IS NOT NULL", name="complaint_mediation_agreement"
        ),
        Index("complaint_mediation_of", "complaint_id"),
    )

    id: str = Field(primary_key=True)
    complaint_id: str = Field(foreign_key="complaint.id")
    held_on: date
    parties_sealed: str
    mediator_sealed: str
    outcome: str
    agreement_sealed: str | None = None
    recorded_by: str
    recorded_at: datetime = Field(sa_type=UtcDateTime)


class FollowUp(SQLModel, table=True):
    """The question after the work, asked once: solved? satisfied? The token is kept sealed and as a blind index."""

    __tablename__ = "complaint_follow_up"
    __table_args__ = (
        UniqueConstraint("complaint_id", "round", name="complaint_follow_up_round"),
        UniqueConstraint("token_index", name="complaint_follow_up_token"),
        CheckConstraint("(answered_at IS NULL) = (is_solved IS NULL)", name="complaint_follow_up_answered"),
        CheckConstraint("(answered_at IS NULL) = (via IS NULL)", name="complaint_follow_up_via"),
        Index(
            "complaint_follow_up_waiting",
            "expires_at",
            postgresql_where=text("answered_at IS NULL AND ended_at IS NULL"),
            sqlite_where=text("answered_at IS NULL AND ended_at IS NULL"),
        ),
    )

    id: str = Field(primary_key=True)
    complaint_id: str = Field(foreign_key="complaint.id")
    round: int
    token_sealed: str
    token_index: str
    asked_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    via: str | None = None
    is_solved: bool | None = None
    is_satisfied: bool | None = None
    words: str = ""
    recorded_by: str | None = None
