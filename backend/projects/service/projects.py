"""Creating projects, adding and dropping estates, and the steps between stages that need no gate."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, Scope, permitted_paths, require
from backend.kernel.errors import FieldError, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.projects import errors, queries, repository
from backend.projects.rules.stages import GATE_OF_STAGE, STAGE_TITLES, Stage, may_step
from backend.projects.service.loading import (
    acting_account,
    load_active_estate,
    load_project,
    tell_estate,
    tell_project,
)
from backend.projects.tables import Project, ProjectEstate
from backend.registry.queries import EstateCard, estate_card, scope_of_organisation

MAX_ESTATES = 100


@dataclass(frozen=True, slots=True)
class CreateProject:
    """A project of an organisation over one or several estates (片区联动); budget in 0.01 yuan."""

    organisation_id: str
    code: str
    name: str
    plan_year: int
    estate_ids: tuple[str, ...]
    budget_fen: int | None = None


@dataclass(frozen=True, slots=True)
class MoveStage:
    """A step without a gate; ``version`` is what the actor read."""

    project_estate_id: str
    target: str
    version: int


def create_project(ctx: Context, command: CreateProject) -> queries.ProjectCard:
    """Create a project; the same person repeating the same one gets the first answer."""
    scope = scope_of_organisation(ctx.session, command.organisation_id)
    require(ctx.actor, Permission.PROJECT_WRITE, scope)
    estate_ids = tuple(dict.fromkeys(command.estate_ids))
    if not 1 <= len(estate_ids) <= MAX_ESTATES:
        raise errors.no_estates()
    former = repository.project_by_code(ctx.session, command.organisation_id, command.code)
    if former is not None:
        return _repeated(ctx, former, command, estate_ids)
    cards = [_estate_inside(ctx, estate_id, scope.organisation_path) for estate_id in estate_ids]
    project = Project(
        id=new_id(),
        organisation_id=command.organisation_id,
        organisation_path=scope.organisation_path,
        code=command.code,
        name=command.name,
        plan_year=command.plan_year,
        budget_fen=command.budget_fen,
        created_by=acting_account(ctx),
        created_at=ctx.clock.now(),
    )
    ctx.session.add(project)
    ctx.session.flush()  # two at once: the unique code lets one of them through
    ctx.session.add_all(_row(ctx, project.id, card) for card in cards)
    ctx.session.flush()
    tell_project(ctx, "created", project, {"code": project.code, "estates": list(estate_ids)})
    return show_project(ctx, project.id)


def add_estate(ctx: Context, project_id: str, estate_id: str) -> queries.ProjectCard:
    """Add an estate to an active project; one that is there already stays as it is."""
    project = load_project(ctx, project_id, Permission.PROJECT_WRITE)
    if project.state != "active":
        raise errors.inactive()
    rows = repository.estates_of(ctx.session, [project.id])
    if any(row.estate_id == estate_id for row in rows):
        return show_project(ctx, project.id)
    if len(rows) >= MAX_ESTATES:
        raise errors.no_estates()
    row = _row(ctx, project.id, _estate_inside(ctx, estate_id, project.organisation_path))
    ctx.session.add(row)
    ctx.session.flush()
    tell_estate(ctx, "estate_added", (row, project), {})
    return show_project(ctx, project.id)


def drop_estate(ctx: Context, project_estate_id: str, version: int, reason: str) -> queries.ProjectCard:
    """Take an estate out of its project (动态调整) with a reason; its history stays."""
    found = load_active_estate(ctx, project_estate_id, Permission.PROJECT_WRITE)
    if not reason.strip():
        raise errors.reason_missing()
    row, project = found
    if row.version != version or not repository.change_estate(ctx.session, row, state="dropped"):
        raise errors.changed()
    tell_estate(ctx, "estate_dropped", found, {"reason": reason})
    return show_project(ctx, project.id)


def end_project(ctx: Context, project_id: str, version: int, state: str) -> queries.ProjectCard:
    """Close or cancel an active project."""
    project = load_project(ctx, project_id, Permission.PROJECT_WRITE)
    if state not in ("closed", "cancelled"):
        raise Unprocessable(
            "unknown_state", "没有这个状态。", (FieldError("state", "应为 closed 或 cancelled"),)
        )
    if project.state == state:
        return show_project(ctx, project.id)
    if not repository.change_project(ctx.session, project, version, state=state):
        raise errors.changed()
    tell_project(ctx, state, project, {})
    return show_project(ctx, project.id)


def move_stage(ctx: Context, command: MoveStage) -> queries.ProjectCard:
    """Take a step that needs no gate, forward or back; a decided gate must be revoked first."""
    found = load_active_estate(ctx, command.project_estate_id, Permission.PROJECT_WRITE)
    row, project = found
    stage = Stage(row.stage)
    target = next((known for known in Stage if known == command.target), None)
    if target is None or not may_step(stage, target):
        raise errors.not_now(STAGE_TITLES[stage])
    gate = GATE_OF_STAGE.get(stage)
    if gate is not None and repository.standing_decision(ctx.session, row.id, gate) is not None:
        raise errors.decided_already()
    now = ctx.clock.now()
    if row.version != command.version or not repository.change_estate(
        ctx.session, row, stage=str(target), stage_since=now
    ):
        raise errors.changed()
    tell_estate(ctx, "stage_moved", found, {"from": str(stage), "to": str(target)})
    return show_project(ctx, project.id)


def list_projects(
    ctx: Context, limit: int, before: Position | None = None, plan_year: int | None = None
) -> list[queries.ProjectCard]:
    """Return the projects in the actor's subtrees, newest first."""
    return queries.projects_in(ctx.session, _visible(ctx), limit, before, plan_year)


def show_project(ctx: Context, project_id: str) -> queries.ProjectCard:
    """Return one project with its estates in the actor's subtrees."""
    card = queries.project_card(ctx.session, project_id, _visible(ctx))
    if card is None:
        raise NotFound
    return card


def _visible(ctx: Context) -> tuple[Scope, ...] | None:
    return None if ctx.actor.kind == "system" else permitted_paths(ctx.actor, Permission.PROJECT_READ)


def _repeated(
    ctx: Context, former: Project, command: CreateProject, estate_ids: tuple[str, ...]
) -> queries.ProjectCard:
    there = {row.estate_id for row in repository.estates_of(ctx.session, [former.id])}
    same = (former.name, former.plan_year, former.budget_fen, former.created_by, there)
    if same != (
        command.name,
        command.plan_year,
        command.budget_fen,
        acting_account(ctx),
        set(estate_ids),
    ):
        raise errors.project_exists()
    return show_project(ctx, former.id)


def _estate_inside(ctx: Context, estate_id: str, path: str) -> EstateCard:
    try:
        card = estate_card(ctx.session, estate_id)
    except NotFound as error:
        raise errors.estate_outside() from error
    if not card.organisation_path.startswith(path):
        raise errors.estate_outside()
    return card


def _row(ctx: Context, project_id: str, card: EstateCard) -> ProjectEstate:
    return ProjectEstate(
        id=new_id(),
        project_id=project_id,
        estate_id=card.id,
        estate_name=card.name,
        estate_path=card.organisation_path,
        stage_since=ctx.clock.now(),
    )
