"""A household's own history of recorded votes."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from backend.ballots.queries.history import HouseholdVote


class HouseholdVoteOut(BaseModel):
    """One recorded vote: channel and time for every member, the receipt for whoever cast it.

    Of paper and proxy votes the household has it: all but its tenants.
    """

    ballot: str
    ballot_title: str
    dwelling: str
    label: str
    channel: str
    state: str
    cast_at: datetime
    is_mine: bool
    receipt: str | None

    @classmethod
    def of(cls, row: HouseholdVote) -> HouseholdVoteOut:
        """Build from the query's row."""
        return cls(
            ballot=row.ballot_id,
            ballot_title=row.ballot_title,
            dwelling=row.dwelling_id,
            label=row.label,
            channel=row.channel,
            state=row.state,
            cast_at=row.cast_at,
            is_mine=row.is_mine,
            receipt=row.receipt,
        )


class HouseholdVotesOut(BaseModel):
    """A page of the history."""

    items: list[HouseholdVoteOut]
    next: str | None
