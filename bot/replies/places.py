"""Which ballots are an asker's: those of their own estates, and those they hold a mandate for."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from dataclasses import replace

from backend.ballots import queries
from backend.ballots.queries.ballots import find_announced
from backend.ballots.queries.turnout import facts_of
from backend.ballots.service.proxies import mandates_held
from backend.infra.context import Context
from bot.replies import Asker, Listed

_LOOKED_AT = 30
_SECONDS = 1.0
_MOST_KEPT = 1024


def ballots_of(ctx: Context, asker: Asker, *states: str) -> list[Listed]:
    """Return a resident's announced ballots in these states, newest first; ``ctx`` acts for them."""
    assert asker.resident is not None
    rows = list(asker.ballots(ctx, asker.resident.estate_ids()))
    known = {listed.row.id for listed in rows}
    held = {view.mandate.ballot_id for view in mandates_held(ctx) if view.state == "confirmed"}
    for ballot_id in sorted(held - known)[:_LOOKED_AT]:
        row = find_announced(ctx.session, ballot_id)
        if row is not None:
            rows.append(Listed(row, facts_of(ctx.session, [row.id])[row.id]))
    if held:
        rows = [replace(listed, is_mandated=listed.row.id in held) for listed in rows]
    return [listed for listed in rows if listed.row.state in states]


def read_ballots(ctx: Context, estate_ids: frozenset[str]) -> Sequence[Listed]:
    """Return the announced ballots of some estates as they are now."""
    rows = queries.list_public(ctx.session, estate_ids, before=None, limit=_LOOKED_AT) if estate_ids else []
    facts = facts_of(ctx.session, [row.id for row in rows]) if rows else {}
    return [Listed(row, facts[row.id]) for row in rows]


class Board:
    """Keeps ballots for a second: on the evening of a deadline a whole estate asks for the same ones."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[frozenset[str], tuple[float, Sequence[Listed]]] = {}

    def __call__(self, ctx: Context, estate_ids: frozenset[str]) -> Sequence[Listed]:
        """Return the announced ballots of some estates, at most a second old."""
        asked_at = time.monotonic()
        kept = self._kept.get(estate_ids)
        if kept is not None and asked_at - kept[0] < _SECONDS:
            return kept[1]
        found = read_ballots(ctx, estate_ids)
        with self._lock:
            if len(self._kept) >= _MOST_KEPT:
                self._kept.clear()
            self._kept[estate_ids] = (asked_at, found)
        return found
