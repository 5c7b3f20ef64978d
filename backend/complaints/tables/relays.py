"""Reports that an outside system filed for somebody (Open311): through which key, and what else it told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime


class ComplaintRelay(SQLModel, table=True):
    """How a complaint came from outside; ``body_index`` is the blind index of everything that was sent.

    ``account`` is the reporter's name for themselves at the outside system, ``media`` an address nobody has opened.
    """

    __tablename__ = "complaint_relay"
    __table_args__ = (
        Index("complaint_relay_newest", "key_id", "received_at"),
        Index("complaint_relay_body", "key_id", "body_index", "received_at"),
    )

    complaint_id: str = Field(primary_key=True, foreign_key="complaint.id")
    key_id: str = Field(foreign_key="api_key.id")
    received_at: datetime = Field(sa_type=UtcDateTime)
    body_index: str
    email_sealed: str | None = None
    account_sealed: str | None = None
    media_sealed: str | None = None
