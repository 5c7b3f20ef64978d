"""What residents see of their estates' projects: stages, gates in plain words, nobody's files."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.context import Context
from backend.kernel.access import require_resident
from backend.kernel.errors import NotFound
from backend.policies.rules.gates import Gate
from backend.projects import queries, repository
from backend.projects.rules.stages import GATE_OF_STAGE, Stage


@dataclass(frozen=True, slots=True)
class EstateProject:
    """An estate's place in a project, with the gate at the end of its present stage, if there is one."""

    progress: queries.EstateProgress
    project_name: str
    current_gate: queries.GateView | None


def my_projects(ctx: Context) -> list[queries.EstateProgress]:
    """Return the projects of the estates in which the caller has a home."""
    require_resident(ctx.actor)
    return queries.projects_of_estates(ctx.session, ctx.actor.estate_ids())


def my_project(ctx: Context, project_estate_id: str) -> EstateProject:
    """Return one estate's place in a project to a resident of that estate."""
    require_resident(ctx.actor)
    found = repository.find_estate(ctx.session, project_estate_id)
    if found is None or found[0].estate_id not in ctx.actor.estate_ids():
        raise NotFound
    row, project = found
    mine = queries.projects_of_estates(ctx.session, [row.estate_id])
    progress = next((each for each in mine if each.project_estate_id == row.id), None)
    if progress is None:
        raise NotFound
    gate = GATE_OF_STAGE.get(Stage(row.stage))
    view = None if gate is None else queries.gate_view(ctx.session, row, gate)
    return EstateProject(progress, project.name, view)


def my_gate(ctx: Context, project_estate_id: str, gate: Gate) -> queries.GateView:
    """Return one gate to a resident of that estate."""
    require_resident(ctx.actor)
    found = repository.find_estate(ctx.session, project_estate_id)
    if found is None or found[0].estate_id not in ctx.actor.estate_ids():
        raise NotFound
    return queries.gate_view(ctx.session, found[0], gate)
