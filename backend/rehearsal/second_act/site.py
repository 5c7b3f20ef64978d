"""An estate whose works have started, with everything that happens there, and who handles it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from random import Random

from backend.rehearsal.answers import OwnerKind, Way
from backend.rehearsal.cast import EstatePlay, Person
from backend.rehearsal.habits import seeded
from backend.rehearsal.scenario import Reception
from backend.rehearsal.theatre import Theatre
from backend.rehearsal.voting import uses_phone
from backend.rehearsal.world import Owner


@dataclass(frozen=True, slots=True)
class Unit:
    """A responsible unit: its id as a party, its name, and the one person who acts for it."""

    party: str
    name: str
    username: str
    account: str


@dataclass(frozen=True)
class Site:
    """One estate; ``position`` counts the estates under works, ``first_phone`` the town's owners before it.

    ``is_wide``: 基本满意 counts as satisfied there.
    """

    estate: EstatePlay
    position: int
    first_phone: int
    contractor: Unit
    utility: Unit
    building_ids: tuple[str, ...]
    is_wide: bool
    works: dict[str, str] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Return the estate's name."""
        return self.estate.world.script.name

    @property
    def is_finished(self) -> bool:
        """Tell whether the works come to acceptance within the play."""
        return self.estate.world.script.reception is not Reception.STILL_BUILDING

    @property
    def hotline(self) -> str:
        """Return who of the hotline deals with it."""
        return AGENTS[self.position % len(AGENTS)]

    def unit_for(self, category: str) -> Unit:
        """Return the unit that answers for a category of reports."""
        return self.utility if category == "utilities" else self.contractor

    def dice(self, theatre: Theatre, purpose: str) -> Random:
        """Return a generator for one purpose of this estate."""
        return seeded(purpose, theatre.scenario.id, theatre.seed, self.estate.world.number)

    @cached_property
    def on_phone(self) -> Sequence[tuple[Owner, Person]]:
        """Return the owners who have bound their homes in every play, each with the person who did."""
        found = ((owner, phone_of(self.estate.world.number, owner)) for owner in self.estate.world.owners)
        return [(owner, person) for owner, person in found if person is not None]


AGENTS = ("rexian-1", "rexian-2")


def phone_of(estate: int, owner: Owner) -> Person | None:
    """Return who answers on the phone for an owner's homes: whoever voted there; nobody where all came on paper."""
    if owner.kind is OwnerKind.UNIT:
        return None
    if uses_phone(owner.plan):
        return Person(estate, owner.number)
    if uses_phone(owner.canvass):
        return Person(estate, owner.number, is_family=owner.canvass.way is Way.FAMILY)
    return None
