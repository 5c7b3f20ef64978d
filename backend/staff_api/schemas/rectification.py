"""What the staff door says and takes about the rectification register."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict
from datetime import date, datetime
from typing import Annotated, Literal, TypeVar

from pydantic import BaseModel, Field

from backend.infra.forms import Id, Sha256, StrictModel
from backend.infra.paging import PageQuery, encode_cursor
from backend.rectification.queries import ItemCard, ItemFilter, StepCard, UnitCount
from backend.rectification.rules.progress import STATE_TITLES, STEP_TITLES, State, Step
from backend.rectification.rules.wording import SOURCE_TITLES, Source
from backend.rectification.service import (
    Description,
    ImportLedger,
    ImportReport,
    Links,
    OpenItem,
    Piece,
    ReviseItem,
    Shown,
    TakeStep,
)
from backend.staff_api.schemas.media import StaffMediaOut

Words = Annotated[str, Field(max_length=500)]
_Text = Annotated[str, Field(min_length=1, max_length=1000, pattern=r"\S")]
_Line = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]
_Day = Annotated[date, Field(strict=False)]


class ItemQuery(PageQuery):
    """The registers in the caller's area; ``overdue`` = the overdue list."""

    estate: Id | None = None
    state: State | None = None
    source: Source | None = None
    reference: Annotated[str, Field(max_length=80)] | None = None
    unit: Annotated[str, Field(max_length=100)] | None = None
    works_item: Id | None = None
    overdue: bool = False

    def wanted(self) -> ItemFilter:
        """Return the service's filter."""
        return ItemFilter(
            estate_id=self.estate,
            states=() if self.state is None else (self.state,),
            source=self.source,
            source_reference=self.reference,
            responsible_party=self.unit,
            works_item_id=self.works_item,
        )


class UnitQuery(BaseModel):
    """Whose register is counted."""

    organisation: Id | None = None
    estate: Id | None = None


class ItemIn(StrictModel):
    """What an item says; ``place`` may name a door, ``problem`` may not: residents read it."""

    source: Annotated[Source, Field(strict=False)]
    reference: Annotated[str, Field(min_length=1, max_length=80)] | None = None
    works_item: Id | None = None
    problem: _Text
    place: Annotated[str, Field(min_length=1, max_length=200, pattern=r"\S")]
    responsible_party: _Line
    responsible_person: Annotated[str, Field(max_length=60)] = ""
    responsible_account: Id | None = None
    measures: _Text
    found_on: _Day
    due_on: _Day

    def links(self) -> Links:
        """Return what the item hangs on."""
        return Links(self.source, self.reference, self.works_item, self.responsible_account)

    def description(self) -> Description:
        """Return the item's words and days."""
        return Description(
            self.problem,
            self.place,
            self.responsible_party,
            self.measures,
            self.found_on,
            self.due_on,
            self.responsible_person,
        )


class OpenItemIn(ItemIn):
    """A problem somebody has to mend."""

    estate: Id

    def command(self, key: str) -> OpenItem:
        """Return the service's command."""
        return OpenItem(self.estate, self.links(), self.description(), key)


class ReviseItemIn(ItemIn):
    """New words, days or people; a new due date needs a reason."""

    reason: Words = ""

    def command(self, item_id: str, version: int) -> ReviseItem:
        """Return the service's command."""
        return ReviseItem(item_id, version, self.links(), self.description(), self.reason)


class ProgressIn(StrictModel):
    """A step of whoever does the work."""

    step: Literal["start", "submit"]
    words: Words = ""

    def command(self, item_id: str, version: int) -> TakeStep:
        """Return the service's command."""
        return TakeStep(item_id, Step(self.step), version, self.words)


class VerificationIn(StrictModel):
    """A step of whoever looks at the work; returning and reopening need words."""

    step: Literal["return", "verify", "close_out", "reopen"]
    words: Words = ""

    def command(self, item_id: str, version: int) -> TakeStep:
        """Return the service's command."""
        return TakeStep(item_id, Step(self.step), version, self.words)


class EvidenceIn(StrictModel):
    """The caller's own photo or video of the place before or after the work, uploaded before."""

    phase: Literal["before", "after"]
    media: Id


class ImportLedgerIn(StrictModel):
    """An uploaded ledger for one estate."""

    estate: Id
    file_sha256: Sha256
    dry_run: bool = False

    def command(self) -> ImportLedger:
        """Return the service's command."""
        return ImportLedger(self.estate, self.file_sha256, self.dry_run)


class ExportLedgerIn(StrictModel):
    """Whose register is written."""

    estate: Id


