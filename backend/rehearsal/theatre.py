"""Everything a scene needs in one hand."""

from __future__ import annotations

from dataclasses import dataclass

from backend.rehearsal.cast import Residents, Staff
from backend.rehearsal.crew import Crew
from backend.rehearsal.scenario import Scenario
from backend.rehearsal.stage import Stage
from backend.rehearsal.web import Web
from backend.rehearsal.world import World


@dataclass(frozen=True, slots=True)
class Theatre:
    """The stage, the script, the cast and the crew."""

    stage: Stage
    world: World
    staff: Staff
    residents: Residents
    crew: Crew

    @property
    def scenario(self) -> Scenario:
        """Return what is played."""
        return self.world.scenario

    @property
    def web(self) -> Web:
        """Return the product's doors."""
        return self.stage.web

    def new_day(self, day: int) -> None:
        """Go on to 09:00 of a later day; staff log in anew."""
        self.staff.go_home()
        self.stage.calendar.go_to(day)
