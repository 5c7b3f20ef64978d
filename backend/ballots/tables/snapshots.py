"""The committee's daily look at the consensus."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime


class ConsensusSnapshot(SQLModel, table=True):
    """The one daily look that a committee gets while a canvass or plan vote is open: households only."""

    __tablename__ = "consensus_snapshot"

    ballot_id: str = Field(primary_key=True, foreign_key="ballot.id")
    taken_on: date = Field(primary_key=True)
    # Owners of the households in the sums whose papers are valid throughout: the number that must grow by five.
    owners_voted: int
    sums: Any = Field(sa_type=JsonText)
    taken_at: datetime = Field(sa_type=UtcDateTime)
