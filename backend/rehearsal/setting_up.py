"""Before the play: estates with their rolls, and letters."""

from __future__ import annotations

from collections import defaultdict
from urllib.parse import quote

from backend.identity import service as identity
from backend.identity.rules.relations import Relation
from backend.kernel.ids import new_id
from backend.rehearsal.answers import OwnerKind, Way
from backend.rehearsal.cast import (
    EstatePlay,
    Person,
    Unexpected,
    phone_number,
)
from backend.rehearsal.roll import roll_csv
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.web import Headers
from backend.rehearsal.world import EstateWorld, area_text
from bot import jobs

_STAFF = "/api/v1/staff"
_PAGE = 200
_LETTERS_AT_ONCE = 500


def import_estates(theatre: Theatre, community_ids: list[str]) -> list[EstatePlay]:
    """Let the clerks add their estates and import the rolls; raises Unexpected."""
    firsts = first_phones(theatre.world.estates)

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


def first_phones(estates: tuple[EstateWorld, ...]) -> dict[int, int]:
    """Return estate → the number before its first owner's, counted through the town."""
    firsts, position = {}, 0
    for world in estates:
        firsts[world.number] = position
        position += len(world.owners)
    return firsts


def _queue_import(
    theatre: Theatre, world: EstateWorld, community_id: str, first_phone: int
) -> tuple[EstatePlay, str]:
    estate = EstatePlay(world, "", community_id)
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
