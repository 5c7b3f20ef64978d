"""Mandates given for the caller's own dwellings."""

from __future__ import annotations

from datetime import datetime
from typing import Literal

from pydantic import BaseModel

from backend.ballots.service.proxies import MandateView


class MandateOut(BaseModel):
    """A written mandate given by or to the caller's household, and where it stands."""

    id: str
    ballot: str
    entry: str
    label: str
    powers: str
    valid_from: datetime
    valid_until: datetime
    state: Literal["waiting", "confirmed", "revoked"]

    @classmethod
    def of(cls, view: MandateView) -> MandateOut:
        """Build from the service's answer."""
        row = view.mandate
        state: Literal["waiting", "confirmed", "revoked"] = "confirmed" if row.confirmed_at else "waiting"
        return cls(
            id=row.id,
            ballot=row.ballot_id,
            entry=row.roll_entry_id,
            label=view.label,
            powers=row.powers,
            valid_from=row.valid_from,
            valid_until=row.valid_until,
            state="revoked" if row.revoked_at else state,
        )


class MandateListOut(BaseModel):
    """The newest mandates (at most 100)."""

    items: list[MandateOut]
