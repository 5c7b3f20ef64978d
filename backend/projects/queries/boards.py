"""Projects in lists: pages of projects with their estates, stages and decided rates, without a query per row."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, false, or_
from sqlmodel import Session, col, select

from backend.infra.paging import Position, older_than
from backend.kernel.access import Scope
from backend.projects import repository
from backend.projects.queries.gates import Decision, to_decision
from backend.projects.rules.evidence import Rate, rates_of
from backend.projects.tables import GateDecision, Project, ProjectEstate
from backend.tally.report import percent_floor


@dataclass(frozen=True, slots=True)
class EstateProgress:
    """One estate in a project: its stage, the decisions in force and the rates they rest on."""

    project_estate_id: str
    project_id: str
    estate_id: str
    estate_name: str
    stage: str
    state: str
    stage_since: datetime
    version: int
    decisions: tuple[Decision, ...]
    rates: tuple[Rate, ...]


@dataclass(frozen=True, slots=True)
class GateCount:
    """How many active estates of a project passed or failed a gate; rate = passed of all, rounded down."""

    gate: str
    passed: int
    failed: int
    rate: str | None


@dataclass(frozen=True, slots=True)
class ProjectCard:
    """A project with its estates."""

    id: str
    organisation_id: str
    code: str
    name: str
    plan_year: int
    state: str
    budget_fen: int | None
    version: int
    created_at: datetime
    estates: tuple[EstateProgress, ...]
    stages: Mapping[str, int]
    gates: tuple[GateCount, ...]


def projects_in(
    session: Session,
    scopes: Sequence[Scope] | None,
    limit: int,
    before: Position | None,
    plan_year: int | None = None,
) -> list[ProjectCard]:
    """Return the projects under some scopes (None = everywhere), newest first; three queries in all.

    A project is seen with those of its estates that lie in the scopes.
    """
    query = select(Project)
    if scopes is not None:
        query = query.where(or_(false(), *(_within(scope) for scope in scopes)))
    if plan_year is not None:
        query = query.where(Project.plan_year == plan_year)
    at, key = col(Project.created_at), col(Project.id)
    query = query.where(older_than(at, key, before)).order_by(at.desc(), key.desc())
    return _cards(session, session.exec(query.limit(limit)).all(), scopes)


def project_card(session: Session, project_id: str, scopes: Sequence[Scope] | None) -> ProjectCard | None:
    """Return one project with its estates in the scopes; None when nothing of it lies there."""
    row = repository.find_project(session, project_id)
    if row is None:
        return None
    card = _cards(session, [row], scopes)[0]
    is_inside = scopes is None or any(_covers(scope, row.organisation_path, None) for scope in scopes)
    return card if is_inside or card.estates else None


def projects_of_estates(session: Session, estate_ids: Iterable[str]) -> list[EstateProgress]:
    """Return what goes on in some estates, newest first; at most 100. For residents."""
    rows = session.exec(
        select(ProjectEstate)
        .where(col(ProjectEstate.estate_id).in_(list(estate_ids)), ProjectEstate.state == "active")
        .order_by(col(ProjectEstate.stage_since).desc(), col(ProjectEstate.id))
        .limit(100)
        .execution_options(populate_existing=True)
    ).all()
    return _progress(session, rows)


def _within(scope: Scope) -> ColumnElement[bool]:
    # Ids are Crockford base 32 and slashes: nothing in a path means anything to LIKE.
    prefix = scope.organisation_path + "%"
    holding = select(ProjectEstate.project_id).where(col(ProjectEstate.estate_path).like(prefix))
    if scope.estate_id is not None:
        return col(Project.id).in_(holding.where(ProjectEstate.estate_id == scope.estate_id))
    return or_(col(Project.organisation_path).like(prefix), col(Project.id).in_(holding))


def _covers(scope: Scope, path: str, estate_id: str | None) -> bool:
    return path.startswith(scope.organisation_path) and scope.estate_id in (None, estate_id)


def _cards(
    session: Session, projects: Sequence[Project], scopes: Sequence[Scope] | None
) -> list[ProjectCard]:
    rows = [
        row
        for row in repository.estates_of(session, [project.id for project in projects])
        if scopes is None or any(_covers(scope, row.estate_path, row.estate_id) for scope in scopes)
    ]
    found: dict[str, list[EstateProgress]] = defaultdict(list)
    for progress in _progress(session, rows):
        found[progress.project_id].append(progress)
    return [_card(project, tuple(found[project.id])) for project in projects]


def _card(project: Project, estates: tuple[EstateProgress, ...]) -> ProjectCard:
    active = [estate for estate in estates if estate.state == "active"]
    return ProjectCard(
        id=project.id,
        organisation_id=project.organisation_id,
        code=project.code,
        name=project.name,
        plan_year=project.plan_year,
        state=project.state,
        budget_fen=project.budget_fen,
        version=project.version,
        created_at=project.created_at,
        estates=estates,
        stages=dict(Counter(estate.stage for estate in active)),
        gates=_gate_counts(active),
    )


def _gate_counts(active: Sequence[EstateProgress]) -> tuple[GateCount, ...]:
    counts = Counter((d.gate, d.outcome) for estate in active for d in estate.decisions)
    return tuple(
        GateCount(gate, passed, counts[gate, "failed"], percent_floor(passed, len(active)))
        for gate in dict.fromkeys(gate for gate, _ in counts)
        for passed in (counts[gate, "passed"],)
    )


def _progress(session: Session, rows: Sequence[ProjectEstate]) -> list[EstateProgress]:
    decided: dict[str, list[GateDecision]] = defaultdict(list)
    for decision in repository.standing_decisions(session, [row.id for row in rows]):
        decided[decision.project_estate_id].append(decision)
    return [
        EstateProgress(
            project_estate_id=row.id,
            project_id=row.project_id,
            estate_id=row.estate_id,
            estate_name=row.estate_name,
            stage=row.stage,
            state=row.state,
            stage_since=row.stage_since,
            version=row.version,
            decisions=tuple(to_decision(decision) for decision in decided[row.id]),
            rates=tuple(rate for decision in decided[row.id] for rate in rates_of(decision.evidence)),
        )
        for row in rows
    ]
