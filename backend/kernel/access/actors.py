"""Who acts, where they may do what, and the question every service asks first."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.kernel.access.roles import ROLE_PERMISSIONS, Permission, Role
from backend.kernel.errors import Forbidden, NotFound, Unauthenticated


@dataclass(frozen=True, slots=True)
class Scope:
    """A place in the tree: the organisation's path and, inside it, estate, building and entrance.

    ``organisation_path`` is the materialised path ``/id/id/`` from the root.
    """

    organisation_path: str
    estate_id: str | None = None
    building_id: str | None = None
    entrance_id: str | None = None


@dataclass(frozen=True, slots=True)
class Grant:
    """A role over a subtree; a building or entrance narrows it (a steward's)."""

    role: Role
    scope: Scope

    def covers(self, scope: Scope) -> bool:
        """Tell whether ``scope`` lies inside this grant's subtree."""
        if not scope.organisation_path.startswith(self.scope.organisation_path):
            return False
        pairs = (
            (self.scope.estate_id, scope.estate_id),
            (self.scope.building_id, scope.building_id),
            (self.scope.entrance_id, scope.entrance_id),
        )
        return all(mine is None or mine == theirs for mine, theirs in pairs)


@dataclass(frozen=True, slots=True)
class Home:
    """A dwelling a resident is bound to, with the relation and the instant from which it counts."""

    binding_id: str
    dwelling_id: str
    estate_id: str
    building_id: str
    relation: str


@dataclass(frozen=True, slots=True)
class Actor:
    """Whoever acts: a resident with homes, a staff member with grants, or the system itself."""

    kind: str  # "resident" | "staff" | "system" | "anonymous"
    account_id: str | None = None
    grants: tuple[Grant, ...] = ()
    homes: tuple[Home, ...] = field(default=())
    session_hash: bytes | None = None

    @property
    def is_authenticated(self) -> bool:
        """Tell whether this is a known person or the system."""
        return self.kind != "anonymous"

    def estate_ids(self) -> frozenset[str]:
        """Return the estates in which this resident has a home."""
        return frozenset(home.estate_id for home in self.homes)


SYSTEM = Actor(kind="system")
ANONYMOUS = Actor(kind="anonymous")


def can(actor: Actor, permission: Permission, scope: Scope) -> bool:
    """Tell whether ``actor`` holds ``permission`` over ``scope``."""
    if actor.kind == "system":
        return True
    return any(permission in ROLE_PERMISSIONS[grant.role] and grant.covers(scope) for grant in actor.grants)


def require(actor: Actor, permission: Permission, scope: Scope) -> None:
    """Refuse unless ``actor`` holds ``permission`` over ``scope``.

    Raises NotFound where the actor has no grant covering the scope at all (its existence is not revealed),
    Forbidden where they may see the place but not do this.
    """
    if not actor.is_authenticated:
        raise Unauthenticated
    if can(actor, permission, scope):
        return
    if any(grant.covers(scope) for grant in actor.grants):
        raise Forbidden
    raise NotFound


def require_resident(actor: Actor) -> str:
    """Return the account id of a logged-in resident, or refuse."""
    if actor.kind != "resident" or actor.account_id is None:
        raise Unauthenticated
    return actor.account_id


def permitted_paths(actor: Actor, permission: Permission) -> tuple[Scope, ...]:
    """Return the scopes over which the actor holds ``permission``, for list queries."""
    return tuple(grant.scope for grant in actor.grants if permission in ROLE_PERMISSIONS[grant.role])
