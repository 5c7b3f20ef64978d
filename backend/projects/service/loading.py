"""Loading a project or one of its estates for somebody who may do something with it."""

from __future__ import annotations

from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.projects import errors, repository
from backend.projects.tables import Project, ProjectEstate
from backend.registry.queries import scope_of_estate, scope_of_organisation


def load_project(ctx: Context, project_id: str, permission: Permission) -> Project:
    """Return a project over whose organisation the actor holds ``permission``."""
    row = repository.find_project(ctx.session, project_id)
    if row is None:
        raise NotFound
    require(ctx.actor, permission, scope_of_organisation(ctx.session, row.organisation_id))
    return row


def load_estate(
    ctx: Context, project_estate_id: str, permission: Permission
) -> tuple[ProjectEstate, Project]:
    """Return an estate in a project over which estate the actor holds ``permission``."""
    found = repository.find_estate(ctx.session, project_estate_id)
    if found is None:
        raise NotFound
    require(ctx.actor, permission, scope_of_estate(ctx.session, found[0].estate_id))
    return found


def load_active_estate(
    ctx: Context, project_estate_id: str, permission: Permission
) -> tuple[ProjectEstate, Project]:
    """Return the same, refusing an estate that left its project and a project that has ended."""
    row, project = load_estate(ctx, project_estate_id, permission)
    if row.state != "active" or project.state != "active":
        raise errors.inactive()
    return row, project


def named_person(ctx: Context) -> str:
    """Return the account id of the staff member acting: a gate is decided by a person, never by a job."""
    if ctx.actor.kind != "staff" or ctx.actor.account_id is None:
        raise Forbidden
    return ctx.actor.account_id


def acting_account(ctx: Context) -> str:
    """Return the account id of the actor, ``system`` for jobs."""
    return ctx.actor.account_id or "system"


def tell_project(ctx: Context, what: str, project: Project, payload: dict[str, object]) -> None:
    """Append an event about a project."""
    ledger.append(ctx, Event(f"project.{what}", project.organisation_id, "project", project.id, payload))


def tell_estate(
    ctx: Context, what: str, found: tuple[ProjectEstate, Project], payload: dict[str, object]
) -> None:
    """Append an event about an estate in a project."""
    row, project = found
    full = {"project": project.id, "estate": row.estate_id, **payload}
    event = Event(f"project.{what}", project.organisation_id, "project_estate", row.id, full)
    ledger.append(ctx, event)
