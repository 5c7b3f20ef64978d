"""The database's time for calls that must not ask the database each: WeChat's freshness window."""

from __future__ import annotations

import threading
import time

from sqlalchemy.engine import Engine

from backend.infra.database import db_now, open_session

_SECONDS = 5.0


class SteadyClock:
    """The database's time, carried on by this machine's steady counter for five seconds.

    The host's own clock may be a day wrong, and a rehearsal's time is not the world's.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._lock = threading.Lock()
        self._read_at = float("-inf")
        self._ahead = 0.0

    def now(self) -> int:
        """Return epoch seconds."""
        counter = time.monotonic()
        if counter - self._read_at >= _SECONDS:
            return self.renew()
        return int(counter + self._ahead)

    def renew(self) -> int:
        """Ask the database now and return epoch seconds."""
        with open_session(self._engine, read_only=True) as session:
            now = db_now(session).timestamp()
        with self._lock:
            self._read_at = time.monotonic()
            self._ahead = now - self._read_at
        return int(now)
