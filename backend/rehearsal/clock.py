"""The rehearsal's calendar: the database's clock moved forward, never back, to 09:00 of a day of the play."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.engine import Engine

from backend.infra.database import db_now, open_session
from backend.infra.installation import move_clock
from backend.kernel.clock import start_of_day

_OFFICE_OPENS = timedelta(hours=9)
_MICROSECOND = timedelta(microseconds=1)


class Calendar:
    """Days of the play, counted from its first; the product's clock runs on from each 09:00."""

    def __init__(self, engine: Engine, starts_on: date) -> None:
        self._engine = engine
        self._starts_on = starts_on
        self._offset = timedelta(0)

    def go_to(self, day: int) -> None:
        """Make it 09:00 of the day (0 = the first)."""
        with open_session(self._engine, read_only=True) as session:
            bare = db_now(session) - self._offset
        self._offset = self.midnight(day) + _OFFICE_OPENS - bare
        move_clock(self._engine, self._offset // _MICROSECOND)

    def midnight(self, day: int) -> datetime:
        """Return 00:00 Asia/Shanghai of the day, in UTC."""
        return start_of_day(self._starts_on + timedelta(days=day)).astimezone(UTC)
