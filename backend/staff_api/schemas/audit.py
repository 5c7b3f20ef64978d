"""What the staff door says about the audit trail."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from backend.ballots.service.records import BallotAudit, TrailEvent


class EventsQuery(BaseModel):
    """Which organisation's events (with everything below it), from which one backwards, of which type."""

    organisation_id: Annotated[str, Field(pattern=r"^[0-9a-z]{20}$")]
    before: Annotated[int, Field(ge=0, le=2**62)] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 50
    type: Annotated[str, Field(pattern=r"^[a-z_]{1,40}(\.[a-z_]{0,60})?$")] | None = None


class EventOut(BaseModel):
    """One event; ``subject_id`` and ``actor_id`` are absent where they would link a paper to a home."""

    number: int
    id: str
    type: str
    at: datetime
    organisation_id: str | None
    actor_kind: str
    actor_id: str | None
    subject_kind: str
    subject_id: str | None
    payload: dict[str, Any]


class EventListOut(BaseModel):
    """A page of events, newest first; ``next`` is the ``before`` of the next page."""

    items: list[EventOut]
    next: int | None

    @classmethod
    def of(cls, events: list[TrailEvent], limit: int) -> EventListOut:
        """Build from one event more than the page holds."""
        page = events[:limit]
        items = [EventOut.model_validate(event, from_attributes=True) for event in page]
        return cls(items=items, next=page[-1].number if len(events) > limit else None)


class AuditQuery(BaseModel):
    """A seed drawn in public, and how many sheets to draw."""

    seed: Annotated[str, Field(min_length=4, max_length=128)] | None = None
    size: Annotated[int, Field(ge=1, le=200)] = 20


class CheckpointOut(BaseModel):
    """A root with the proof that it extends the one before."""

    number: int
    size: int
    root: str
    at: datetime
    consistency: list[str]


class PersonRateOut(BaseModel):
    """One person's sheets and what became of them; ``busiest_minute`` = most entered within any 60 seconds."""

    account_id: str
    entered: int
    confirmed: int
    returned: int
    busiest_minute: int


class SheetOut(BaseModel):
    """A sheet to call back about: whose home, and the two people; never its marks."""

    batch: int
    sheet: int
    channel: str
    building: str
    entrance: str
    door: str
    entered_by: str
    confirmed_by: str | None


class AuditedMinutesOut(BaseModel):
    """A signed edition of count day's minutes; without names."""

    edition: int
    scrutineers: int
    document_sha256: str
    signed_at: datetime


class BallotAuditOut(BaseModel):
    """A ballot for its auditor."""

    ballot_id: str
    state: str
    roll_hash: str | None
    documents_hash: str | None
    checkpoints: list[CheckpointOut]
    people: list[PersonRateOut]
    confirmed_sheets: int
    seed: str | None
    sample: list[SheetOut]
    minutes: list[AuditedMinutesOut]

    @classmethod
    def of(cls, audit: BallotAudit) -> BallotAuditOut:
        """Build from the service's answer."""
        return cls.model_validate(audit, from_attributes=True)
