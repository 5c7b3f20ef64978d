"""Which roles a staff member may give, and where."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from backend.kernel.access import Grant, Role, Scope

_OF_A_TOWN = frozenset(
    {
        Role.RESIDENTS_COMMITTEE,
        Role.OWNERS_COMMITTEE,
        Role.MANAGEMENT_COMMITTEE,
        Role.BUILDING_STEWARD,
        Role.GRID_OFFICER,
        Role.HOTLINE,
        Role.HANDLER,
    }
)

# [choice] Nobody gives a role above their own; only these three roles give any at all.
GRANTABLE: Mapping[Role, frozenset[Role]] = {
    Role.ADMINISTRATOR: frozenset(Role),
    Role.BUREAU: _OF_A_TOWN | {Role.BUREAU, Role.TOWN, Role.AUDITOR},
    Role.TOWN: _OF_A_TOWN | {Role.TOWN},
}


def may_grant(held: Iterable[Grant], role: Role, scope: Scope) -> bool:
    """Tell whether somebody holding ``held`` may give (or take) ``role`` over ``scope``."""
    return any(role in GRANTABLE.get(grant.role, frozenset()) and grant.covers(scope) for grant in held)
