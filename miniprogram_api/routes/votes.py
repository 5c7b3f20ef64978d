"""What was recorded in my household's name."""

from __future__ import annotations

from flask import Blueprint

from backend.ballots.queries.history import Viewer, votes_of_dwellings
from backend.ballots.rules.kinds import MAY_CONTEST
from backend.infra.paging import PageQuery, decode_cursor, encode_cursor
from backend.infra.web import current_context, endpoint, resident
from backend.kernel.access import require_resident
from miniprogram_api.schemas import votes as schemas

door = Blueprint("mini_votes", __name__, url_prefix="/api/v1/me")


@door.get("/votes")
@endpoint(resident(), {200: schemas.HouseholdVotesOut}, tags=["votes"])
def list_my_votes(query: PageQuery) -> schemas.HouseholdVotesOut:
    """List every vote recorded for the caller's dwellings, by any channel, newest first; never a choice."""
    ctx = current_context()
    contesting = frozenset(home.dwelling_id for home in ctx.actor.homes if home.relation in MAY_CONTEST)
    viewer = Viewer(require_resident(ctx.actor), contesting)
    homes = [home.dwelling_id for home in ctx.actor.homes]
    before, wanted = decode_cursor(query.cursor), query.limit + 1
    rows = votes_of_dwellings(ctx.session, homes, viewer, before=before, limit=wanted)
    page, rest = rows[: query.limit], rows[query.limit :]
    position = (page[-1].cast_at, page[-1].reference) if rest else None
    items = [schemas.HouseholdVoteOut.of(row) for row in page]
    return schemas.HouseholdVotesOut(items=items, next=encode_cursor(position))
