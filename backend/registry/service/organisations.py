"""The tree: province › city › county › town › community."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, permitted_paths, require
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry.errors import CodeTaken, WrongLevel
from backend.registry.queries import scope_of_organisation
from backend.registry.repository import places
from backend.registry.rules.levels import may_stand_under
from backend.registry.tables import Organisation


@dataclass(frozen=True, slots=True)
class CreateOrganisation:
    """A new node; only the system (the command line) makes one without a parent."""

    parent_id: str | None
    kind: str
    code: str
    name: str


def create_organisation(ctx: Context, command: CreateOrganisation) -> Organisation:
    """Add a node under its parent; raises WrongLevel or CodeTaken."""
    parent = ctx.session.get(Organisation, command.parent_id) if command.parent_id else None
    if command.parent_id and parent is None:
        raise NotFound
    if parent is None and ctx.actor.kind != "system":
        raise Forbidden
    if parent is not None:
        require(ctx.actor, Permission.ORGANISATION_WRITE, Scope(parent.path))
    if not may_stand_under(command.kind, parent.kind if parent else None):
        raise WrongLevel
    beside = places.organisations_by_code(ctx.session, command.code, None)
    if any(node.code == command.code and node.parent_id == command.parent_id for node in beside):
        raise CodeTaken(command.code)
    identifier = new_id()
    node = Organisation(
        id=identifier,
        parent_id=command.parent_id,
        path=f"{parent.path if parent else '/'}{identifier}/",
        kind=command.kind,
        code=command.code,
        name=command.name,
    )
    ctx.session.add(node)
    ctx.session.flush()
    payload = {"kind": node.kind, "code": node.code}
    ledger.append(ctx, Event("organisation.created", node.id, "organisation", node.id, payload))
    return node


def list_organisations(
    ctx: Context, parent_id: str | None, limit: int = 100, after: str | None = None
) -> list[Organisation]:
    """Return the children of a node, or, without one, the nodes at which the caller's own rights begin."""
    if parent_id is not None:
        scope = scope_of_organisation(ctx.session, parent_id)
        require(ctx.actor, Permission.ORGANISATION_READ, scope)
        return places.children_of(ctx.session, parent_id, limit, after)
    if ctx.actor.kind == "system":
        return places.roots(ctx.session, limit)
    scopes = permitted_paths(ctx.actor, Permission.ORGANISATION_READ)
    return places.by_paths(ctx.session, sorted({scope.organisation_path for scope in scopes}))


def find_organisation(ctx: Context, code_or_id: str, kind: str | None = None) -> list[Organisation]:
    """Return the nodes with this id or code (several places may use one code); for the command line."""
    if ctx.actor.kind != "system":
        raise Forbidden
    return places.organisations_by_code(ctx.session, code_or_id, kind)
