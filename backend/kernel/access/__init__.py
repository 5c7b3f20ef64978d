"""Who may do what, where: roles with their permissions, and the actors who hold them."""

from __future__ import annotations

from backend.kernel.access.actors import (
    ANONYMOUS,
    SYSTEM,
    Actor,
    Grant,
    Home,
    Scope,
    can,
    permitted_paths,
    require,
    require_resident,
)
from backend.kernel.access.roles import ROLE_PERMISSIONS, Permission, Role

__all__ = [
    "ANONYMOUS",
    "ROLE_PERMISSIONS",
    "SYSTEM",
    "Actor",
    "Grant",
    "Home",
    "Permission",
    "Role",
    "Scope",
    "can",
    "permitted_paths",
    "require",
    "require_resident",
]
