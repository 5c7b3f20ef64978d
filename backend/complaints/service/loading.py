"""Loading a complaint for somebody who may do something with it; what is not theirs does not exist for them."""

from __future__ import annotations

from backend.complaints import errors
from backend.complaints.repository import complaints as repository
from backend.complaints.repository import parties
from backend.complaints.rules import numbers
from backend.complaints.rules.states import ACTION_TITLES, STATE_TITLES, TRANSITIONS, TRIAGES, Action, State
from backend.complaints.rules.visibility import Concern, View, Viewer, may_see_original, sides_of, view_of
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.tables import Complaint, ResponsibleParty
from backend.identity.queries import staff_of_area
from backend.infra.context import Context
from backend.kernel.access import Actor, Permission, Scope, can, require, require_resident
from backend.kernel.errors import Forbidden, NotFound, Unauthenticated

_LOOKED_AT = (
    Permission.COMPLAINT_READ,
    Permission.COMPLAINT_HANDLE,
    Permission.COMPLAINT_RESTRICTED,
    Permission.COMPLAINT_REPORTER,
    Permission.COMPLAINT_CONFIDENTIAL,
)


def scope_of(row: Complaint) -> Scope:
    """Return where a complaint lies."""
    return Scope(row.organisation_path, row.estate_id, row.building_id)


def concern_of(row: Complaint) -> Concern:
    """Return what decides who may see a complaint."""
    return Concern(
        Disclosure(row.disclosure),
        row.is_restricted,
        row.party_id,
        row.about_party_id,
        row.about_account_id,
    )


def viewer_at(actor: Actor, scope: Scope, party_ids: frozenset[str]) -> Viewer:
    """Return what an actor is to complaints of a place."""
    held = frozenset(permission for permission in _LOOKED_AT if can(actor, permission, scope))
    return Viewer(actor.account_id, held, party_ids, is_system=actor.kind == "system")


def viewer_of(ctx: Context, row: Complaint) -> Viewer:
    """Return what the caller is to one complaint."""
    return viewer_at(ctx.actor, scope_of(row), own_parties(ctx))


def own_parties(ctx: Context) -> frozenset[str]:
    """Return the responsible parties for which the caller acts."""
    if ctx.actor.kind != "staff" or ctx.actor.account_id is None:
        return frozenset()
    return parties.parties_of(ctx.session, ctx.actor.account_id)


def load_visible(ctx: Context, complaint_id: str) -> tuple[Complaint, Viewer, View]:
    """Return a complaint that the caller may see, and how; raises NotFound, the same for all others."""
    if not ctx.actor.is_authenticated:
        raise Unauthenticated
    row = repository.find(ctx.session, complaint_id)
    if row is None:
        raise NotFound
    viewer = viewer_of(ctx, row)
    view = view_of(viewer, concern_of(row))
    if view is View.NOTHING:
        raise NotFound
    return row, viewer, view


def knows_complaint(ctx: Context, number: str, estate: Scope) -> bool:
    """Tell whether a complaint of this number lies at an estate, or over it, that the caller may see."""
    row = repository.find_by_number(ctx.session, numbers.parse_number(number) or "")
    if row is None or view_of(viewer_of(ctx, row), concern_of(row)) is View.NOTHING:
        return False
    if row.estate_id is not None:
        return row.estate_id == estate.estate_id
    return estate.organisation_path.startswith(row.organisation_path)


def load_for(ctx: Context, complaint_id: str, action: Action, version: int | None) -> Complaint:
    """Return a complaint on which staff may do this now; a unit does its own part and no other.

    Raises NotFound for what they may not see, Forbidden for what is not theirs to do, PreconditionFailed for a
    version that is no more, Conflict for a state that does not allow it.
    """
    row, viewer, view = load_visible(ctx, complaint_id)
    transition = TRANSITIONS[action]
    if transition.permission is None:
        raise Forbidden
    if not can(ctx.actor, transition.permission, scope_of(row)):
        raise Forbidden
    if not viewer.is_system and not sides_of(view, concern_of(row)) & transition.doers:
        raise errors.conflict_of_interest() if view is View.PARTY else Forbidden()
    if version is not None and version != row.version:
        raise errors.changed()
    check_state(row, action)
    if action in TRIAGES:
        _check_review(ctx, row)
    return row


def _check_review(ctx: Context, row: Complaint) -> None:
    """Leave the triage of a disputed report to who supervises and did not decline it."""
    if row.disputed_at is None or row.accepted_at is not None or ctx.actor.kind == "system":
        return
    require(ctx.actor, Permission.COMPLAINT_SUPERVISE, scope_of(row))
    if repository.has_declined(ctx.session, row.id, ctx.actor.account_id):
        raise errors.conflict_of_interest()


def check_state(row: Complaint, action: Action) -> None:
    """Refuse an action that the life cycle does not know in this state."""
    if row.state not in TRANSITIONS[action].sources:
        raise errors.not_now(STATE_TITLES[State(row.state)], ACTION_TITLES[action])


def load_reported(ctx: Context, complaint_id: str) -> Complaint:
    """Return a complaint of the logged-in resident's own; an anonymous one is nobody's own."""
    account_id = require_resident(ctx.actor)
    row = repository.find(ctx.session, complaint_id)
    reporter = None if row is None else repository.reporter_of(ctx.session, row.id)
    if row is None or reporter is None or reporter.account_id != account_id:
        raise NotFound
    return row


def load_by_code(ctx: Context, number: str, code: str) -> Complaint:
    """Return an anonymous complaint to whoever has its number and code; wrong ones are all alike."""
    parsed = numbers.parse_number(number)
    row = None if parsed is None else repository.find_by_number(ctx.session, parsed)
    reporter = None if row is None else repository.reporter_of(ctx.session, row.id)
    if row is None or reporter is None or reporter.code_index not in code_indexes(ctx, code):
        raise NotFound
    return row


def code_index(ctx: Context, code: str) -> str:
    """Return the blind index under which an anonymous reporter's code is kept."""
    return code_indexes(ctx, code)[0]


def code_indexes(ctx: Context, code: str) -> tuple[str, ...]:
    """Return every blind index under which such a code may be kept, today's first."""
    return ctx.vault.indexes(numbers.parse_code(code), "complaint.code")


def serving_party(ctx: Context, row: Complaint, party_id: str) -> ResponsibleParty:
    """Return a party that serves the place of a complaint; raises Unprocessable for any other."""
    party = parties.find(ctx.session, party_id)
    if party is None or not row.organisation_path.startswith(party.organisation_path):
        raise errors.party_unsuitable()
    return party


def check_staff(ctx: Context, row: Complaint, account_id: str | None) -> None:
    """Refuse to name somebody who does not work where a complaint lies; None names nobody."""
    if account_id is not None and not staff_of_area(ctx.session, account_id, row.organisation_path):
        raise errors.not_staff()


def is_trusted(ctx: Context, row: Complaint) -> bool:
    """Tell whether the caller may see restricted cases of this place, and so decide what is one."""
    return can(ctx.actor, Permission.COMPLAINT_RESTRICTED, scope_of(row))


def check_mediator(ctx: Context, row: Complaint) -> None:
    """Refuse a mediation, whose parties name the reporter, to who may not know a hidden one."""
    if row.disclosure != Disclosure.NAMED and not may_see_original(viewer_of(ctx, row), concern_of(row)):
        raise Forbidden
