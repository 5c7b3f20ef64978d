"""Reading complaints: lists, one case, possible duplicates; who reported is asked for by itself and logged."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from backend.complaints import errors, queries
from backend.complaints.repository import complaints as repository
from backend.complaints.repository import proceedings, relays
from backend.complaints.rules.visibility import View, may_see_original, may_see_reporter, view_of
from backend.complaints.rules.words import grams
from backend.complaints.service.loading import (
    check_mediator,
    concern_of,
    load_visible,
    own_parties,
    scope_of,
    viewer_at,
)
from backend.complaints.service.photos import MEDIATION, Pictures, pictures_of
from backend.complaints.service.steps import append
from backend.complaints.tables import Complaint
from backend.identity.service.contacts import name_of
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, require
from backend.kernel.errors import Forbidden
from backend.media.service import MediaView, list_attached
from backend.registry.queries import scope_of_estate, scope_of_organisation


@dataclass(frozen=True, slots=True)
class ReporterView:
    """Who reported, in clear, for a person who may know; ``words`` as they were said, None where those are hidden.

    ``email``, ``account`` and ``media`` come with reports of outside systems: an address of mail, the reporter's
    account there, and an address of a picture that nobody here has opened.
    """

    name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    words: str | None = field(repr=False)
    email: str | None = field(default=None, repr=False)
    account: str | None = field(default=None, repr=False)
    media: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class MediationView:
    """A mediation, opened for those who may read it."""

    held_on: date
    parties: str = field(repr=False)
    mediator: str = field(repr=False)
    outcome: str
    agreement: str | None = field(repr=False)
    pictures: tuple[MediaView, ...]


def list_complaints(
    ctx: Context, wanted: queries.ComplaintFilter, limit: int, before: Position | None = None
) -> list[queries.Line]:
    """Return the complaints that the caller may see, newest first; another area's filter finds nothing there."""
    if wanted.text is not None and not grams(wanted.text):
        raise errors.wrong("text", "请至少输入两个字（或字母、数字）。")
    if wanted.estate_id is not None:
        require(ctx.actor, _listing(wanted), scope_of_estate(ctx.session, wanted.estate_id))
    if wanted.organisation_id is not None:
        require(ctx.actor, _listing(wanted), scope_of_organisation(ctx.session, wanted.organisation_id))
    mine = own_parties(ctx)
    watcher = queries.Watcher(ctx.actor, mine, ctx.clock.now())
    rows = queries.complaints_page(ctx.session, watcher, wanted, limit, before)
    names = queries.party_names(ctx.session, rows)
    return [
        queries.line_of(row, queries.Reading(_view(ctx, row, mine), watcher.now, bool(mine)), names)
        for row in rows
    ]


def show_complaint(ctx: Context, complaint_id: str) -> tuple[queries.Case, Pictures]:
    """Return a complaint with its history and pictures, as the caller may read it."""
    row, viewer, view = load_visible(ctx, complaint_id)
    decides = viewer.is_system or Permission.COMPLAINT_RESTRICTED in viewer.permissions
    is_theirs = row.handed_up_about_id is not None and row.handed_up_about_id == viewer.account_id
    reading = queries.Reading(
        view, ctx.clock.now(), bool(viewer.party_ids), is_trusted=decides and not is_theirs
    )
    case = queries.case_of(ctx.session, row, reading)
    return case, pictures_of(ctx, row.id, [step.id for step in case.steps])


def list_duplicates(ctx: Context, complaint_id: str) -> list[tuple[queries.Line, int]]:
    """Return possible duplicates with their likeness in percent, for those who may merge."""
    row, _, view = load_visible(ctx, complaint_id)
    if view is not View.STAFF:
        raise errors.conflict_of_interest()
    require(ctx.actor, Permission.COMPLAINT_DISPATCH, scope_of(row))
    mine, now = own_parties(ctx), ctx.clock.now()
    found = queries.possible_duplicates(ctx.session, row)
    names = queries.party_names(ctx.session, [each.row for each in found])
    shown = [(each, _view(ctx, each.row, mine)) for each in found]
    return [
        (queries.line_of(each.row, queries.Reading(seen, now, bool(mine)), names), int(each.likeness * 100))
        for each, seen in shown
        if seen is View.STAFF
    ]


def reveal_reporter(ctx: Context, complaint_id: str, reason: str) -> ReporterView:
    """Show who reported, to those who may know, for a stated reason; the event tells who asked."""
    row, viewer, view = load_visible(ctx, complaint_id)
    concern = concern_of(row)
    words = may_see_original(viewer, concern)
    if not may_see_reporter(viewer, concern) and not words:
        raise Forbidden
    if not reason.strip():
        raise errors.wrong("reason", "请写明查看的理由，会记入日志。")
    append(ctx, row, "reporter_viewed", {"view": view.value})
    said = ctx.vault.open(row.words_sealed, "complaint.words") if words else None
    if not may_see_reporter(viewer, concern):
        return ReporterView(None, None, said)
    return ReporterView(*_identity(ctx, row), said, **_relayed(ctx, row))


def list_mediations(ctx: Context, complaint_id: str) -> list[MediationView]:
    """Return the mediations with the people's names, to those who mediate; each reading is logged."""
    row, _, view = load_visible(ctx, complaint_id)
    if view is not View.STAFF:
        raise errors.conflict_of_interest()
    require(ctx.actor, Permission.COMPLAINT_MEDIATE, scope_of(row))
    check_mediator(ctx, row)
    append(ctx, row, "mediation_viewed", {})
    vault, found = ctx.vault, proceedings.mediations_of(ctx.session, row.id)
    pictures = list_attached(ctx, MEDIATION, [held.id for held in found])
    return [
        MediationView(
            held.held_on,
            vault.open(held.parties_sealed, "complaint_mediation.parties"),
            vault.open(held.mediator_sealed, "complaint_mediation.mediator"),
            held.outcome,
            None
            if held.agreement_sealed is None
            else vault.open(held.agreement_sealed, "complaint_mediation.agreement"),
            tuple(pictures.get(held.id, ())),
        )
        for held in found
    ]


def _identity(ctx: Context, row: Complaint) -> tuple[str | None, str | None]:
    reporter = repository.reporter_of(ctx.session, row.id)
    if reporter is None:
        return None, None
    if reporter.account_id is not None:
        found = name_of(ctx, reporter.account_id)
        return found.name, found.phone
    name = reporter.name_sealed and ctx.vault.open(reporter.name_sealed, "complaint_reporter.name")
    phone = reporter.phone_sealed and ctx.vault.open(reporter.phone_sealed, "complaint_reporter.phone")
    return name, phone


def _relayed(ctx: Context, row: Complaint) -> dict[str, str | None]:
    relay = relays.find(ctx.session, row.id)
    if relay is None:
        return {}
    sealed = {"email": relay.email_sealed, "account": relay.account_sealed, "media": relay.media_sealed}
    return {
        name: None if value is None else ctx.vault.open(value, f"complaint_relay.{name}")
        for name, value in sealed.items()
    }


def _view(ctx: Context, row: Complaint, mine: frozenset[str]) -> View:
    return view_of(viewer_at(ctx.actor, scope_of(row), mine), concern_of(row))


def _listing(wanted: queries.ComplaintFilter) -> Permission:
    return Permission.COMPLAINT_HANDLE if wanted.only_assigned else Permission.COMPLAINT_READ
