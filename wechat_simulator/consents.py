"""Subscription consents: one accept is one message, without end; and the popups that ask for them."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

ANSWERS = ("accept", "reject", "ban", "filter")
MOST_TEMPLATES = 3


@dataclass(slots=True)
class Popup:
    """A popup on a phone; without answers it is still open."""

    number: int
    openid: str
    template_ids: tuple[str, ...]
    at: int
    answers: dict[str, str] = field(default_factory=dict)


class Consents:
    """Who may be sent what; thread-safe."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._lock = threading.Lock()
        self._left: Counter[tuple[str, str]] = Counter()
        self._popups: list[Popup] = []

    def ask(self, openid: str, template_ids: Iterable[str]) -> Popup:
        """Open a popup."""
        with self._lock:
            popup = Popup(len(self._popups) + 1, openid, tuple(template_ids), int(self._now()))
            self._popups.append(popup)
            return popup

    def answer(self, popup: Popup, answers: Mapping[str, str]) -> bool:
        """Answer a popup once; every accept adds a message. False when it was answered before."""
        with self._lock:
            if popup.answers:
                return False
            popup.answers.update(answers)
            for template_id, answer in answers.items():
                self._left[popup.openid, template_id] += answer == "accept"
            return True

    def popup(self, number: int) -> Popup | None:
        """Return a popup."""
        with self._lock:
            return self._popups[number - 1] if 0 < number <= len(self._popups) else None

    def open_popups(self, openid: str) -> list[Popup]:
        """Return the popups that this phone shows."""
        with self._lock:
            return [popup for popup in self._popups if popup.openid == openid and not popup.answers]

    def grant(self, openid: str, template_id: str, count: int) -> None:
        """Set how many messages are left."""
        with self._lock:
            self._left[openid, template_id] = count

    def left(self, openid: str) -> dict[str, int]:
        """Return what is left by template."""
        with self._lock:
            return {template: count for (whose, template), count in self._left.items() if whose == openid}

    def use(self, openid: str, template_id: str) -> bool:
        """Take one; False when there is none."""
        with self._lock:
            if self._left[openid, template_id] <= 0:
                return False
            self._left[openid, template_id] -= 1
            return True
