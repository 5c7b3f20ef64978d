"""Public notices and objections."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, UniqueConstraint
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime


class PublicNotice(SQLModel, table=True):
    """A 公示: voting notice, preliminary result, final notice, void notice; its text never changes."""

    __tablename__ = "public_notice"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('roll', 'voting', 'preliminary', 'final', 'void', 'suspension', 'amendment')",
            name="public_notice_kind",
        ),
        Index("public_notice_estate", "estate_id", "published_at"),
        # The same words about the same thing are published once, however often the request is repeated.
        UniqueConstraint(
            "subject_kind", "subject_id", "estate_id", "kind", "sha256", name="public_notice_once"
        ),
    )

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    subject_kind: str
    subject_id: str
    kind: str
    title: str
    body: str
    sha256: str
    published_by: str
    published_at: datetime = Field(sa_type=UtcDateTime)
    until_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class Objection(SQLModel, table=True):
    """A resident's objection to a roll entry, a binding, a result, or to a vote, a mandate or survey answers that
    stand in their household's name; answered in words."""

    __tablename__ = "objection"
    __table_args__ = (
        CheckConstraint(
            "subject_kind IN ('roll', 'binding', 'vote', 'result', 'proxy', 'survey')",
            name="objection_subject",
        ),
        CheckConstraint("state IN ('open', 'upheld', 'rejected', 'withdrawn')", name="objection_state"),
        CheckConstraint("(state IN ('upheld', 'rejected')) = (reply IS NOT NULL)", name="objection_answered"),
        Index("objection_ballot", "ballot_id", "state"),
        Index("objection_estate", "estate_id", "state", "raised_at"),
        Index("objection_subject_of", "subject_kind", "subject_id"),
        Index("objection_account", "account_id", "idempotency_key", unique=True),
    )

    id: str = Field(primary_key=True)
    estate_id: str = Field(foreign_key="estate.id")
    subject_kind: str
    subject_id: str
    ballot_id: str | None = None
    dwelling_id: str | None = None
    account_id: str = Field(foreign_key="account.id")
    text_sealed: str
    state: str = "open"
    reply: str | None = None
    replied_by: str | None = None
    replied_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    idempotency_key: str
    raised_at: datetime = Field(sa_type=UtcDateTime)
