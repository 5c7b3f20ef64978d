"""One's own uploads, and forgetting those that were given up."""

from __future__ import annotations

from backend.infra.context import Context
from backend.kernel.access import require_resident
from backend.kernel.errors import NotFound
from backend.media import repository
from backend.media.queries import find_file
from backend.media.rules.limits import UNATTACHED_LIFE
from backend.media.service.serving import MediaView, view_for
from backend.media.service.storing import delete_pieces

_BATCH = 100


def my_media(ctx: Context, file_id: str) -> MediaView:
    """Return one's own file with fresh addresses."""
    account_id = require_resident(ctx.actor)
    row = find_file(ctx.session, file_id)
    if row is None or row.account_id != account_id:
        raise NotFound
    return view_for(ctx, row, ctx.clock.now())


def forget_unattached(ctx: Context) -> int:
    """Delete a batch of files that hang on nothing after a day; returns how many went."""
    found = repository.loose_before(ctx.session, ctx.clock.now() - UNATTACHED_LIFE, _BATCH)
    done = 0
    for row in found:
        if repository.delete_loose(ctx.session, row.id):
            delete_pieces(ctx.storage, row.pieces)
            ctx.session.expunge(row)
            done += 1
    return done
