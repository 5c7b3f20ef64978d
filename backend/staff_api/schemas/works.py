"""What the staff door says and takes about works and their warranties."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery
from backend.policies.rules.warranties import load_warranties
from backend.rectification.queries import WorksCard, WorksFilter
from backend.rectification.rules.wording import CATEGORY_TITLES, Category
from backend.rectification.service import CreateWorks, KindInForce, UpdateWorks, WorksFacts
from backend.staff_api.schemas.rectification import page_of

_Line = Annotated[str, Field(min_length=1, max_length=100, pattern=r"\S")]


class WorksQuery(PageQuery):
    """The works in the caller's area; ``expires_within`` = days from today until the warranty ends."""

    estate: Id | None = None
    category: Category | None = None
    expires_within: Annotated[int, Field(ge=0, le=3660)] | None = None

    def wanted(self) -> WorksFilter:
        """Return the service's filter."""
        return WorksFilter(frozenset({self.estate}) if self.estate else None, self.category)


class KindQuery(BaseModel):
    """For whom the lengths hold."""

    organisation: Id


class WorksIn(StrictModel):
    """A piece of works; an agreed length (months; heating: seasons) needs the document it stands in."""

    code: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_.-]+$")]
    category: Annotated[Category, Field(strict=False)]
    name: _Line
    contractor: _Line
    warranty_kind: Annotated[str, Field(min_length=1, max_length=40)]
    accepted_on: Annotated[date | None, Field(strict=False)] = None
    agreed_number: Annotated[int, Field(ge=1, le=1200)] | None = None
    agreed_document: _Line | None = None

    def facts(self) -> WorksFacts:
        """Return the service's facts."""
        return WorksFacts(
            self.code,
            self.category,
            self.name,
            self.contractor,
            self.warranty_kind,
            self.accepted_on,
            self.agreed_number,
            self.agreed_document,
        )


class CreateWorksIn(WorksIn):
    """A new piece of works in an estate."""

    estate: Id

    def command(self, key: str) -> CreateWorks:
        """Return the service's command."""
        return CreateWorks(self.estate, self.facts(), key)


class UpdateWorksIn(WorksIn):
    """All facts anew; the warranty is reckoned by the terms in force now."""

    def command(self, works_item_id: str, version: int) -> UpdateWorks:
        """Return the service's command."""
        return UpdateWorks(works_item_id, version, self.facts())


class TermsOut(BaseModel):
    """How long, by which clause and documents; ``is_provisional`` = the locality has yet to decide a part."""

    unit: str
    number: int
    clause: str
    status: str
    season: list[str] | None
    partial: str | None
    documents: list[str]
    is_agreed: bool
    is_provisional: bool


class WorksOut(BaseModel):
    """A piece of works with its warranty."""

    id: str
    estate: str
    estate_name: str
    code: str
    category: str
    category_title: str
    name: str
    contractor: str
    accepted_on: date | None
    warranty_kind: str
    warranty_title: str
    warranty_ends_on: date | None
    under_warranty: bool
    agreed_number: int | None
    agreed_document: str | None
    terms: TermsOut | None
    version: int
    created_at: datetime

    @classmethod
    def of(cls, card: WorksCard) -> WorksOut:
        """Build from the service's answer."""
        return cls(
            id=card.id,
            estate=card.estate_id,
            estate_name=card.estate_name,
            code=card.code,
            category=card.category,
            category_title=CATEGORY_TITLES[Category(card.category)],
            name=card.name,
            contractor=card.contractor,
            accepted_on=card.accepted_on,
            warranty_kind=card.warranty_kind,
            warranty_title=load_warranties().kinds[card.warranty_kind].title,
            warranty_ends_on=card.warranty_ends_on,
            under_warranty=card.is_under_warranty,
            agreed_number=card.agreed_number,
            agreed_document=card.agreed_document,
            terms=None if card.terms is None else TermsOut.model_validate(dict(card.terms)),
            version=card.version,
            created_at=card.created_at,
        )


class WorksListOut(BaseModel):
    """A page of works."""

    items: list[WorksOut]
    next: str | None

    @classmethod
    def of(cls, found: list[WorksCard], size: int) -> WorksListOut:
        """Build from one row more than a page holds."""
        items, following = page_of(found, size, WorksOut.of, lambda card: (card.created_at, card.id))
        return cls(items=items, next=following)


class WarrantyKindOut(BaseModel):
    """A kind of warranty; ``number`` None = to be agreed in the contract."""

    id: str
    title: str
    unit: str
    number: int | None
    clause: str
    status: str
    note: str | None
    rule: str
    terms: TermsOut | None

    @classmethod
    def of(cls, found: KindInForce) -> WarrantyKindOut:
        """Build from the service's answer."""
        kind = found.kind
        return cls(
            id=kind.id,
            title=kind.title,
            unit=kind.unit,
            number=found.number,
            clause=kind.clause,
            status=kind.status,
            note=kind.note,
            rule=kind.rule,
            terms=None if found.terms is None else TermsOut.model_validate(found.terms.to_json()),
        )


class WarrantyKindListOut(BaseModel):
    """Every kind of warranty."""

    items: list[WarrantyKindOut]

    @classmethod
    def of(cls, found: list[KindInForce]) -> WarrantyKindListOut:
        """Build from the service's answer."""
        return cls(items=[WarrantyKindOut.of(row) for row in found])
