"""Who sees a complaint, how much of its words, and who reported it (threats.md: the unit complained about never)."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from backend.complaints.rules.states import Doer
from backend.complaints.rules.vocabulary import Disclosure
from backend.kernel.access import Permission


@dataclass(frozen=True, slots=True)
class Viewer:
    """Somebody looking at one complaint: what they hold over its place, and the units they act for."""

    account_id: str | None
    permissions: frozenset[Permission]
    party_ids: frozenset[str] = frozenset()
    is_system: bool = False


@dataclass(frozen=True, slots=True)
class Concern:
    """What of a complaint decides who may see it."""

    disclosure: Disclosure
    is_restricted: bool
    party_id: str | None
    about_party_id: str | None
    about_account_id: str | None


class View(StrEnum):
    """How somebody sees a complaint."""

    NOTHING = "nothing"
    PARTY = "party"
    STAFF = "staff"


def view_of(viewer: Viewer, concern: Concern) -> View:
    """Return how a viewer sees a complaint.

    Whoever it is about sees nothing. Members of the unit it is about, or of the unit that handles it, see it as
    that unit, whatever else they may do: an office that handles a case is not also its hotline.
    """
    if viewer.is_system:
        return View.STAFF
    if concern.about_account_id is not None and viewer.account_id == concern.about_account_id:
        return View.NOTHING
    handles = concern.party_id in viewer.party_ids and Permission.COMPLAINT_HANDLE in viewer.permissions
    if concern.is_restricted:
        is_trusted = Permission.COMPLAINT_RESTRICTED in viewer.permissions
        return View.STAFF if is_trusted and not _is_party(viewer, concern) else View.NOTHING
    if _is_party(viewer, concern):
        return View.PARTY if handles else View.NOTHING
    return View.STAFF if Permission.COMPLAINT_READ in viewer.permissions else View.NOTHING


def sides_of(view: View, concern: Concern) -> frozenset[Doer]:
    """Return whose parts a viewer may do: the unit its own, staff theirs.

    A restricted case is shown to no unit: who may see it does the unit's part too, or nobody could end it.
    """
    if view is View.NOTHING:
        return frozenset()
    if view is View.PARTY:
        return frozenset({Doer.PARTY})
    return frozenset({Doer.STAFF, Doer.PARTY}) if concern.is_restricted else frozenset({Doer.STAFF})


def may_see_reporter(viewer: Viewer, concern: Concern) -> bool:
    """Tell whether a viewer may ask who reported.

    Named: the hotline's people, and the unit that handles the case unless the case is about it (the reporter chose
    that it be told). Confidential: those with a permission of its own who act for no unit, of this case or another.
    Anonymous: nobody.
    """
    view = view_of(viewer, concern)
    if concern.disclosure is Disclosure.ANONYMOUS or view is View.NOTHING:
        return False
    if viewer.is_system:
        return True
    if concern.disclosure is not Disclosure.NAMED and viewer.party_ids:
        return False
    if view is View.PARTY:
        return concern.disclosure is Disclosure.NAMED and concern.about_party_id not in viewer.party_ids
    needed = {
        Disclosure.NAMED: Permission.COMPLAINT_REPORTER,
        Disclosure.CONFIDENTIAL: Permission.COMPLAINT_CONFIDENTIAL,
    }[concern.disclosure]
    return needed in viewer.permissions


def may_see_original(viewer: Viewer, concern: Concern) -> bool:
    """Tell whether a viewer may read the words as they were said; a hidden reporter's give them away."""
    if view_of(viewer, concern) is not View.STAFF:
        return False
    hidden = concern.disclosure is not Disclosure.NAMED
    if hidden and viewer.party_ids:
        return False
    needed = Permission.COMPLAINT_CONFIDENTIAL if hidden else Permission.COMPLAINT_REPORTER
    return viewer.is_system or needed in viewer.permissions


def _is_party(viewer: Viewer, concern: Concern) -> bool:
    return bool(viewer.party_ids & {concern.party_id, concern.about_party_id})
