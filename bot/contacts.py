"""Who wrote just now, kept for a second and written down together: a question then needs no write of its own.

Losing it with the process costs little: a later message goes another way than freely into the chat.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from backend.kernel.ids import new_id
from backend.notifications.service import chats, followers

logger = logging.getLogger("gongjue.bot")

_SECONDS = 1.0


class ContactBook:
    """One per process, any number of threads."""

    def __init__(self, ports: Ports) -> None:
        self._ports = ports
        self._lock = threading.Lock()
        self._spoke: set[str] = set()
        self._tapped: set[str] = set()
        self._strangers: set[str] = set()
        self._written_at = float("-inf")
        self._timer: threading.Timer | None = None

    def note(self, openid: str, *, is_known: bool, is_tap: bool) -> None:
        """Note that somebody wrote or tapped; written at once in quiet times, else within a second."""
        with self._lock:
            (self._strangers if not is_known else self._tapped if is_tap else self._spoke).add(openid)
            if self._timer is not None:
                return
            wait = self._written_at + _SECONDS - time.monotonic()
            if wait > 0:
                self._timer = threading.Timer(wait, self.write)
                self._timer.daemon = True
                self._timer.start()
                return
            self._written_at = time.monotonic()
        self.write()

    def write(self) -> None:
        """Write down what was noted, in one transaction; what cannot be written is dropped."""
        with self._lock:
            spoke, tapped, strangers = self._spoke, self._tapped, self._strangers
            self._spoke, self._tapped, self._strangers = set(), set(), set()
            self._written_at, self._timer = time.monotonic(), None
        try:
            self._step(lambda ctx: _write(ctx, spoke, tapped, strangers))
        except Exception:
            logger.exception("contacts_lost")

    def close(self) -> None:
        """Write what is left; nothing is written later."""
        with self._lock:
            timer = self._timer
        if timer is not None:
            timer.cancel()
            timer.join()
            self.write()

    def _step(self, step: Callable[[Context], None]) -> None:
        with open_session(self._ports.engine) as session:
            step(Context(session=session, actor=SYSTEM, ports=self._ports, request_id=f"chat-{new_id()}"))
            session.commit()


def _write(ctx: Context, spoke: set[str], tapped: set[str], strangers: set[str]) -> None:
    for openids, is_tap in ((spoke, False), (tapped, True)):
        if openids:
            followers.note_contacts(ctx, openids, is_tap=is_tap)
    # One order everywhere, so that two processes cannot wait for each other.
    for openid in sorted(strangers):
        chats.ask_to_recognise(ctx, openid)
