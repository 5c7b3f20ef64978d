"""What goes on in a staff member's scope, in one look: participation of what is open, and how much waits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.ballots.queries.ballots import count_by_state, list_of_estates
from backend.ballots.queries.turnout import PlaceTurnout, turnout_of_ballots
from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, can, permitted_paths
from backend.registry import queries as registry

_MOST_ESTATES = 2000
_MOST_BALLOTS = 20


@dataclass(frozen=True, slots=True)
class RunningBallot:
    """An open ballot with the participation of that part of it which lies in the scope."""

    title: str
    closes_at: datetime | None
    entries: int
    voted: int


@dataclass(frozen=True, slots=True)
class Summary:
    """``running`` names at most twenty of the ``open`` ballots; ``waiting`` are being counted or to be published."""

    open: int
    waiting: int
    preliminary: int
    running: tuple[RunningBallot, ...]


def summarise(ctx: Context) -> Summary | None:
    """Sum up the ballots where the caller may read participation; None where that is nowhere."""
    scopes = permitted_paths(ctx.actor, Permission.PARTICIPATION_READ)
    if not scopes:
        return None
    estates = registry.estates_within(ctx.session, scopes, _MOST_ESTATES)
    counts = count_by_state(ctx.session, estates)
    rows = list_of_estates(ctx.session, estates, state="open", before=None, limit=_MOST_BALLOTS)
    places = turnout_of_ballots(ctx.session, [row.id for row in rows])
    running = []
    for row in rows:
        mine = [
            place
            for place in places.get(row.id, ())
            if _is_mine(ctx, estates[row.estate_id], row.estate_id, place)
        ]
        entries, voted = sum(place.entries for place in mine), sum(place.voted for place in mine)
        running.append(RunningBallot(row.title, row.closes_at, entries, voted))
    waiting = counts.get("counting", 0) + counts.get("sealed", 0)
    return Summary(counts.get("open", 0), waiting, counts.get("preliminary", 0), tuple(running))


def _is_mine(ctx: Context, path: str, estate_id: str, place: PlaceTurnout) -> bool:
    scope = Scope(path, estate_id, place.building_id, place.entrance_id)
    return can(ctx.actor, Permission.PARTICIPATION_READ, scope)