class ItemOut(BaseModel):
    """One line of the register; people and doors are masked for whoever may not know them."""

    id: str
    estate: str
    estate_name: str
    number: str
    source: str
    source_title: str
    reference: str | None
    works_item: str | None
    problem: str
    place: str
    place_detail: str | None
    responsible_party: str
    responsible_person: str
    responsible_account: str | None
    measures: str
    found_on: date
    due_on: date
    state: str
    state_title: str
    overdue: bool
    round: int
    submitted_at: datetime | None
    verified_by: str | None
    verifier: str
    verified_at: datetime | None
    closed_out_on: date | None
    imported: bool
    version: int
    created_at: datetime

    @classmethod
    def of(cls, card: ItemCard) -> ItemOut:
        """Build from the service's answer."""
        return cls(
            id=card.id,
            estate=card.estate_id,
            estate_name=card.estate_name,
            number=card.number,
            source=card.source,
            source_title=SOURCE_TITLES[Source(card.source)],
            reference=card.source_reference,
            works_item=card.works_item_id,
            problem=card.problem,
            place=card.place,
            place_detail=card.place_detail,
            responsible_party=card.responsible_party,
            responsible_person=card.responsible_person,
            responsible_account=card.responsible_account,
            measures=card.measures,
            found_on=card.found_on,
            due_on=card.due_on,
            state=card.state,
            state_title=STATE_TITLES[card.state],
            overdue=card.is_overdue,
            round=card.round,
            submitted_at=card.submitted_at,
            verified_by=card.verified_by,
            verifier=card.verifier,
            verified_at=card.verified_at,
            closed_out_on=card.closed_out_on,
            imported=card.is_imported,
            version=card.version,
            created_at=card.created_at,
        )


_Row = TypeVar("_Row")
_Shown = TypeVar("_Shown")


def page_of(
    found: list[_Row],
    size: int,
    show: Callable[[_Row], _Shown],
    position: Callable[[_Row], tuple[datetime, str]],
) -> tuple[list[_Shown], str | None]:
    """Return the rows of a page and the cursor of the next, from one row more than a page holds."""
    page = found[:size]
    return [show(row) for row in page], encode_cursor(position(page[-1]) if len(found) > size else None)


class ItemListOut(BaseModel):
    """A page of the register."""

    items: list[ItemOut]
    next: str | None

    @classmethod
    def of(cls, found: list[ItemCard], size: int) -> ItemListOut:
        """Build from one row more than a page holds."""
        items, following = page_of(found, size, ItemOut.of, lambda card: (card.created_at, card.id))
        return cls(items=items, next=following)


class EvidenceOut(BaseModel):
    """A piece of evidence with its file; ``round`` is the attempt it belongs to."""

    id: str
    phase: str
    round: int
    media: StaffMediaOut
    added_by: str
    added_at: datetime

    @classmethod
    def of(cls, found: Piece) -> EvidenceOut:
        """Build from the service's answer."""
        card = found.card
        return cls(
            id=card.id,
            phase=card.phase,
            round=card.round,
            media=StaffMediaOut.of(found.file),
            added_by=card.added_by,
            added_at=card.added_at,
        )


class RegisterStepOut(BaseModel):
    """One thing that happened."""

    step: str
    title: str
    state: str
    by: str
    at: datetime
    words: str | None

    @classmethod
    def of(cls, found: StepCard) -> RegisterStepOut:
        """Build from the service's answer."""
        return cls(title=STEP_TITLES[found.step], **asdict(found))


class ItemPageOut(BaseModel):
    """An item with its evidence and history, the newest first."""

    item: ItemOut
    evidence: list[EvidenceOut]
    history: list[RegisterStepOut]

    @classmethod
    def of(cls, found: Shown) -> ItemPageOut:
        """Build from the service's answer."""
        return cls(
            item=ItemOut.of(found.card),
            evidence=[EvidenceOut.of(row) for row in found.evidence],
            history=[RegisterStepOut.of(row) for row in found.history],
        )


class UnitOut(BaseModel):
    """How one unit stands in one estate; ``awaiting`` = submitted or verified, not yet closed out."""

    estate: str
    estate_name: str
    responsible_party: str
    total: int
    unfinished: int
    awaiting: int
    overdue: int
    closed_out: int


class UnitListOut(BaseModel):
    """Every unit of every estate asked for, the most overdue first; at most 500."""

    items: list[UnitOut]

    @classmethod
    def of(cls, found: list[UnitCount]) -> UnitListOut:
        """Build from the service's answer."""
        return cls(items=[UnitOut(estate=row.estate_id, **_without_estate(row)) for row in found])


def _without_estate(row: UnitCount) -> dict[str, str | int]:
    return {name: value for name, value in asdict(row).items() if name != "estate_id"}


class LedgerFaultOut(BaseModel):
    """One wrong cell: row as Excel numbers it, column, value, reason, remedy."""

    row: int
    column: str
    value: str
    reason: str
    remedy: str


class ImportLedgerOut(BaseModel):
    """What an import did or would do; with errors it did nothing."""

    dry_run: bool
    applied: bool
    rows: int
    added: int
    changed: int
    unchanged: int
    error_count: int
    errors: list[LedgerFaultOut]
    numbers: list[str]

    @classmethod
    def of(cls, found: ImportReport) -> ImportLedgerOut:
        """Build from the service's answer."""
        return cls(
            dry_run=found.is_dry_run,
            applied=found.is_applied,
            rows=found.rows,
            added=found.added,
            changed=found.changed,
            unchanged=found.unchanged,
            error_count=found.error_count,
            errors=[LedgerFaultOut.model_validate(dict(error)) for error in found.errors],
            numbers=list(found.numbers),
        )
