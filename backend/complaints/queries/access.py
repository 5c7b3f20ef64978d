"""The rules of who sees what, once more as a condition on rows: what is not yours is not in your list."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import ColumnElement, and_, false, not_, or_, true
from sqlmodel import col

from backend.complaints.tables import Complaint
from backend.kernel.access import Actor, Permission, Scope, permitted_paths


def visible_to(actor: Actor, party_ids: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for complaints that an actor may see, as ``rules.visibility.view_of`` decides."""
    if actor.kind == "system":
        return true()
    is_party = seen_as_party(party_ids)
    staff = and_(
        not_(is_party),
        or_(
            and_(
                col(Complaint.is_restricted).is_(False),
                within(permitted_paths(actor, Permission.COMPLAINT_READ)),
            ),
            and_(
                col(Complaint.is_restricted).is_(True),
                within(permitted_paths(actor, Permission.COMPLAINT_RESTRICTED)),
            ),
        ),
    )
    return and_(
        col(Complaint.about_account_id).is_distinct_from(actor.account_id),
        or_(staff, assigned_to(actor, party_ids)),
    )


def assigned_to(actor: Actor, party_ids: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for complaints dispatched to the parties for which an actor acts."""
    if not party_ids:
        return false()
    return and_(
        col(Complaint.party_id).in_(party_ids),
        col(Complaint.is_restricted).is_(False),
        col(Complaint.about_account_id).is_distinct_from(actor.account_id),
        within(permitted_paths(actor, Permission.COMPLAINT_HANDLE)),
    )


def handed_up_to(actor: Actor) -> ColumnElement[bool]:
    """Return the condition for complaints that were handed up to an actor, who is not whom they may be about."""
    waits = col(Complaint.handed_up_at).is_not(None)
    if actor.kind == "system":
        return waits
    return and_(
        waits,
        col(Complaint.handed_up_about_id).is_distinct_from(actor.account_id),
        within(permitted_paths(actor, Permission.COMPLAINT_RESTRICTED)),
    )


def within(scopes: Sequence[Scope]) -> ColumnElement[bool]:
    """Return the condition for complaints that lie in any of the scopes."""
    return or_(false(), *(_inside(scope) for scope in scopes))


def _inside(scope: Scope) -> ColumnElement[bool]:
    # Ids are Crockford base 32 and slashes: nothing in a path means anything to LIKE.
    conditions: list[ColumnElement[bool]] = [
        col(Complaint.organisation_path).like(scope.organisation_path + "%")
    ]
    if scope.estate_id is not None:
        conditions.append(col(Complaint.estate_id) == scope.estate_id)
    if scope.building_id is not None:
        conditions.append(col(Complaint.building_id) == scope.building_id)
    if scope.entrance_id is not None:  # complaints lie in buildings, never in entrances
        conditions.append(false())
    return and_(*conditions)


def seen_as_party(party_ids: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for complaints handled by, or about, the units for which somebody acts."""
    if not party_ids:
        return false()
    columns = (col(Complaint.party_id), col(Complaint.about_party_id))
    return or_(*(and_(column.is_not(None), column.in_(party_ids)) for column in columns))
