"""The Official Account's side: who follows, who may be written to, and the menu."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from wechat_simulator.answers import Refused
from wechat_simulator.shelf import Shelf

# What a person did → (messages allowed, within seconds).
ALLOWED = {"message": (5, 48 * 3600), "event": (3, 60)}
_MOST_BUTTONS = 3
_MOST_UNDER = 5


class Followers:
    """Thread-safe; people are named by their mini-program openid here."""

    def __init__(self, now: Callable[[], float], shelf: Shelf) -> None:
        self._now = now
        self._shelf = shelf
        self._lock = threading.Lock()
        self._following: set[str] = set()
        self._allowed: dict[str, dict[str, list[float]]] = {}
        self._menu: list[dict[str, Any]] = []
        for kept in shelf.read("follow"):
            self._note(kept["openid"], is_following=kept["is_following"])

    def follow(self, openid: str, *, is_following: bool) -> None:
        """Follow or leave; leaving ends every permission to write."""
        with self._lock:
            self._note(openid, is_following=is_following)
            self._shelf.keep("follow", {"openid": openid, "is_following": is_following})

    def _note(self, openid: str, *, is_following: bool) -> None:
        if is_following:
            self._following.add(openid)
        else:
            self._following.discard(openid)
            self._allowed.pop(openid, None)

    def is_following(self, openid: str) -> bool:
        """Tell whether a person follows."""
        with self._lock:
            return openid in self._following

    def allow(self, openid: str, reason: str) -> None:
        """Let the account write because of a ``message`` or an ``event`` of this person."""
        count, seconds = ALLOWED[reason]
        with self._lock:
            self._allowed.setdefault(openid, {})[reason] = [count, self._now() + seconds]

    def use(self, openid: str) -> None:
        """Use up one message; refuses 45015 when none was allowed in time, 45047 when all are used."""
        with self._lock:
            live = [found for found in self._allowed.get(openid, {}).values() if found[1] > self._now()]
            if not live:
                raise Refused(45015)
            left = [found for found in live if found[0] > 0]
            if not left:
                raise Refused(45047)
            min(left, key=lambda found: found[1])[0] -= 1

    @property
    def menu(self) -> list[dict[str, Any]]:
        """Return the menu's buttons."""
        with self._lock:
            return list(self._menu)

    def set_menu(self, buttons: object) -> None:
        """Replace the menu; refuses 40016 too many buttons, 40097 buttons that are none."""
        if not isinstance(buttons, list) or not 0 < len(buttons) <= _MOST_BUTTONS:
            raise Refused(40016)
        for button in buttons:
            below = button.get("sub_button", []) if isinstance(button, dict) else None
            if not isinstance(below, list) or not isinstance(button.get("name"), str):
                raise Refused(40097)
            if len(below) > _MOST_UNDER:
                raise Refused(40016)
        with self._lock:
            self._menu = buttons

    def delete_menu(self) -> None:
        """Remove the menu."""
        with self._lock:
            self._menu = []
