"""What lies on the phones: service messages in the inbox, and the chat with the Official Account."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice

from wechat_simulator.shelf import Shelf

INBOX = ("subscribe", "template")
CHAT = ("mine", "click", "reply", "custom", "notice")


@dataclass(frozen=True, slots=True)
class Message:
    """One message: ``kind`` is one of INBOX or CHAT, ``openid`` the mini-program's, ``at`` in epoch seconds."""

    number: int
    kind: str
    openid: str
    at: int
    text: str = ""
    template_id: str = ""
    link: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


class Mail:
    """Every message in order of arrival; thread-safe."""

    def __init__(self, now: Callable[[], float], shelf: Shelf) -> None:
        self._now = now
        self._shelf = shelf
        self._lock = threading.Lock()
        self._log: list[Message] = []
        self._of_person: defaultdict[str, list[Message]] = defaultdict(list)
        self._once: dict[tuple[str, str], tuple[float, int]] = {}
        for kept in shelf.read("message"):
            self._add(Message(**kept))

    def deliver(self, kind: str, openid: str, **content: object) -> Message:
        """Put a message on a phone; its number is WeChat's msgid."""
        with self._lock:
            message = Message(len(self._log) + 1, kind, openid, int(self._now()), **content)  # type: ignore[arg-type]  # the callers' own words
            self._add(message)
            self._shelf.keep("message", asdict(message))
            return message

    def _add(self, message: Message) -> None:
        self._log.append(message)
        self._of_person[message.openid].append(message)

    def once(self, openid: str, key: str, seconds: float) -> int | None:
        """Return the number delivered under this key within ``seconds``."""
        with self._lock:
            at, number = self._once.get((openid, key), (0.0, 0))
            return number if number and self._now() - at < seconds else None

    def remember(self, openid: str, key: str, number: int) -> None:
        """Note which message went out under a key."""
        with self._lock:
            self._once[openid, key] = (self._now(), number)

    def of(self, openid: str, kinds: tuple[str, ...]) -> list[Message]:
        """Return a person's messages of some kinds, oldest first."""
        with self._lock:
            return [message for message in self._of_person.get(openid, ()) if message.kind in kinds]

    def after(self, number: int, limit: int) -> list[Message]:
        """Return messages of everybody from a number on, for counting."""
        with self._lock:
            return list(islice(self._log, number, number + limit))

    def counts(self) -> dict[str, int]:
        """Return how many messages there are by kind."""
        with self._lock:
            return dict(Counter(message.kind for message in self._log))
