"""The satisfaction survey: opened by the bureau, answered on phones, at doors, by telephone and on paper."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.kernel.clock import iso
from backend.kernel.ids import new_id
from backend.rehearsal.cast import BUREAU, Person, Unexpected
from backend.rehearsal.second_act.building import WORKS
from backend.rehearsal.second_act.days import SURVEY_CLOSES
from backend.rehearsal.second_act.replies import LEVELS, Channel, Reply, script_survey
from backend.rehearsal.second_act.site import Site
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.voting import blank_picture
from backend.rehearsal.web import Caller, Headers, Refused

_API = "/api/v1"
_STAFF = f"{_API}/staff"
_PAGE = 100


@dataclass(frozen=True, slots=True)
class Asked:
    """An estate in the survey with what its households will say."""

    site: Site
    replies: tuple[Reply, ...]

    def door(self, reply: Reply) -> str:
        """Return a household's door as the census writes it."""
        home = self.site.estate.world.homes[reply.home]
        return f"{home.building}栋{home.entrance}单元{home.door}"


def script(theatre: Theatre, site: Site) -> Asked:
    """Return an estate with its replies."""
    world = site.estate.world
    on_phone = [at for owner, _ in site.on_phone for at in owner.homes]
    rng = site.dice(theatre, "survey")
    return Asked(site, tuple(script_survey(len(world.homes), on_phone, world.script.reception, rng)))


def open_survey(theatre: Theatre, county_id: str, asked: Sequence[Asked]) -> str:
    """Let the bureau draft the survey from the product's template and open it; returns its id."""
    caller = theatre.staff.desk(BUREAU)
    body = {
        "organisation": county_id,
        "template": "satisfaction",
        "estates": [one.site.estate.id for one in asked],
        "title": "改造效果满意度调查（演练）",
        "items": [name for _, _, name, _, _ in WORKS],
    }
    draft = theatre.web.post(caller, f"{_STAFF}/surveys", body, Headers(key=new_id()))
    closes_at = iso(theatre.stage.calendar.midnight(SURVEY_CLOSES))
    path = f"{_STAFF}/surveys/{draft['id']}/open"
    theatre.web.post(caller, path, {"closes_at": closes_at}, Headers(version=draft["version"]))
    return str(draft["id"])


def answering(asked: Sequence[Asked]) -> list[tuple[Asked, Person, list[Reply]]]:
    """Return everybody who answers on the phone, each with the homes they answer for."""
    found = []
    for one in asked:
        by_home = {reply.home: reply for reply in one.replies if reply.channel is Channel.PHONE}
        for owner, person in one.site.on_phone:
            replies = [by_home[at] for at in owner.homes if at in by_home]
            if replies:
                found.append((one, person, replies))
    return found


def answer(theatre: Theatre, survey_id: str, turn: tuple[Asked, Person, list[Reply]]) -> None:
    """Answer for one's homes, twice where somebody changes their mind."""
    one, person, replies = turn
    caller = theatre.residents.log_in(person)
    path = f"{_API}/surveys/{survey_id}/answers"
    for reply in replies:
        dwelling = one.site.estate.dwelling_ids[reply.home]
        for overall in (reply.before, reply.overall):
            if overall is not None:
                body = {"dwelling": dwelling, "answers": _answers(reply, overall)}
                theatre.web.post(caller, path, body, Headers(key=new_id()))


def knock(theatre: Theatre, survey_id: str, one: Asked) -> None:
    """Let the clerk walk the worklist: answers at the door, by telephone and on paper, and tries that brought none."""
    caller = theatre.staff.desk(one.site.estate.clerk(1))
    households = _worklist(theatre, caller, f"{_STAFF}/surveys/{survey_id}", one)
    sheet = theatre.web.store(caller, blank_picture())
    for reply in one.replies:
        if reply.channel is Channel.PHONE or (reply.channel is None and reply.tried is None):
            continue
        path = f"{_STAFF}/surveys/{survey_id}/households/{households[one.door(reply)]}"
        if reply.tried is not None:
            by = "telephone" if reply.tried == "no_answer" else "doorstep"
            theatre.web.post(
                caller, f"{path}/tries", {"channel": by, "outcome": reply.tried}, Headers(key=new_id())
            )
            continue
        assert reply.channel is not None and reply.overall is not None
        body: dict[str, Any] = {"channel": reply.channel, "answers": _answers(reply, reply.overall)}
        if reply.channel is Channel.PAPER:
            body["photo"] = sheet
        theatre.web.post(caller, f"{path}/responses", body, Headers(key=new_id()))
    _not_over_a_phone(theatre, survey_id, one)


def _worklist(theatre: Theatre, caller: Caller, path: str, one: Asked) -> dict[str, str]:
    """Return door → household for all not yet covered; they must be the ones that the script says."""
    found: dict[str, str] = {}
    cursor = 0
    while True:
        query = f"estate={one.site.estate.id}&limit={_PAGE}&cursor={cursor}"
        page = theatre.web.get(caller, f"{path}/worklist?{query}")
        found.update({row["door"]: row["id"] for row in page["items"]})
        if page["next"] is None:
            break
        cursor = page["next"]
    covered = (reply.channel is Channel.PHONE and reply.overall in LEVELS for reply in one.replies)
    wanted = {one.door(reply) for reply, done in zip(one.replies, covered, strict=True) if not done}
    if set(found) != wanted:
        raise Unexpected(f"{one.site.name}: the worklist has {len(found)} households, not {len(wanted)}")
    return found


def _not_over_a_phone(theatre: Theatre, survey_id: str, one: Asked) -> None:
    """What a household said on its own phone stays: staff cannot write over it."""
    reply = next((found for found in one.replies if found.channel is Channel.PHONE), None)
    if reply is None:
        return
    caller = theatre.staff.desk(one.site.estate.clerk(1))
    path = f"{_STAFF}/surveys/{survey_id}/households"
    query = f"estate={one.site.estate.id}&door={one.site.estate.world.homes[reply.home].label}"
    household = theatre.web.get(caller, f"{path}?{query}")["id"]
    body = {"channel": "doorstep", "answers": {"overall": "very_satisfied"}}
    try:
        theatre.web.post(caller, f"{path}/{household}/responses", body, Headers(key=new_id()))
    except Refused as refusal:
        if refusal.status == 409:
            return
        raise
    raise Unexpected(f"{one.site.name}: staff wrote over what a household answered on its phone")


def _answers(reply: Reply, overall: str) -> Mapping[str, str]:
    answers = {"overall": overall, "item_1": overall, "communication": "satisfied"}
    return answers | ({"words": reply.words} if reply.words else {})
