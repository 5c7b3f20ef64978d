"""Everything a scene needs in one hand."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, timedelta

from backend.kernel.clock import local_date
from backend.rehearsal.cast import Residents, Staff
from backend.rehearsal.crew import Crew
from backend.rehearsal.diary import Diary
from backend.rehearsal.moments import time_of_day
from backend.rehearsal.scenario import Scenario
from backend.rehearsal.shift import Shift
from backend.rehearsal.stage import Stage
from backend.rehearsal.web import Web
from backend.rehearsal.world import World

_OFFICE_OPENS = time_of_day(9)
# An evening and a morning, and whatever they lead to.
_MOST_WAITS = 6


@dataclass(frozen=True, slots=True)
class Theatre:
    """The stage, the script, the cast and the crew; ``shift`` is None when nobody gets messages."""

    stage: Stage
    world: World
    staff: Staff
    residents: Residents
    crew: Crew
    seed: int
    shift: Shift | None
    diary: Diary = field(default_factory=Diary)

    @property
    def scenario(self) -> Scenario:
        """Return what is played."""
        return self.world.scenario

    @property
    def web(self) -> Web:
        """Return the product's doors."""
        return self.stage.web

    @property
    def today(self) -> date:
        """Return the day of the play."""
        return local_date(self.stage.calendar.now())

    def new_day(self, day: int, time: timedelta = _OFFICE_OPENS) -> None:
        """Go on to a time of a day, 09:00 unless told."""
        self.stage.calendar.go_to(day, time)
        self.staff.go_on(self.stage.calendar.now())

    def look(self) -> None:
        """Let the bot do what is due, messages included."""
        if self.shift is not None:
            self.diary.looks.append(self.shift.look())

    def finish_day(self) -> None:
        """Let the bot send what waits for the evening or the morning, before the play goes on to another day."""
        if self.shift is None:
            return
        for _ in range(_MOST_WAITS):
            looked_at = self.shift.stay()
            if looked_at is None:
                return
            self.diary.looks.append(looked_at)

    def scene_of_the_bot(self, title: str) -> None:
        """Let the bot look, as a step of its own on the progress line."""
        if self.shift is not None:
            self.crew.progress.begin(title, 1)
            self.look()
            self.crew.progress.advance()
