"""Photos and videos: uploaded before, hung on a complaint, a step of its history or a mediation."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from backend.infra.context import Context
from backend.media import service as media
from backend.media.service import MediaView

COMPLAINT = "complaint"
STEP = "complaint_step"
MEDIATION = "complaint_mediation"

Pictures = dict[str, list[MediaView]]


def hang(ctx: Context, media_ids: Sequence[str], kind: str, thing_id: str) -> None:
    """Hang the caller's own uploads on a thing: at most nine photos or one video, all of them or none."""
    media.attach(ctx, list(media_ids), kind, thing_id)


def hang_unnamed(ctx: Context, media_ids: Sequence[str], complaint_id: str) -> None:
    """Hang uploads on an anonymous complaint; that they were the caller's is forgotten."""
    hang(ctx, media_ids, COMPLAINT, complaint_id)
    media.disown(ctx, COMPLAINT, complaint_id)


def pictures_of(ctx: Context, complaint_id: str, step_ids: Collection[str]) -> Pictures:
    """Return thing → pictures of a complaint and its steps, as the caller may see them; two queries."""
    return {
        **media.list_attached(ctx, COMPLAINT, [complaint_id]),
        **media.list_attached(ctx, STEP, list(step_ids)),
    }
