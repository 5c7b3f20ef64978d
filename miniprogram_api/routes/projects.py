"""Projects and gates for residents of the estates concerned."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.web import current_context, endpoint, resident
from backend.kernel.errors import NotFound
from backend.policies.rules.gates import Gate
from backend.projects import service
from miniprogram_api.schemas import projects as schemas

door = Blueprint("mini_projects", __name__, url_prefix="/api/v1/projects")

_TAGS = ["projects"]


@door.get("")
@endpoint(resident(), {200: schemas.MyProjectListOut}, tags=_TAGS)
def list_my_projects() -> schemas.MyProjectListOut:
    """List where the caller's estates stand in their projects."""
    found = service.my_projects(current_context())
    return schemas.MyProjectListOut(items=[schemas.MyProjectOut.of(row) for row in found])


@door.get("/<id:row_id>")
@endpoint(resident(), {200: schemas.MyProjectPageOut}, tags=_TAGS)
def show_my_project(row_id: str) -> schemas.MyProjectPageOut:
    """Show one estate's project and the gate that comes next, in plain words."""
    return schemas.MyProjectPageOut.of(service.my_project(current_context(), row_id))


@door.get("/<id:row_id>/gates/<string:gate>")
@endpoint(resident(), {200: schemas.MyGateOut}, tags=_TAGS)
def show_my_gate(row_id: str, gate: str) -> schemas.MyGateOut:
    """Show one gate in plain words."""
    if gate not in set(Gate):
        raise NotFound
    return schemas.MyGateOut.of(service.my_gate(current_context(), row_id, Gate(gate)))
