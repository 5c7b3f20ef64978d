"""A person looks at what WeChat could not or would not pass."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, Scope, can, require
from backend.kernel.errors import NotFound
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.media import errors, queries, repository
from backend.media.hooks import registered
from backend.media.rules.addresses import Audience
from backend.media.rules.states import MediaState, Viewer, may_decide
from backend.media.service.serving import MediaView, view_as
from backend.media.tables import MediaFile
from backend.registry.queries import organisation_of_estate, scope_of_estate


@dataclass(frozen=True, slots=True)
class DecideMedia:
    """Pass a file or refuse it; ``reason`` (a key of REASON_TITLES) for a refusal."""

    file_id: str
    is_passed: bool
    reason: str | None = None


def list_reviews(
    ctx: Context, estate_id: str, state: str, limit: int, after: Position | None = None
) -> list[MediaView]:
    """Return an estate's files in a state, the oldest first, to staff who decide about them.

    Evidence of a restricted complaint is not in the list of those it may be about, nor of those it is about.
    """
    scope = scope_of_estate(ctx.session, estate_id)
    require(ctx.actor, Permission.MEDIA_REVIEW, scope)
    is_trusted = can(ctx.actor, Permission.COMPLAINT_RESTRICTED, scope)
    hidden = registered.hidden_things(ctx, estate_id) if is_trusted else frozenset()
    wanted = queries.FilesWanted(estate_id, state, is_trusted, hidden)
    return [_shown(ctx, row) for row in queries.files_of_estate(ctx.session, wanted, limit, after)]


def decide_media(ctx: Context, command: DecideMedia) -> MediaView:
    """Pass or refuse a file that waits for a person or that WeChat called risky; of two at once one stands."""
    row = queries.find_file(ctx.session, command.file_id)
    if row is None or row.is_proof:
        raise NotFound
    scope = scope_of_estate(ctx.session, row.estate_id)
    require(ctx.actor, Permission.MEDIA_REVIEW, scope)
    if row.is_restricted and not _may_look(ctx, row, scope):
        raise NotFound
    if not may_decide(MediaState(row.state)):
        raise errors.not_waiting()
    state = MediaState.PASSED if command.is_passed else MediaState.RISKY
    values = {
        "state": state.value,
        "reason": None if command.is_passed else command.reason,
        "decided_by": ctx.actor.account_id or "system",
        "decided_at": ctx.clock.now(),
    }
    if not repository.move(ctx.session, row.id, (row.state,), values):
        raise errors.not_waiting()
    ctx.session.refresh(row)
    organisation = organisation_of_estate(ctx.session, row.estate_id)
    what = "media.passed" if command.is_passed else "media.refused"
    ledger.append(ctx, Event(what, organisation, "media", row.id, {"reason": row.reason}))
    return _shown(ctx, row)


def _may_look(ctx: Context, row: MediaFile, scope: Scope) -> bool:
    if not can(ctx.actor, Permission.COMPLAINT_RESTRICTED, scope):
        return False
    return row.subject_id not in registered.hidden_things(ctx, row.estate_id)


def _shown(ctx: Context, row: MediaFile) -> MediaView:
    viewer = Viewer(is_mine=row.account_id == ctx.actor.account_id, is_staff=True)
    return view_as(ctx, row, ctx.clock.now(), viewer, audience=Audience.HELD)
