"""The teller of the demo's past: real services, one transaction per step, at an instant some days ago.

Only demo databases are told stories, and every synthetic name says that it is one. Votes in an open ballot
are cast now, by the database's own clock, as anybody's.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session

from backend.infra.context import Context, DatabaseClock, Ports
from backend.infra.database import db_now, open_session
from backend.kernel.access import SYSTEM, Actor, Grant, Role, Scope
from backend.kernel.clock import local_date, start_of_day


class PastClock(DatabaseClock):
    """The database's clock, set back."""

    def __init__(self, session: Session, back: timedelta) -> None:
        super().__init__(session)
        self._back = back

    def now(self) -> datetime:
        """Return the instant of the story."""
        return super().now() - self._back


@dataclass(frozen=True, slots=True)
class Story:
    """Where the story is told."""

    ports: Ports

    @contextmanager
    def step(self, actor: Actor = SYSTEM, *, days_ago: float = 0.0) -> Iterator[Context]:
        """Open one transaction for ``actor`` in the past; commits at the end, rolls back on any error."""
        with open_session(self.ports.engine) as session:
            ctx = Context(session=session, actor=actor, ports=self.ports, request_id="demo")
            ctx.clock = PastClock(session, timedelta(days=days_ago))
            yield ctx
            session.commit()

    def midnight(self, days_from_now: int) -> datetime:
        """Return 00:00 Asia/Shanghai of a day before (negative) or after today."""
        with open_session(self.ports.engine, read_only=True) as session:
            return start_of_day(local_date(db_now(session)) + timedelta(days=days_from_now))


def staff_actor(account_id: str, role: Role, scope: Scope) -> Actor:
    """Return the actor that this account's login would be."""
    return Actor("staff", account_id, grants=(Grant(role, scope),))
