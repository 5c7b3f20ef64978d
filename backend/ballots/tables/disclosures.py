"""Demands to be shown how one dwelling voted."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, Index
from sqlmodel import Field, SQLModel

from backend.infra.columns import UtcDateTime


class ChoiceDisclosure(SQLModel, table=True):
    """A lawful written demand for one dwelling's choice: proposed on the document, confirmed by a second person.

    ``demand_sealed``: who demands it and under which number, in words.
    """

    __tablename__ = "choice_disclosure"
    __table_args__ = (
        CheckConstraint(
            "confirmed_by IS NULL OR confirmed_by <> proposed_by", name="choice_disclosure_two_people"
        ),
        CheckConstraint("state IN ('proposed', 'confirmed', 'withdrawn')", name="choice_disclosure_state"),
        CheckConstraint(
            "(state = 'confirmed') = (confirmed_by IS NOT NULL)", name="choice_disclosure_confirmed"
        ),
        Index("choice_disclosure_ballot", "ballot_id", "proposed_at"),
    )

    id: str = Field(primary_key=True)
    ballot_id: str = Field(foreign_key="ballot.id")
    roll_entry_id: str = Field(foreign_key="roll_entry.id")
    demand_sealed: str
    document_sha256: str
    state: str = "proposed"
    proposed_by: str
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = None
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
