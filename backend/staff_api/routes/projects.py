"""Projects, stages and gates for staff."""

from __future__ import annotations

from flask import Blueprint

from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, expected_version, staff
from backend.kernel.access import Permission
from backend.kernel.errors import NotFound
from backend.policies.rules.gates import Gate
from backend.projects import service
from backend.projects.service import LinkBallot, LinkSurvey, MoveStage, RevokeGate
from backend.staff_api.schemas import gates
from backend.staff_api.schemas import projects as schemas

door = Blueprint("staff_projects", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff projects"]
_READ = staff(Permission.PROJECT_READ)
_WRITE = staff(Permission.PROJECT_WRITE)
_WRITE_VERSION = staff(Permission.PROJECT_WRITE, needs_version=True)
_DECIDE = staff(Permission.GATE_DECIDE)
_ROW = "/project-estates/<id:row_id>"


def _gate(name: str) -> Gate:
    found = next((gate for gate in Gate if gate == name), None)
    if found is None:
        raise NotFound
    return found


@door.get("/projects")
@endpoint(_READ, {200: schemas.ProjectListOut}, tags=_TAGS)
def list_projects(query: schemas.ProjectQuery) -> schemas.ProjectListOut:
    """List the projects in the caller's area, newest first, with stages, gates and rates."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    found = service.list_projects(current_context(), size, before, query.plan_year)
    return schemas.ProjectListOut.of(found, query.limit)


@door.post("/projects")
@endpoint(_WRITE, {201: schemas.ProjectOut}, tags=_TAGS)
def create_project(json: schemas.CreateProjectIn) -> tuple[schemas.ProjectOut, int]:
    """Create a project over one or several estates; its code makes repeating harmless."""
    return schemas.ProjectOut.of(service.create_project(current_context(), json.command())), 201


@door.get("/projects/<id:project_id>")
@endpoint(_READ, {200: schemas.ProjectOut}, tags=_TAGS)
def show_project(project_id: str) -> schemas.ProjectOut:
    """Show a project."""
    return schemas.ProjectOut.of(service.show_project(current_context(), project_id))


@door.post("/projects/<id:project_id>/estates")
@endpoint(_WRITE, {200: schemas.ProjectOut}, tags=_TAGS)
def add_project_estate(project_id: str, json: schemas.AddEstateIn) -> schemas.ProjectOut:
    """Add an estate to a project."""
    return schemas.ProjectOut.of(service.add_estate(current_context(), project_id, json.estate))


@door.post("/projects/<id:project_id>/end")
@endpoint(_WRITE_VERSION, {200: schemas.ProjectOut}, tags=_TAGS)
def end_project(project_id: str, json: schemas.EndProjectIn) -> schemas.ProjectOut:
    """Close or cancel a project; ``If-Match`` carries its version."""
    ctx = current_context()
    return schemas.ProjectOut.of(service.end_project(ctx, project_id, expected_version(), json.state))


@door.post(f"{_ROW}/drop")
@endpoint(_WRITE_VERSION, {200: schemas.ProjectOut}, tags=_TAGS)
def drop_project_estate(row_id: str, json: schemas.DropEstateIn) -> schemas.ProjectOut:
    """Take an estate out of its project with a reason; ``If-Match`` carries its version."""
    ctx = current_context()
    return schemas.ProjectOut.of(service.drop_estate(ctx, row_id, expected_version(), json.reason))


@door.post(f"{_ROW}/stage")
@endpoint(_WRITE_VERSION, {200: schemas.ProjectOut}, tags=_TAGS)
def move_stage(row_id: str, json: schemas.MoveStageIn) -> schemas.ProjectOut:
    """Take a step that needs no gate; ``If-Match`` carries the estate's version."""
    command = MoveStage(row_id, json.stage, expected_version())
    return schemas.ProjectOut.of(service.move_stage(current_context(), command))


@door.get(f"{_ROW}/gates/<string:gate>")
@endpoint(_READ, {200: gates.GateOut}, tags=_TAGS)
def show_gate(row_id: str, gate: str) -> gates.GateOut:
    """Show a gate: every criterion with number, threshold, clause, what is missing and the consequence."""
    return gates.GateOut.of(service.show_gate(current_context(), row_id, _gate(gate)))


@door.post(f"{_ROW}/gates/<string:gate>/records")
@endpoint(_WRITE, {201: gates.GateOut}, tags=_TAGS)
def attach_record(row_id: str, gate: str, json: gates.AttachRecordIn) -> tuple[gates.GateOut, int]:
    """Attach an uploaded file that the gate asks for."""
    view = service.attach_record(current_context(), json.command(row_id, _gate(gate)))
    return gates.GateOut.of(view), 201


@door.post(f"{_ROW}/gates/<string:gate>/ballots")
@endpoint(_WRITE, {201: gates.GateOut}, tags=_TAGS)
def link_ballot(row_id: str, gate: str, json: gates.LinkBallotIn) -> tuple[gates.GateOut, int]:
    """Link a ballot of the same estate as the counted basis of the gate."""
    view = service.link_ballot(current_context(), LinkBallot(row_id, _gate(gate), json.ballot))
    return gates.GateOut.of(view), 201


@door.post(f"{_ROW}/gates/<string:gate>/surveys")
@endpoint(_WRITE, {201: gates.GateOut}, tags=_TAGS)
def link_survey(row_id: str, gate: str, json: gates.LinkSurveyIn) -> tuple[gates.GateOut, int]:
    """Link a survey held in the same estate as the counted basis of the gate."""
    view = service.link_survey(current_context(), LinkSurvey(row_id, _gate(gate), json.survey))
    return gates.GateOut.of(view), 201


@door.delete("/gate-evidence/<id:evidence_id>")
@endpoint(_WRITE, {200: gates.GateOut}, tags=_TAGS)
def withdraw_evidence(evidence_id: str) -> gates.GateOut:
    """Withdraw a record or ballot while nothing is decided."""
    return gates.GateOut.of(service.withdraw_evidence(current_context(), evidence_id))


@door.post(f"{_ROW}/gates/<string:gate>/decision")
@endpoint(_DECIDE, {201: gates.GateOut}, tags=_TAGS)
def decide_gate(row_id: str, gate: str, json: gates.DecideGateIn) -> tuple[gates.GateOut, int]:
    """Decide a gate on the evidence shown; a pass needs every criterion and opens the next stage."""
    view = service.decide_gate(current_context(), json.command(row_id, _gate(gate)))
    return gates.GateOut.of(view), 201


@door.post(f"{_ROW}/gates/<string:gate>/revocation")
@endpoint(_DECIDE, {200: gates.GateRevokedOut}, tags=_TAGS)
def revoke_gate(row_id: str, gate: str, json: gates.RevokeGateIn) -> gates.GateRevokedOut:
    """Revoke a decision with a reason; later decisions fall with it and the stage goes back."""
    done = service.revoke_gate(current_context(), RevokeGate(row_id, _gate(gate), json.reason))
    return gates.GateRevokedOut.of(done)


@door.get(f"{_ROW}/gates/<string:gate>/decisions")
@endpoint(_READ, {200: gates.GateDecisionListOut}, tags=_TAGS)
def list_gate_decisions(row_id: str, gate: str) -> gates.GateDecisionListOut:
    """List every decision on a gate, revoked ones included."""
    found = service.gate_history(current_context(), row_id, _gate(gate))
    return gates.GateDecisionListOut(items=[gates.GateDecisionOut.of(row) for row in found])
