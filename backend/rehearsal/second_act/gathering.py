"""Everything that the second act left behind, read over the doors that a console would use."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any
from urllib.parse import quote

from backend.rehearsal.cast import BUREAU, Gate
from backend.rehearsal.second_act.case import Case
from backend.rehearsal.second_act.finding import read
from backend.rehearsal.second_act.register import Item
from backend.rehearsal.second_act.site import AGENTS, Site, Unit
from backend.rehearsal.second_act.surveying import Asked
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Caller, Refused

Json = dict[str, Any]
_STAFF = "/api/v1/staff"
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Script:
    """What was played: the survey's id, the estates under works, reports, entries, and the estates asked."""

    survey_id: str
    sites: tuple[Site, ...]
    cases: tuple[Case, ...]
    items: tuple[Item, ...]
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class SurveySeen:
    """A survey in one estate: coverage, results with the rule's judgement, and every arrival."""

    coverage: Json
    results: Json
    arrivals: tuple[Json, ...]
    gate: Gate


@dataclass(frozen=True, slots=True)
class UnitSeen:
    """What a responsible unit reads: its list and every case on it, as text, and who reported where it may ask."""

    listed: tuple[str, ...]
    pages: str
    told: Mapping[str, bool]


@dataclass(frozen=True, slots=True)
class Seen:
    """Both sides. ``cases`` and ``items``: id → page; ``units``: party → what it reads.

    ``surveys``, ``register``, ``hotline``: estate → what is counted; ``overdue``: the reports on the overdue list.
    """

    script: Script
    cases: Mapping[str, Json]
    overdue: frozenset[str]
    items: Mapping[str, Json]
    surveys: Mapping[str, SurveySeen]
    units: Mapping[str, UnitSeen]
    register: Mapping[str, Json]
    hotline: Mapping[str, Json]


def gather(theatre: Theatre, script: Script) -> Seen:
    """Read it all, several pages at a time."""
    cases, items = script.cases, script.items
    units = {unit.party: unit for site in script.sites for unit in (site.contractor, site.utility)}
    work: list[partial[Any]] = [partial(read, theatre, case) for case in cases]
    work += [partial(_item, theatre, item) for item in items]
    work += [partial(_survey, theatre, script.survey_id, one) for one in script.asked]
    work += [partial(_unit, theatre, unit) for unit in units.values()]
    work += [partial(_register, theatre, site) for site in script.sites]
    work += [partial(_overdue, theatre, site) for site in script.sites]
    found = iter(theatre.crew.each("核对投诉、整改和满意度", work, lambda step: step()))
    return Seen(
        script,
        cases={case.id: next(found) for case in cases},
        items={item.id: next(found) for item in items},
        surveys={one.site.estate.id: next(found) for one in script.asked},
        units={party: next(found) for party in units},
        register={site.estate.id: next(found) for site in script.sites},
        overdue=frozenset(case_id for _ in script.sites for case_id in next(found)),
        hotline=_figures(theatre),
    )


def _figures(theatre: Theatre) -> dict[str, Json]:
    """Read the hotline's figures by estate, all in one answer."""
    path = f"{_STAFF}/complaints/statistics?by=estate"
    groups = theatre.web.get(theatre.staff.desk(AGENTS[0]), path)["groups"]
    return {group["key"]: group["figures"] for group in groups}


def _item(theatre: Theatre, item: Item) -> Any:
    caller = theatre.staff.desk(BUREAU)
    return theatre.web.get(caller, f"{_STAFF}/rectification/items/{item.id}")


def _survey(theatre: Theatre, survey_id: str, one: Asked) -> SurveySeen:
    caller, estate = theatre.staff.desk(one.site.estate.clerk(1)), one.site.estate
    path = f"{_STAFF}/surveys/{survey_id}"
    rows = theatre.web.get(caller, f"{path}/coverage")["items"]
    [coverage] = [row for row in rows if row["estate"] == estate.id]
    return SurveySeen(
        coverage,
        theatre.web.get(caller, f"{path}/results?estate={estate.id}"),
        tuple(_pages(theatre, caller, f"{path}/responses?estate={estate.id}")),
        estate.gates["evaluation"],
    )


def _unit(theatre: Theatre, unit: Unit) -> UnitSeen:
    """Read a unit's list and every case on it as its handler; ask once for every reporter."""
    caller = theatre.staff.desk(unit.username)
    path = f"{_STAFF}/assigned-complaints"
    rows = _pages(theatre, caller, f"{path}?")
    pages = [theatre.web.get(caller, f"{path}/{row['id']}") for row in rows]
    told = {}
    for row in rows:
        try:
            theatre.web.post(caller, f"{path}/{row['id']}/reporter-views", {"reason": "约定上门时间（演练）"})
        except Refused:
            told[row["id"]] = False
        else:
            told[row["id"]] = True
    text = json.dumps([rows, pages], ensure_ascii=False)
    return UnitSeen(tuple(row["id"] for row in rows), text, told)


def _register(theatre: Theatre, site: Site) -> Json:
    path = f"{_STAFF}/rectification/units?estate={site.estate.id}"
    rows = theatre.web.get(theatre.staff.desk(BUREAU), path)["items"]
    names = ("total", "closed_out", "unfinished", "overdue")
    return {name: sum(row[name] for row in rows) for name in names}


def _overdue(theatre: Theatre, site: Site) -> list[str]:
    caller = theatre.staff.desk(site.hotline)
    rows = _pages(theatre, caller, f"{_STAFF}/complaints?estate={site.estate.id}&overdue=true")
    return [row["id"] for row in rows]


def _pages(theatre: Theatre, caller: Caller, path: str) -> list[Json]:
    """Return every row of a list, page by page."""
    found: list[Json] = []
    cursor = ""
    while True:
        page = theatre.web.get(caller, f"{path}&limit={_PAGE}{cursor}")
        found += page["items"]
        if page["next"] is None:
            return found
        cursor = f"&cursor={quote(page['next'])}"
