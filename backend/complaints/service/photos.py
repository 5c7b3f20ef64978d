"""Photos and videos: uploaded before, hung on a complaint, a step of its history or a mediation."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from backend.complaints.queries.hidden import hidden_things
from backend.complaints.repository import complaints, parties, proceedings
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.media import service as media
from backend.media.service import MediaView

COMPLAINT = "complaint"
STEP = "complaint_step"
MEDIATION = "complaint_mediation"

Pictures = dict[str, list[MediaView]]


def hang(ctx: Context, row: Complaint, media_ids: Sequence[str], kind: str, thing_id: str) -> None:
    """Hang the caller's own uploads on a thing of a case: at most nine photos or one video, all of them or none."""
    media.attach(ctx, list(media_ids), kind, thing_id)
    if media_ids and row.is_restricted:
        media.restrict(ctx, kind, [thing_id], is_restricted=True)


def hang_unnamed(ctx: Context, row: Complaint, media_ids: Sequence[str]) -> None:
    """Hang uploads on an anonymous complaint; that they were the caller's is forgotten."""
    hang(ctx, row, media_ids, COMPLAINT, row.id)
    media.disown(ctx, COMPLAINT, row.id)


def follow_restriction(ctx: Context, row: Complaint) -> None:
    """Restrict everything that hangs on a case as the case now is."""
    things = {
        COMPLAINT: [row.id],
        STEP: [step.id for step in complaints.steps_of(ctx.session, row.id)],
        MEDIATION: [held.id for held in proceedings.mediations_of(ctx.session, row.id)],
    }
    for kind, ids in things.items():
        media.restrict(ctx, kind, ids, is_restricted=row.is_restricted)


def pictures_of(ctx: Context, complaint_id: str, step_ids: Collection[str]) -> Pictures:
    """Return thing → pictures of a complaint and its steps, as the caller may see them; two queries."""
    return {
        **media.list_attached(ctx, COMPLAINT, [complaint_id]),
        **media.list_attached(ctx, STEP, list(step_ids)),
    }


def hidden_from(ctx: Context, estate_id: str) -> frozenset[str]:
    """Return the restricted things of an estate whose pictures the caller never reviews: whom a case is about."""
    if ctx.actor.kind != "staff" or ctx.actor.account_id is None:
        return frozenset()
    mine = parties.parties_of(ctx.session, ctx.actor.account_id)
    return hidden_things(ctx.session, estate_id, ctx.actor.account_id, mine)
