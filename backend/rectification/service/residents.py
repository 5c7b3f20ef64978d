"""What residents see of their estates: what is being put right, what is 销号, and what is under warranty."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Scope, require_resident
from backend.kernel.errors import NotFound
from backend.rectification.queries import items, works
from backend.rectification.queries.items import ItemFilter
from backend.rectification.queries.works import WorksCard, WorksFilter
from backend.rectification.rules.progress import UNFINISHED, State
from backend.rectification.rules.timing import is_overdue
from backend.rectification.service.loading import today_of

_STATES = {"open": tuple(sorted(UNFINISHED)), "closed": (State.CLOSED_OUT,)}


@dataclass(frozen=True, slots=True)
class PublicItem:
    """An item without people, units, doors or its source."""

    id: str
    estate_id: str
    estate_name: str
    number: str
    problem: str
    place: str
    found_on: date
    due_on: date
    state: State
    is_overdue: bool
    is_imported: bool
    closed_out_on: date | None
    created_at: datetime


def my_items(
    ctx: Context, estate_id: str | None, kind: str | None, limit: int, before: Position | None = None
) -> list[PublicItem]:
    """Return a page of the registers of the caller's estates, newest first; ``kind`` = ``open`` or ``closed``."""
    today = today_of(ctx)
    wanted = ItemFilter(states=_STATES[kind] if kind else ())
    rows = items.item_rows(ctx.session, _homes(ctx, estate_id), wanted, limit, before)
    return [
        PublicItem(
            row.id,
            row.estate_id,
            row.estate_name,
            row.number,
            row.problem,
            row.place,
            row.found_on,
            row.due_on,
            State(row.state),
            is_overdue(State(row.state), row.due_on, today),
            row.is_imported,
            row.closed_out_on,
            row.created_at,
        )
        for row in rows
    ]


def my_works(
    ctx: Context, estate_id: str | None, limit: int, before: Position | None = None
) -> list[WorksCard]:
    """Return a page of the works of the caller's estates with their warranties, newest first."""
    today = today_of(ctx)
    rows = works.works_rows(ctx.session, _homes(ctx, estate_id), WorksFilter(), limit, before)
    return [works.to_works_card(row, today) for row in rows]


def _homes(ctx: Context, estate_id: str | None) -> tuple[Scope, ...]:
    require_resident(ctx.actor)
    mine = ctx.actor.estate_ids()
    if estate_id is not None and estate_id not in mine:
        raise NotFound
    # An estate's id says enough: every path begins with a slash.
    return tuple(Scope("/", estate) for estate in sorted({estate_id} if estate_id else mine))
