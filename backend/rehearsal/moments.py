"""When people vote and when the bot looks: the moments of a ballot's window, and who votes at which. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from random import Random

QUIET_FROM, QUIET_UNTIL = timedelta(hours=21), timedelta(hours=8)
DIGEST_FROM = timedelta(hours=18)


def time_of_day(hour: int, minute: int = 0) -> timedelta:
    """Return what has passed since midnight."""
    return timedelta(hours=hour, minutes=minute)


@dataclass(frozen=True, slots=True)
class Moment:
    """A time of the play: ``share`` percent of those who vote on the phone do it then, ``papers`` are handed in."""

    day: int
    time: timedelta
    share: int = 0
    papers: bool = False

    @property
    def is_quiet(self) -> bool:
        """Tell whether nobody may be reminded then."""
        return not QUIET_UNTIL <= self.time < QUIET_FROM

    @property
    def words(self) -> str:
        """Return the moment for the progress line."""
        minutes = self.time // timedelta(minutes=1)
        return f"第 {self.day} 天 {minutes // 60:02d}:{minutes % 60:02d}"


def reminder_days(opens: int, closes: int) -> dict[str, int]:
    """Return the days on which non-voters are to be reminded, by the issue's words: T−7, T−3, last day.

    ``closes`` is the day at whose midnight the window ends. Not on the day of opening.
    """
    last = closes - 1
    days = {"T-7": last - 7, "T-3": last - 3}
    return {name: day for name, day in days.items() if day > opens} | {"last": last}


def turn_of(moments: Sequence[Moment], rng: Random, *, is_early: bool) -> Moment:
    """Return when somebody votes; ``is_early``: in any case at the first moment (their paper comes later)."""
    voting = [moment for moment in moments if moment.share]
    if is_early:
        return voting[0]
    draw = rng.randrange(sum(moment.share for moment in voting))
    for moment in voting:
        if draw < moment.share:
            return moment
        draw -= moment.share
    return voting[-1]
