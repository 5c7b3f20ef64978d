"""The hotline's figures for whoever may list what they count: over an area, or over the units one acts for."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime

from backend.complaints.queries import Watcher
from backend.complaints.queries import statistics as queries
from backend.complaints.repository import parties
from backend.complaints.rules.statistics import (
    MOST_GROUPS,
    Breakdown,
    Dimension,
    Figures,
    Group,
    Period,
    break_down,
    figures_of_all,
    known_titles,
    period_of,
    without_reporters,
)
from backend.complaints.service.loading import own_parties
from backend.infra.context import Context
from backend.kernel.access import Actor, Permission, permitted_paths, require
from backend.kernel.clock import local_date
from backend.registry.queries import estate_names, scope_of_estate, scope_of_organisation


@dataclass(frozen=True, slots=True)
class ReadStatistics:
    """Which figures: days of Asia/Shanghai (``until`` excluded), one dimension, and what all must be.

    ``only_assigned``: of the units for which the caller acts; ``is_restricted``: of restricted cases, and no others.
    """

    by: Dimension
    since: date | None = None
    until: date | None = None
    organisation_id: str | None = None
    estate_id: str | None = None
    category: str | None = None
    party_id: str | None = None
    only_assigned: bool = False
    is_restricted: bool = False


@dataclass(frozen=True, slots=True)
class Statistics:
    """The figures of a period as they stand at ``as_of``: of all, and of the largest groups."""

    by: Dimension
    period: Period
    as_of: datetime
    total: Figures
    groups: tuple[Group, ...]
    left_out: int


def read_statistics(ctx: Context, command: ReadStatistics) -> Statistics:
    """Return the figures over every complaint that the caller's own lists show.

    Cases about staff, and accusations, are counted for nobody among the others; those who may read them ask for
    them by themselves. Raises NotFound for another's area, Forbidden for restricted cases that are not the caller's.
    """
    return read_breakdowns(ctx, command, (command.by,))[command.by]


def read_breakdowns(
    ctx: Context, command: ReadStatistics, dimensions: Iterable[Dimension]
) -> dict[Dimension, Statistics]:
    """Return these figures by several dimensions, whatever ``command.by`` says, all at one instant."""
    wanted = _wanted(ctx, command)
    watcher = Watcher(ctx.actor, own_parties(ctx), ctx.clock.now())
    return {by: _broken_down(ctx, watcher, wanted, by) for by in dimensions}


def _broken_down(
    ctx: Context, watcher: Watcher, wanted: queries.StatisticsFilter, by: Dimension
) -> Statistics:
    found = queries.break_down_by(ctx.session, watcher, wanted, by)
    groups = break_down(found, _titles(ctx, by, wanted.period, found))
    total = figures_of_all(found)
    if not _may_ask_who_reported(ctx.actor) or wanted.only_assigned or wanted.is_restricted:
        groups = tuple(Group(each.key, each.title, without_reporters(each.figures)) for each in groups)
        total = without_reporters(total)
    left_out = max(0, len(groups) - MOST_GROUPS)
    return Statistics(by, wanted.period, watcher.now, total, groups[:MOST_GROUPS], left_out)


def _may_ask_who_reported(actor: Actor) -> bool:
    """Tell whether an actor may ask it of every case they see.

    To anybody else no number, however large, says which reports are one person's: two periods, areas or categories
    laid side by side would leave a single case between them.
    """
    seeing = (Permission.COMPLAINT_READ, Permission.COMPLAINT_HANDLE)
    seen = {scope for each in seeing for scope in permitted_paths(actor, each)}
    asked = set(permitted_paths(actor, Permission.COMPLAINT_REPORTER))
    return actor.kind == "system" or (bool(seen) and seen <= asked)


def _wanted(ctx: Context, command: ReadStatistics) -> queries.StatisticsFilter:
    permission = Permission.COMPLAINT_HANDLE if command.only_assigned else Permission.COMPLAINT_READ
    needed = {permission, Permission.COMPLAINT_RESTRICTED} if command.is_restricted else {permission}
    path = None
    if command.estate_id is not None:
        scope = scope_of_estate(ctx.session, command.estate_id)
        for each in sorted(needed):
            require(ctx.actor, each, scope)
    if command.organisation_id is not None:
        scope = scope_of_organisation(ctx.session, command.organisation_id)
        for each in sorted(needed):
            require(ctx.actor, each, scope)
        path = scope.organisation_path
    return queries.StatisticsFilter(
        period=period_of(local_date(ctx.clock.now()), command.since, command.until),
        organisation_path=path,
        estate_id=command.estate_id,
        category=command.category,
        party_id=command.party_id,
        only_assigned=command.only_assigned,
        is_restricted=command.is_restricted,
    )


def _titles(ctx: Context, by: Dimension, period: Period, found: Breakdown) -> dict[str | None, str]:
    known = known_titles(by, period)
    keys = [key for key in found.counts if key is not None and key not in known]
    if by is Dimension.ESTATE:
        known.update(estate_names(ctx.session, keys).items())
    elif by is Dimension.PARTY:
        known.update(parties.names_of(ctx.session, keys).items())
    return known
