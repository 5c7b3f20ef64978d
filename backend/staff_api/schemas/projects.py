"""What the staff door says and takes about projects."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery, encode_cursor
from backend.policies.rules.gates import Gate
from backend.projects.queries import EstateProgress, ProjectCard
from backend.projects.rules.stages import GATE_TITLES, STAGE_TITLES, Stage
from backend.projects.service import CreateProject
from backend.staff_api.schemas.gates import GateDecisionOut, Reason


class ProjectQuery(PageQuery):
    """The projects in the caller's area."""

    plan_year: Annotated[int, Field(ge=2000, le=2100)] | None = None


class CreateProjectIn(StrictModel):
    """A project over one or several estates; budget in 0.01 yuan."""

    organisation: Id
    code: Annotated[str, Field(min_length=1, max_length=40, pattern=r"^[0-9A-Za-z_.-]+$")]
    name: Annotated[str, Field(min_length=1, max_length=120, pattern=r"\S")]
    plan_year: Annotated[int, Field(ge=2000, le=2100)]
    estates: Annotated[list[Id], Field(min_length=1, max_length=100)]
    budget_fen: Annotated[int, Field(ge=0, le=10**15)] | None = None

    def command(self) -> CreateProject:
        """Return the service's command."""
        return CreateProject(
            self.organisation, self.code, self.name, self.plan_year, tuple(self.estates), self.budget_fen
        )


class AddEstateIn(StrictModel):
    """An estate joins a project."""

    estate: Id


class DropEstateIn(StrictModel):
    """Why an estate leaves a project."""

    reason: Reason


class EndProjectIn(StrictModel):
    """How a project ends."""

    state: Literal["closed", "cancelled"]


class MoveStageIn(StrictModel):
    """The stage to step to."""

    stage: Annotated[Stage, Field(strict=False)]


class GateRateOut(BaseModel):
    """A rate that a decision rests on, rounded down."""

    gate: str
    motion: str
    rule: str
    basis: str
    numerator_kind: str
    denominator_kind: str
    numerator: str
    denominator: str
    rate: str | None
    threshold: str | None
    passed: bool
    shortfall: str | None


class ProjectEstateOut(BaseModel):
    """An estate in a project: stage, decisions in force, rates."""

    id: str
    estate: str
    estate_name: str
    stage: str
    stage_title: str
    state: str
    stage_since: datetime
    version: int
    decisions: list[GateDecisionOut]
    rates: list[GateRateOut]

    @classmethod
    def of(cls, found: EstateProgress) -> ProjectEstateOut:
        """Build from the service's answer."""
        return cls(
            id=found.project_estate_id,
            estate=found.estate_id,
            estate_name=found.estate_name,
            stage=found.stage,
            stage_title=STAGE_TITLES[Stage(found.stage)],
            state=found.state,
            stage_since=found.stage_since,
            version=found.version,
            decisions=[GateDecisionOut.of(decision) for decision in found.decisions],
            rates=[GateRateOut(**asdict(rate)) for rate in found.rates],
        )


class GateCountOut(BaseModel):
    """How many active estates passed or failed a gate."""

    gate: str
    title: str
    passed: int
    failed: int
    rate: str | None


class ProjectOut(BaseModel):
    """A project with the estates in the caller's area."""

    id: str
    organisation: str
    code: str
    name: str
    plan_year: int
    state: str
    budget_fen: int | None
    version: int
    estates: list[ProjectEstateOut]
    stages: dict[str, int]
    gates: list[GateCountOut]

    @classmethod
    def of(cls, card: ProjectCard) -> ProjectOut:
        """Build from the service's answer."""
        return cls(
            id=card.id,
            organisation=card.organisation_id,
            code=card.code,
            name=card.name,
            plan_year=card.plan_year,
            state=card.state,
            budget_fen=card.budget_fen,
            version=card.version,
            estates=[ProjectEstateOut.of(estate) for estate in card.estates],
            stages=dict(card.stages),
            gates=[
                GateCountOut(title=GATE_TITLES[Gate(found.gate)], **asdict(found)) for found in card.gates
            ],
        )


class ProjectListOut(BaseModel):
    """A page of projects."""

    items: list[ProjectOut]
    next: str | None

    @classmethod
    def of(cls, found: list[ProjectCard], size: int) -> ProjectListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].created_at, page[-1].id) if len(found) > size else None
        return cls(items=[ProjectOut.of(card) for card in page], next=encode_cursor(position))
