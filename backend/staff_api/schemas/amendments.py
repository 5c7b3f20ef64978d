"""What the staff door says and takes about corrections of the roll and about service of the notice."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, Field

from backend.ballots.rules.amendments import MAX_AREA_CENTI, describe, row_of
from backend.ballots.service.serving import Doorstep
from backend.ballots.tables import RollAmendment
from backend.infra.forms import Id, Sha256, StrictModel
from backend.staff_api.schemas.ballots import Reason


class AmendmentIn(StrictModel):
    """One correction: ``entry`` names the row, ``dwelling`` what to add; areas in 0.01 m²."""

    change: Literal["area", "owner", "household", "add", "remove"]
    reason: Reason
    entry: Id | None = None
    dwelling: Id | None = None
    area_centi: Annotated[int, Field(ge=1, le=MAX_AREA_CENTI)] | None = None
    is_household: bool | None = None
    same_owner_as: Id | None = None


class RollRowOut(BaseModel):
    """One row of the roll."""

    dwelling: str
    owner: str
    area_centi: int
    is_household: bool

    @classmethod
    def of(cls, stored: Any) -> RollRowOut | None:
        """Show a stored row."""
        row = row_of(stored)
        if row is None:
            return None
        return cls(
            dwelling=row.dwelling_id,
            owner=row.head,
            area_centi=row.area_centi,
            is_household=row.is_household,
        )


class AmendmentOut(BaseModel):
    """A correction and where it stands."""

    id: str
    entry: str | None
    change: str
    text: str
    before: RollRowOut | None
    after: RollRowOut | None
    reason: str
    state: str
    proposed_by: str
    proposed_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None

    @classmethod
    def of(cls, row: RollAmendment) -> AmendmentOut:
        """Show a correction."""
        return cls(
            id=row.id,
            entry=row.roll_entry_id,
            change=row.change,
            text=describe(row.change, row_of(row.before), row_of(row.after)),
            before=RollRowOut.of(row.before),
            after=RollRowOut.of(row.after),
            reason=row.reason,
            state=row.state,
            proposed_by=row.proposed_by,
            proposed_at=row.proposed_at,
            confirmed_by=row.confirmed_by,
            confirmed_at=row.confirmed_at,
        )


class AmendmentListOut(BaseModel):
    """A page of corrections in the order of proposal."""

    items: list[AmendmentOut]
    next: str | None


class ServiceIn(StrictModel):
    """How the notice reached dwellings, or everything not yet served of a building."""

    method: Literal["in_person", "letter", "wechat", "phone", "posted"]
    dwellings: Annotated[list[Id], Field(default_factory=list, max_length=1000)]
    building: Id | None = None
    note: Annotated[str, Field(max_length=500)] | None = None
    evidence: Sha256 | None = None


class ServedOut(BaseModel):
    """How many proofs are new."""

    recorded: int


class UnservedQuery(BaseModel):
    """``limit`` doors after ``cursor``, of one building or all."""

    building: Id | None = None
    cursor: Annotated[str, Field(pattern=r"^[0-9a-z]{40}$")] | None = None
    limit: Annotated[int, Field(ge=1, le=200)] = 50


class DoorstepOut(BaseModel):
    """A dwelling the notice has yet to reach."""

    dwelling: str
    building: str
    label: str

    @classmethod
    def of(cls, step: Doorstep) -> DoorstepOut:
        """Show one."""
        return cls(dwelling=step.dwelling_id, building=step.building_id, label=step.label)


class BuildingServiceOut(BaseModel):
    """How far a building is."""

    building: str
    dwellings: int
    unserved: int


class UnservedOut(BaseModel):
    """A page of doors, and every building's numbers."""

    buildings: list[BuildingServiceOut]
    items: list[DoorstepOut]
    next: str | None
