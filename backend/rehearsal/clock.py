"""The rehearsal's calendar: the database's clock moved forward, never back, and WeChat's kept in step with it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from sqlalchemy.engine import Engine

from backend.infra.database import db_now, open_session
from backend.infra.installation import move_clock
from backend.kernel.clock import start_of_day
from backend.rehearsal.phones import SimulatedPhones

_OFFICE_OPENS = timedelta(hours=9)
_MICROSECOND = timedelta(microseconds=1)


class Calendar:
    """Days of the play, counted from its first; the product's clock runs on from each moment."""

    def __init__(self, engine: Engine, starts_on: date, phones: SimulatedPhones) -> None:
        self._engine = engine
        self._starts_on = starts_on
        self._phones = phones
        self._offset = timedelta(0)
        self._has_begun = False

    def go_to(self, day: int, after_midnight: timedelta = _OFFICE_OPENS) -> None:
        """Make it this time of the day (0 = the first day), 09:00 unless told; never earlier than it is."""
        self.wait_until(self.moment(day, after_midnight))

    def wait_until(self, at: datetime) -> None:
        """Make it ``at``; stays where it is when that has passed. Only the first day may lie before today."""
        now = self.now()
        if at > now or not self._has_begun:
            self._offset += at - now
            self._has_begun = True
            move_clock(self._engine, self._offset // _MICROSECOND)
        self._phones.set_clock(self.now())

    def now(self) -> datetime:
        """Return the product's time."""
        with open_session(self._engine, read_only=True) as session:
            return db_now(session)

    def moment(self, day: int, after_midnight: timedelta) -> datetime:
        """Return a time of a day of the play, in UTC."""
        return self.midnight(day) + after_midnight

    def midnight(self, day: int) -> datetime:
        """Return 00:00 Asia/Shanghai of the day, in UTC."""
        return start_of_day(self._starts_on + timedelta(days=day)).astimezone(UTC)
