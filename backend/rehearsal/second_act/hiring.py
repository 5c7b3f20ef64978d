"""Before the works: the hotline's people, the responsible units with theirs, and the estates under works."""

from __future__ import annotations

from backend.kernel.access import Role
from backend.rehearsal.cast import BUREAU, EstatePlay
from backend.rehearsal.founding import hire
from backend.rehearsal.second_act.site import AGENTS, Site, Unit
from backend.rehearsal.setting_up import first_phones
from backend.rehearsal.theatre import Theatre

_STAFF = "/api/v1/staff"


def hire_everybody(theatre: Theatre, county_id: str, estates: list[EstatePlay]) -> list[Site]:
    """Let the bureau hire the hotline and name the responsible units; returns the estates whose works start."""
    started = [
        estate for estate in estates if "start" in estate.gates and estate.gates["start"].outcome == "passed"
    ]
    towns = sorted({_town(theatre, estate) for estate in started})
    title = "建立热线、责任单位和账号"
    for username in theatre.crew.progress.over(title, AGENTS, len(AGENTS)):
        hire(theatre, BUREAU, (username, "热线坐席（演练）", Role.HOTLINE, county_id))
    contractors = {
        town: _unit(theatre, county_id, ("contractor", f"示例建设公司（{town}，演练）", f"shigong-{number}"))
        for number, town in enumerate(towns, start=1)
    }
    utility = _unit(theatre, county_id, ("utility", "示例供热公司（演练）", "gongre-1"))
    phones = first_phones(theatre.world.estates)
    return [
        Site(
            estate,
            position,
            phones[estate.world.number],
            contractors[_town(theatre, estate)],
            utility,
            _buildings(theatre, estate),
            theatre.scenario.communities[estate.world.script.community].wide,
        )
        for position, estate in enumerate(started)
    ]


def _town(theatre: Theatre, estate: EstatePlay) -> str:
    return theatre.scenario.communities[estate.world.script.community].town


def _unit(theatre: Theatre, county_id: str, what: tuple[str, str, str]) -> Unit:
    kind, name, username = what
    caller = theatre.staff.desk(BUREAU)
    account = hire(theatre, BUREAU, (username, f"{name}经办", Role.HANDLER, county_id))
    body = {"organisation": county_id, "kind": kind, "name": name}
    party = str(theatre.web.post(caller, f"{_STAFF}/parties", body)["id"])
    theatre.web.post(caller, f"{_STAFF}/parties/{party}/members", {"account": account})
    return Unit(party, name, username, account)


def _buildings(theatre: Theatre, estate: EstatePlay) -> tuple[str, ...]:
    caller = theatre.staff.desk(BUREAU)
    items = theatre.web.get(caller, f"{_STAFF}/estates/{estate.id}/buildings")["items"]
    return tuple(row["id"] for row in items)
