"""What the staff door says and takes about lawful demands for one dwelling's choice."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from backend.ballots.service.disclosures import DisclosureView, ShownChoice
from backend.infra.forms import Id, Sha256, StrictModel
from backend.infra.paging import encode_cursor
from backend.staff_api.schemas.ballots import Reason


class DisclosureIn(StrictModel):
    """The dwelling, who demands it under which number, and the uploaded document."""

    dwelling: Id
    demand: Reason
    document: Sha256


class DisclosureOut(BaseModel):
    """A demand and where it stands; never a choice."""

    id: str
    ballot: str
    label: str
    demand: str
    document: str
    state: str
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None

    @classmethod
    def of(cls, view: DisclosureView) -> DisclosureOut:
        """Show a demand."""
        row = view.row
        return cls(
            id=row.id,
            ballot=row.ballot_id,
            label=view.label,
            demand=view.demand,
            document=row.document_sha256,
            state=row.state,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            confirmed_by=row.confirmed_by,
            confirmed_at=row.confirmed_at,
        )


class DisclosureListOut(BaseModel):
    """A page of demands."""

    items: list[DisclosureOut]
    next: str | None

    @classmethod
    def of(cls, found: list[DisclosureView], size: int) -> DisclosureListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].row.proposed_at, page[-1].row.id) if len(found) > size else None
        return cls(items=[DisclosureOut.of(view) for view in page], next=encode_cursor(position))


class ShownChoiceOut(BaseModel):
    """The counted vote of one dwelling, by the motion's title; empty where none counts."""

    label: str
    channel: str | None
    cast_at: datetime | None
    choices: dict[str, str]

    @classmethod
    def of(cls, shown: ShownChoice) -> ShownChoiceOut:
        """Show it."""
        return cls(label=shown.label, channel=shown.channel, cast_at=shown.cast_at, choices=shown.choices)
