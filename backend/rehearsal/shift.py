"""The bot's shift: every job of its table that is due by the rehearsal's clock, then sending until nothing waits."""

from __future__ import annotations

from datetime import datetime, timedelta

from backend.infra.context import Ports
from backend.infra.database import open_session
from backend.notifications import queries
from backend.rehearsal.cast import Unexpected
from backend.rehearsal.clock import Calendar
from bot import delivery
from bot.schedule import JOBS, Job

# A robot writes once in three seconds; what waits longer (quiet hours) waits for a later look.
_SOON = timedelta(minutes=10)
_PAUSE = timedelta(seconds=4)
_MOST_ROUNDS = 400
# As long as the slowest job that leads to messages: the play's own speed decides nothing.
_BETWEEN = timedelta(minutes=5)
_A_DAY = timedelta(days=1)


class Shift:
    """Runs the jobs as the worker does, each no more often than the table says."""

    def __init__(self, ports: Ports, calendar: Calendar) -> None:
        self._ports = ports
        self._calendar = calendar
        self._ran_at: dict[str, datetime] = {}
        self._looked_at: datetime | None = None

    def look(self) -> datetime:
        """Run what is due and send what may go now; returns when that began."""
        if self._looked_at is not None:
            self._calendar.wait_until(self._looked_at + _BETWEEN)
        now = self._looked_at = self._calendar.now()
        for job in JOBS:
            if job.name not in self._ran_at or now - self._ran_at[job.name] >= job.every:
                self._run(job)
                self._ran_at[job.name] = now
        self._send_all()
        return now

    def stay(self) -> datetime | None:
        """Wait for the next message that was put off to a later hour, and look then; returns when, None without one."""
        following = self._next_due()
        if following is None or following > self._calendar.now() + _A_DAY:
            return None
        self._calendar.wait_until(following)
        return self.look()

    def _next_due(self) -> datetime | None:
        with open_session(self._ports.engine, read_only=True) as session:
            return queries.next_due(session)

    def _run(self, job: Job) -> None:
        try:
            job.run(self._ports)
        except Exception as error:
            raise Unexpected(f"the bot's job {job.name} failed: {error}") from error

    def _send_all(self) -> None:
        for _ in range(_MOST_ROUNDS):
            following = self._next_due()
            now = self._calendar.now()
            if following is None or following > now + _SOON:
                return
            self._calendar.wait_until(max(following, now + _PAUSE))
            delivery.deliver(self._ports)
        raise Unexpected("messages still wait after the bot had every chance to send them")
