"""Before the play: organisations, staff, the locality's numbers, the project."""

from __future__ import annotations

from collections.abc import Mapping

from backend.identity import service as identity
from backend.kernel.access import Role
from backend.registry import service as registry
from backend.rehearsal.cast import ADMINISTRATOR, BUREAU, EstatePlay, clerk_name
from backend.rehearsal.scenario import CommunityScript, LocalNumbers, Scenario
from backend.rehearsal.theatre import Theatre

_STAFF = "/api/v1/staff"
_ROOT = (("province", "64", "宁夏回族自治区"), ("city", "6403", "吴忠市"), ("county", "640302", "利通区"))
_CLERKS = 3
_SHARE = "3/4"
_DOCUMENT = "演练用本地规定（虚构文件，不是真实政策）"


def found_county(theatre: Theatre) -> str:
    """Create what only the server's console can: the tree's root and the administrator; returns the county's id."""
    with theatre.stage.console() as ctx:
        above: str | None = None
        for kind, code, name in _ROOT:
            above = registry.create_organisation(ctx, registry.CreateOrganisation(above, kind, code, name)).id
        county_id = str(above)
        grant = identity.GrantRole(Role.ADMINISTRATOR, county_id)
        password = theatre.staff.hire(ADMINISTRATOR)
        identity.create_staff(ctx, identity.CreateStaff(ADMINISTRATOR, "管理员（演练）", password, grant))
    hire(theatre, ADMINISTRATOR, (BUREAU, "住建局经办（演练）", Role.BUREAU, county_id))
    return county_id


def found_communities(theatre: Theatre, county_id: str) -> list[str]:
    """Let the bureau add towns and communities, hire their people, and set what is set; returns their ids."""
    scenario = theatre.scenario
    used = sorted({script.community for script in scenario.estates})
    names = dict.fromkeys(scenario.communities[position].town for position in used)
    towns = {
        name: _organisation(theatre, county_id, ("town", f"T{number}", name))
        for number, name in enumerate(names)
    }

    def found(position: int) -> tuple[int, str]:
        return position, _found_community(theatre, towns, position)

    ids = dict(theatre.crew.each("建立组织、账号和当地规定", used, found))
    _adopt(theatre, county_id)
    return [ids.get(position, "") for position in range(len(scenario.communities))]


def _found_community(theatre: Theatre, towns: Mapping[str, str], position: int) -> str:
    community = theatre.scenario.communities[position]
    below = ("community", f"C{position + 1}", community.name)
    community_id = _organisation(theatre, towns[community.town], below)
    for number in range(1, _CLERKS + 1):
        name = f"社区干部{number}（演练）"
        post = (clerk_name(position, number), name, Role.RESIDENTS_COMMITTEE, community_id)
        hire(theatre, BUREAU, post)
    _set_numbers(theatre, theatre.scenario, community, community_id)
    _open_room(theatre, community.name, (position, community_id))
    return community_id


def _open_room(theatre: Theatre, name: str, place: tuple[int, str]) -> None:
    """Let the clerk register the robot of the committee's group."""
    if theatre.shift is None:
        return
    position, community_id = place
    key, title = f"rehearsal-room-{position + 1}", f"{name}工作群（演练）"
    theatre.stage.phones.open_room(key, title)
    body = {"organisation": community_id, "name": title, "key": key}
    room = theatre.web.post(theatre.staff.desk(clerk_name(position, 1)), f"{_STAFF}/rooms", body)
    theatre.diary.rooms[room["id"]] = key


def _organisation(theatre: Theatre, parent_id: str, node: tuple[str, str, str]) -> str:
    kind, code, name = node
    body = {"parent_id": parent_id, "kind": kind, "code": code, "name": name}
    return str(theatre.web.post(theatre.staff.desk(BUREAU), f"{_STAFF}/organisations", body)["id"])


def hire(theatre: Theatre, by: str, post: tuple[str, str, Role, str]) -> str:
    """Let a staff member add an account (username, name, role, organisation); returns its id."""
    username, name, role, organisation_id = post
    body = {
        "username": username,
        "name": name,
        "password": theatre.staff.hire(username),
        "grant": {"role": str(role), "organisation_id": organisation_id},
    }
    return str(theatre.web.post(theatre.staff.desk(by), f"{_STAFF}/accounts", body)["id"])


def _adopt(theatre: Theatre, county_id: str) -> None:
    body = {"profile": theatre.scenario.id, "document_title": theatre.scenario.title}
    path = f"{_STAFF}/policies/organisations/{county_id}/adoptions"
    theatre.web.post(theatre.staff.desk(BUREAU), path, body)


def _set_numbers(theatre: Theatre, scenario: Scenario, community: CommunityScript, community_id: str) -> None:
    """Set what the draft scheme leaves open, each by a document that says it is invented."""
    if community.numbers is LocalNumbers.NONE:
        return
    numbers = {"participation_share": _SHARE, "consent_share": _SHARE}
    if community.numbers is LocalNumbers.ALL:
        numbers["consent"] = "roll"
    for name, value in numbers.items():
        body = {
            "rule": scenario.id,
            "name": name,
            "value": value,
            "document_title": _DOCUMENT,
            "valid_from": scenario.starts_on.isoformat(),
        }
        path = f"{_STAFF}/policies/organisations/{community_id}/numbers"
        theatre.web.post(theatre.staff.desk(BUREAU), path, body)


def found_project(theatre: Theatre, county_id: str, estates: list[EstatePlay]) -> str:
    """Let the bureau create the year's project over all estates; returns its id."""
    body = {
        "organisation": county_id,
        "code": theatre.scenario.id,
        "name": theatre.scenario.title,
        "plan_year": 2026,
        "estates": [estate.id for estate in estates],
    }
    project = theatre.web.post(theatre.staff.desk(BUREAU), f"{_STAFF}/projects", body)
    rows = {row["estate"]: row["id"] for row in project["estates"]}
    for estate in estates:
        estate.row_id = rows[estate.id]
    return str(project["id"])
