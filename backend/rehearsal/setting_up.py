"""Before the play: organisations, staff, the locality's numbers, estates with their rolls, the project, letters."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import quote

from backend.identity import service as identity
from backend.identity.rules.relations import Relation
from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.registry import service as registry
from backend.rehearsal.answers import OwnerKind, Way
from backend.rehearsal.cast import (
    ADMINISTRATOR,
    BUREAU,
    EstatePlay,
    Person,
    Unexpected,
    clerk_name,
    phone_number,
)
from backend.rehearsal.roll import roll_csv
from backend.rehearsal.scenario import CommunityScript, LocalNumbers, Scenario
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Headers
from backend.rehearsal.world import EstateWorld, area_text
from bot import jobs

_STAFF = "/api/v1/staff"
_ROOT = (("province", "64", "宁夏回族自治区"), ("city", "6403", "吴忠市"), ("county", "640302", "利通区"))
_CLERKS = 3
_SHARE = "3/4"
_DOCUMENT = "演练用本地规定（虚构文件，不是真实政策）"
_PAGE = 200
_LETTERS_AT_ONCE = 500


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
    _hire(theatre, ADMINISTRATOR, (BUREAU, "住建局经办（演练）", Role.BUREAU, county_id))
    return county_id


def found_communities(theatre: Theatre, county_id: str) -> list[str]:
    """Let the bureau add towns and communities, hire their people, and set what is set; returns their ids."""
    scenario = theatre.scenario
    towns: dict[str, str] = {}
    used = sorted({script.community for script in scenario.estates})
    ids: dict[int, str] = {}
    for position in theatre.crew.progress.over("建立组织、账号和当地规定", used, len(used)):
        community = scenario.communities[position]
        if community.town not in towns:
            towns[community.town] = _organisation(
                theatre, county_id, ("town", f"T{len(towns)}", community.town)
            )
        below = ("community", f"C{position + 1}", community.name)
        ids[position] = _organisation(theatre, towns[community.town], below)
        for number in range(1, _CLERKS + 1):
            name = f"社区干部{number}（演练）"
            post = (clerk_name(position, number), name, Role.RESIDENTS_COMMITTEE, ids[position])
            _hire(theatre, BUREAU, post)
        _set_numbers(theatre, scenario, community, ids[position])
        _open_room(theatre, community.name, (position, ids[position]))
    _adopt(theatre, county_id)
    return [ids.get(position, "") for position in range(len(scenario.communities))]


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


def _hire(theatre: Theatre, by: str, post: tuple[str, str, Role, str]) -> None:
    username, name, role, organisation_id = post
    body = {
        "username": username,
        "name": name,
        "password": theatre.staff.hire(username),
        "grant": {"role": str(role), "organisation_id": organisation_id},
    }
    theatre.web.post(theatre.staff.desk(by), f"{_STAFF}/accounts", body)


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


def import_estates(theatre: Theatre, community_ids: list[str]) -> list[EstatePlay]:
    """Let the clerks add their estates and import the rolls; raises Unexpected."""
    firsts = _first_phones(theatre.world.estates)

    def queue(world: EstateWorld) -> tuple[EstatePlay, str]:
        return _queue_import(theatre, world, community_ids[world.script.community], firsts[world.number])

    queued = theatre.crew.each("小区建档、上传名册", theatre.world.estates, queue)
    jobs.run_imports(theatre.stage.ports)

    def look(found: tuple[EstatePlay, str]) -> EstatePlay:
        estate, run_id = found
        caller = theatre.staff.desk(estate.clerk(1))
        run = theatre.web.get(caller, f"{_STAFF}/imports/{run_id}")
        if run["state"] != "done":
            raise Unexpected(f"the roll was not imported: {str(run['report'])[:500]}")
        _compare_sums(theatre, estate)
        estate.dwelling_ids = _dwellings(theatre, estate)
        return estate

    return theatre.crew.each("核对名册", queued, look)


def _compare_sums(theatre: Theatre, estate: EstatePlay) -> None:
    card = theatre.web.get(theatre.staff.desk(estate.clerk(1)), f"{_STAFF}/estates/{estate.id}")
    found = (card["buildings"], card["dwellings"], card["households"], card["exclusive_area"])
    world = estate.world
    homes = len(world.homes)
    if found != (world.script.buildings, homes, homes, area_text(world.area_centi)):
        raise Unexpected(f"{world.script.name}: the product's sums {found} are not the script's")


def _first_phones(estates: tuple[EstateWorld, ...]) -> dict[int, int]:
    firsts, position = {}, 0
    for world in estates:
        firsts[world.number] = position
        position += len(world.owners)
    return firsts


def _queue_import(
    theatre: Theatre, world: EstateWorld, community_id: str, first_phone: int
) -> tuple[EstatePlay, str]:
    estate = EstatePlay(world, "")
    caller = theatre.staff.desk(estate.clerk(1))
    name = f"{world.script.name}（演练，住户均为虚构）"
    facts = {"name": name, "built_year": world.script.built_year}
    body = {"organisation_id": community_id, "code": world.code, **facts}
    estate.id = theatre.web.post(caller, f"{_STAFF}/estates", body)["id"]
    queued = {
        "organisation_id": community_id,
        "estate_id": estate.id,
        "file_sha256": theatre.web.store(caller, roll_csv(world, first_phone)),
        "file_name": f"{world.code}.csv",
    }
    run = theatre.web.post(caller, f"{_STAFF}/imports", queued, Headers(key=new_id()))
    theatre.stage.phones.create_users(_users(world, first_phone))
    for owner in world.owners:
        number = phone_number(first_phone + owner.number)
        theatre.diary.numbers[number] = Person(world.number, owner.number)
    return estate, str(run["id"])


def _users(world: EstateWorld, first_phone: int) -> list[dict[str, object]]:
    users: list[dict[str, object]] = []
    for owner in world.owners:
        person = Person(world.number, owner.number)
        phone = phone_number(first_phone + owner.number)
        name = f"示例业主{world.number:02d}{owner.number:03d}"
        # One id across the operator's apps: so the chat knows who follows.
        ids = {"openid": person.openid, "unionid": f"u-{person.openid}"}
        users.append({**ids, "phone": phone, "name": name})
        if owner.canvass.way is Way.FAMILY:
            family = Person(world.number, owner.number, is_family=True)
            users.append({"openid": family.openid, "name": f"{name}的家人"})
    return users


def _dwellings(theatre: Theatre, estate: EstatePlay) -> tuple[str, ...]:
    """Return the dwellings' ids in the order of the world's homes."""
    caller, found, cursor = theatre.staff.desk(estate.clerk(1)), {}, ""
    while True:
        path = f"{_STAFF}/estates/{estate.id}/dwellings?limit={_PAGE}{cursor}"
        page = theatre.web.get(caller, path)
        found.update({row["label"]: row["id"] for row in page["items"]})
        if page["next"] is None:
            break
        cursor = f"&cursor={quote(page['next'])}"
    labels = (f"{home.building}栋{home.entrance}单元{home.door}" for home in estate.world.homes)
    return tuple(found[label] for label in labels)


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


def send_letters(theatre: Theatre, estates: list[EstatePlay]) -> None:
    """Issue every home's letters and play the postman.

    The one step beside the doors: a code is readable only on the printed letter, so the play takes the letters
    from the service that prints them, acting as the clerk.
    """
    for estate in theatre.crew.progress.over("打印并送出邀请信", estates, len(estates)):
        wanted = _letters_wanted(estate)
        with theatre.stage.console_of(theatre.staff.desk(estate.clerk(1))) as ctx:
            for relation, dwelling_ids in wanted:
                command = identity.IssueInvites(estate.id, dwelling_ids=dwelling_ids, relation=relation)
                for letter in identity.issue_invites(ctx, command).letters:
                    estate.letters[letter.dwelling_id, letter.relation] = letter.code


def _letters_wanted(estate: EstatePlay) -> list[tuple[Relation, tuple[str, ...]]]:
    """Return batches of dwellings by relation, each small enough for one printing."""
    wanted: dict[str, list[str]] = defaultdict(list)
    for owner in estate.world.owners:
        homes = [estate.dwelling_ids[at] for at in owner.homes]
        if owner.kind is not OwnerKind.UNIT:
            wanted[relation_of(owner.kind)] += homes
        if owner.canvass.way is Way.FAMILY:
            wanted["family"] += homes
    return [
        (Relation(name), tuple(homes[start : start + _LETTERS_AT_ONCE]))
        for name, homes in wanted.items()
        for start in range(0, len(homes), _LETTERS_AT_ONCE)
    ]


def relation_of(kind: OwnerKind) -> str:
    """Return as what an owner of this kind is bound: co-owners act through their representative."""
    return "representative" if kind is OwnerKind.CO_OWNERS else "owner"
