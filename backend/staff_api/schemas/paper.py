"""What the staff door says and takes about paper."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.ballots.queries.paperwork import PersonRate, Recall
from backend.ballots.service.batches import BatchView
from backend.ballots.service.paper import SheetState
from backend.ballots.service.paper_files import FileConfirmed
from backend.ballots.tables import PaperBatch, RollEntry
from backend.infra.forms import Id, Sha256, StrictModel
from backend.staff_api.schemas.ballots import Reason

Mark = Literal["for", "against", "abstain", "invalid"]
Marks = Annotated[dict[Id, Mark], Field(min_length=1, max_length=60)]
Note = Annotated[str, Field(max_length=500)]


class BatchIn(StrictModel):
    """A sealed batch: how many papers, the photo of the sealed pack, ``legacy`` for consent gathered earlier."""

    paper_count: Annotated[int, Field(ge=1, le=5000)]
    photo: Sha256
    channel: Literal["paper", "legacy"] = "paper"
    note: Note | None = None


class WitnessIn(StrictModel):
    """The witness's own count."""

    paper_count: Annotated[int, Field(ge=1, le=5000)]


class PaperBatchOut(BaseModel):
    """A batch and how far its sheets are."""

    id: str
    number: int
    channel: str
    paper_count: int
    photo: str
    note: str | None
    registered_by: str
    registered_at: datetime
    witnessed_by: str | None
    witnessed_at: datetime | None
    entered: int = 0
    confirmed: int = 0
    returned: int = 0

    @classmethod
    def of(cls, row: PaperBatch) -> PaperBatchOut:
        """Show a batch."""
        return cls(
            id=row.id,
            number=row.number,
            channel=row.channel,
            paper_count=row.paper_count,
            photo=row.photo_sha256,
            note=row.note,
            registered_by=row.registered_by,
            registered_at=row.registered_at,
            witnessed_by=row.witnessed_by,
            witnessed_at=row.witnessed_at,
        )

    @classmethod
    def of_view(cls, view: BatchView) -> PaperBatchOut:
        """Show a batch with its sheets counted."""
        counts = {"entered": view.entered, "confirmed": view.confirmed, "returned": view.returned}
        return cls.of(view.batch).model_copy(update=counts)


class NumberQuery(BaseModel):
    """``limit`` rows after the number ``cursor``."""

    cursor: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 20


class SheetQuery(BaseModel):
    """``limit`` sheets after ``cursor``, of one state or all."""

    cursor: Annotated[str, Field(pattern=r"^[0-9]{1,4}-[0-9]{12}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=100)] = 20
    state: Literal["entered", "confirmed", "returned"] | None = None


class PaperBatchListOut(BaseModel):
    """A page of batches by number."""

    items: list[PaperBatchOut]
    next: int | None


class SheetIn(StrictModel):
    """One sheet as its reader marked it."""

    sheet_no: Annotated[int, Field(ge=1, le=5000)]
    entry: Id
    marks: Marks
    photo: Sha256


class ReadingIn(StrictModel):
    """A second person's own reading of a sheet."""

    entry: Id
    marks: Marks


class ReturnIn(StrictModel):
    """Why the sheet goes back."""

    reason: Reason


class PaperSheetOut(BaseModel):
    """Where a sheet stands: no room, no mark."""

    receipt: str
    sheet_no: int
    state: str
    vote_state: str
    needs_review: bool
    building: str
    entered_by: str
    entered_at: datetime

    @classmethod
    def of(cls, sheet: SheetState) -> PaperSheetOut:
        """Show a sheet."""
        return cls(
            receipt=sheet.receipt,
            sheet_no=sheet.sheet_no,
            state=sheet.state,
            vote_state=sheet.vote_state,
            needs_review=sheet.needs_review,
            building=sheet.building,
            entered_by=sheet.entered_by,
            entered_at=sheet.entered_at,
        )


class PaperSheetListOut(BaseModel):
    """A page of sheets by number."""

    items: list[PaperSheetOut]
    next: str | None


class FileEnteredOut(BaseModel):
    """How many sheets a table holds; all are entered."""

    sheets: int


class FileConfirmedOut(BaseModel):
    """What a second table confirmed; the others by sheet number."""

    confirmed: int
    mismatched: list[int]
    not_entered: list[int]

    @classmethod
    def of(cls, result: FileConfirmed) -> FileConfirmedOut:
        """Show the result."""
        return cls(confirmed=result.confirmed, mismatched=result.mismatched, not_entered=result.not_entered)


class EntryQuery(BaseModel):
    """A door (``3-2-501``) or the text of a printed QR code."""

    door: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[^\x00-\x1f\x7f]+$")] | None = None
    code: Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[ -~]+$")] | None = None


class FoundEntryOut(BaseModel):
    """A roll entry, found for entering a sheet."""

    id: str
    dwelling: str
    label: str

    @classmethod
    def of(cls, entry: RollEntry) -> FoundEntryOut:
        """Show an entry."""
        label = f"{entry.building_label}{entry.entrance_label}{entry.door_label}"
        return cls(id=entry.id, dwelling=entry.dwelling_id, label=label)


class PrintIn(StrictModel):
    """Which printed ballots: a building, which part of it, and large print."""

    building: Id
    part: Annotated[int, Field(ge=1, le=1000)] = 1
    large: bool = False


class RateOut(BaseModel):
    """How much and how fast one person entered."""

    account: str
    entered: int
    confirmed: int
    returned: int
    busiest_minute: int
    first_at: datetime
    last_at: datetime

    @classmethod
    def of(cls, rate: PersonRate) -> RateOut:
        """Show a rate."""
        return cls(
            account=rate.account_id,
            entered=rate.entered,
            confirmed=rate.confirmed,
            returned=rate.returned,
            busiest_minute=rate.busiest_minute,
            first_at=rate.first_at,
            last_at=rate.last_at,
        )


class RateListOut(BaseModel):
    """Everybody who entered paper."""

    items: list[RateOut]


class SampleIn(StrictModel):
    """A published seed and how many to draw."""

    seed: Annotated[str, Field(min_length=4, max_length=128, pattern=r"^[!-~]+$")]
    size: Annotated[int, Field(ge=1, le=500)]


class RecallOut(BaseModel):
    """A household to ask whether it handed in a paper; never what it says."""

    dwelling: str
    label: str
    channel: str
    entered_by: str
    confirmed_by: str | None

    @classmethod
    def of(cls, recall: Recall) -> RecallOut:
        """Show one."""
        return cls(
            dwelling=recall.dwelling_id,
            label=recall.label,
            channel=recall.channel,
            entered_by=recall.entered_by,
            confirmed_by=recall.decided_by,
        )


class SampleOut(BaseModel):
    """The sample in the order of the draw."""

    items: list[RecallOut]
