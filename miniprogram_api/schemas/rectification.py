"""What the residents' door says about rectification and warranties: no people, no units, no doors."""

from __future__ import annotations

from datetime import date
from typing import Literal

from pydantic import BaseModel

from backend.infra.forms import Id
from backend.infra.paging import PageQuery, encode_cursor
from backend.policies.rules.warranties import load_warranties
from backend.rectification.queries import WorksCard
from backend.rectification.rules.progress import STATE_TITLES
from backend.rectification.rules.wording import CATEGORY_TITLES, Category
from backend.rectification.service import PublicItem


class RectificationQuery(PageQuery):
    """The registers of the caller's estates, or of one of them."""

    estate: Id | None = None
    kind: Literal["open", "closed"] | None = None


class MyWorksQuery(PageQuery):
    """The works of the caller's estates, or of one of them."""

    estate: Id | None = None


class PublicItemOut(BaseModel):
    """A problem and how far it has been put right."""

    id: str
    estate: str
    estate_name: str
    number: str
    problem: str
    place: str
    found_on: date
    due_on: date
    state: str
    state_title: str
    overdue: bool
    imported: bool
    closed_out_on: date | None

    @classmethod
    def of(cls, found: PublicItem) -> PublicItemOut:
        """Build from the service's answer."""
        return cls(
            id=found.id,
            estate=found.estate_id,
            estate_name=found.estate_name,
            number=found.number,
            problem=found.problem,
            place=found.place,
            found_on=found.found_on,
            due_on=found.due_on,
            state=found.state,
            state_title=STATE_TITLES[found.state],
            overdue=found.is_overdue,
            imported=found.is_imported,
            closed_out_on=found.closed_out_on,
        )


class PublicItemListOut(BaseModel):
    """A page of the register."""

    items: list[PublicItemOut]
    next: str | None

    @classmethod
    def of(cls, found: list[PublicItem], size: int) -> PublicItemListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].created_at, page[-1].id) if len(found) > size else None
        return cls(items=[PublicItemOut.of(row) for row in page], next=encode_cursor(position))


class MyWorksOut(BaseModel):
    """A piece of works, until when it is under warranty, and by which clause."""

    id: str
    estate: str
    estate_name: str
    name: str
    category_title: str
    contractor: str
    accepted_on: date | None
    warranty_title: str
    warranty_ends_on: date | None
    under_warranty: bool
    clause: str

    @classmethod
    def of(cls, card: WorksCard) -> MyWorksOut:
        """Build from the service's answer."""
        kind = load_warranties().kinds[card.warranty_kind]
        return cls(
            id=card.id,
            estate=card.estate_id,
            estate_name=card.estate_name,
            name=card.name,
            category_title=CATEGORY_TITLES[Category(card.category)],
            contractor=card.contractor,
            accepted_on=card.accepted_on,
            warranty_title=kind.title,
            warranty_ends_on=card.warranty_ends_on,
            under_warranty=card.is_under_warranty,
            clause=kind.clause,
        )


class MyWorksListOut(BaseModel):
    """A page of works."""

    items: list[MyWorksOut]
    next: str | None

    @classmethod
    def of(cls, found: list[WorksCard], size: int) -> MyWorksListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].created_at, page[-1].id) if len(found) > size else None
        return cls(items=[MyWorksOut.of(row) for row in page], next=encode_cursor(position))
