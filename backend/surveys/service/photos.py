"""Photos: of paper sheets, named by the hash of their content, and in answers, named by their media ids."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from backend.infra.context import Context
from backend.kernel.errors import NotFound
from backend.media import service as media
from backend.media.service import MediaView
from backend.surveys import errors
from backend.surveys.tables import SurveyResponse

# What photos hang on: what one respondent of one survey says, however often it is said anew.
SUBJECT = "survey_answer"


def check_sheet(ctx: Context, sha256: str) -> None:
    """Refuse the photo of a sheet that was never uploaded."""
    try:
        ctx.storage.get(sha256)
    except NotFound as error:
        raise errors.photo_missing("photo") from error


def attach_photos(
    ctx: Context, row: SurveyResponse, photos: Mapping[str, Sequence[str]], *, is_first: bool
) -> None:
    """Hang the photos on what this respondent says; of those from before the ones stay that are named again."""
    wanted = [media_id for chosen in photos.values() for media_id in chosen]
    there: set[str] = set()
    if not is_first:
        media.let_go(ctx, SUBJECT, _subject(row), keep=wanted)
        there = {view.id for view in photos_at(ctx, [row])[row.id]}
    fresh = [media_id for media_id in wanted if media_id not in there]
    media.attach(ctx, fresh, SUBJECT, _subject(row))


def photos_at(ctx: Context, rows: Collection[SurveyResponse]) -> dict[str, list[MediaView]]:
    """Return response → photos, as the caller may see them; the caller may see the responses."""
    found = media.list_attached(ctx, SUBJECT, {_subject(row) for row in rows})
    return {row.id: found.get(_subject(row), []) for row in rows}


def _subject(row: SurveyResponse) -> str:
    return f"{row.survey_id}.{row.respondent}"
