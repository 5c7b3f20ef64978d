"""A report on its way through the hotline, and who made it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import cycle

from backend.rehearsal.cast import Person, phone_number
from backend.rehearsal.second_act.courses import Course, Via, courses_of
from backend.rehearsal.second_act.site import Site
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.world import Owner


@dataclass(frozen=True, slots=True)
class Reporter:
    """Who reports: an owner by name, telephone number and door; ``person`` where it is done on the phone."""

    name: str
    number: str
    door: str
    person: Person | None

    @property
    def address(self) -> str:
        """Return the network address of their telephone."""
        position = int(self.number[-4:])
        return f"10.3.{position // 250}.{position % 250 + 1}"

    @property
    def traces(self) -> tuple[str, ...]:
        """Return everything by which one could tell who it is."""
        return self.name, self.number, self.door


@dataclass(slots=True)
class Case:
    """A report with what the product gave it: id, number, version, party, the code of an anonymous one.

    ``version`` 0: its reporter did something, so that whoever goes on has to read it anew.
    """

    site: Site
    course: Course
    reporter: Reporter
    building: int
    id: str = ""
    number: str = ""
    version: int = 0
    party: str = ""
    code: str = ""

    @property
    def said(self) -> str:
        """Return the words of the report; whoever wants to stay hidden gives themselves away, as people do.

        The name only on the telephone: staff write it down beside the words, and so the product knows it.
        """
        who = self.reporter
        if not self.course.is_hidden:
            return self.course.words
        name = f"我是{who.name}，" if self.course.via is Via.TELEPHONE else ""
        return f"{name}住{who.door}，电话{who.number}。{self.course.words}"


def cases_of(theatre: Theatre, site: Site) -> list[Case]:
    """Return every report of an estate, as far as possible each made by somebody else."""
    rng = site.dice(theatre, "reports")
    on_phone = list(site.on_phone)
    known = {owner for owner, _ in on_phone}
    others = [(owner, None) for owner in site.estate.world.owners if owner not in known]
    rng.shuffle(on_phone)
    rng.shuffle(others)
    # WeChat tells who follows only of those whom it knows across the operator's apps.
    in_chat = [pair for pair in reversed(on_phone) if not pair[1].is_family]
    callers = [*others, *((owner, None) for owner, _ in reversed(on_phone))]
    # In a small estate the same people report again.
    lines: dict[Via, Iterator[tuple[Owner, Person | None]]] = {
        Via.PHONE: cycle(on_phone),
        Via.CHAT: cycle(in_chat),
        Via.TELEPHONE: cycle(callers),
        Via.WALK_IN: cycle(reversed(callers)),
    }
    building = len(site.building_ids) - 1
    return [
        Case(site, course, _reporter(site, *next(lines[course.via])), building)
        for course in courses_of(site.position, theatre.scenario.special_reports)
    ]


def _reporter(site: Site, owner: Owner, person: Person | None) -> Reporter:
    world = site.estate.world
    home = world.homes[owner.homes[0]]
    return Reporter(
        f"示例业主{world.number:02d}{owner.number:03d}",
        phone_number(site.first_phone + owner.number),
        f"{home.building}栋{home.entrance}单元{home.door}",
        person,
    )
