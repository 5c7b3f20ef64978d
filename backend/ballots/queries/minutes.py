"""What anybody may know of a ballot's minutes: that they are kept, by how many scrutineers, and the sheet's hash."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session

from backend.ballots.repository import minutes as repository
from backend.ledger import queries as ledger

_MOST = 100


@dataclass(frozen=True, slots=True)
class SignedMinutes:
    """One signed edition, the first ``edition`` 1; without a name."""

    edition: int
    scrutineers: int
    document_sha256: str
    signed_at: datetime


@dataclass(frozen=True, slots=True)
class SampleDraw:
    """A telephone sample as its event tells it: ``drawn`` of the ``size`` that were asked for."""

    at: datetime
    seed: str
    size: int
    drawn: int


def signed_minutes(session: Session, ballot_id: str) -> list[SignedMinutes]:
    """Return the signed editions in order; the last one holds."""
    rows = repository.editions(session, ballot_id, states=("signed",), after=0, limit=_MOST)
    return [
        SignedMinutes(row.edition, row.scrutineers, row.document_sha256, row.signed_at)
        for row in rows
        if row.document_sha256 is not None and row.signed_at is not None
    ]


def sample_draws(session: Session, ballot_id: str) -> list[SampleDraw]:
    """Return the telephone samples drawn of a ballot's paper, in order."""
    events = ledger.events_of_type(session, "ballot", ballot_id, "paper.sample_drawn")
    return [
        SampleDraw(event.at, event.payload["seed"], event.payload["size"], event.payload["drawn"])
        for event in events
    ]
