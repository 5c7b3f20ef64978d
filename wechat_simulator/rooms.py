"""Groups of WeCom with a robot each."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from dataclasses import asdict, dataclass, field

from wechat_simulator.answers import Refused
from wechat_simulator.shelf import Shelf

DEMO_ROOM = "00000000-0000-4000-8000-00000000d001"
PER_MINUTE = 20


@dataclass(frozen=True, slots=True)
class RoomMessage:
    """What the robot wrote; ``at`` in epoch seconds."""

    number: int
    at: int
    kind: str
    content: str


@dataclass(slots=True)
class Room:
    """A group; whoever has the key may write."""

    key: str
    name: str
    messages: list[RoomMessage] = field(default_factory=list)
    recent: deque[float] = field(default_factory=deque)


class Rooms:
    """All groups; thread-safe."""

    def __init__(self, now: Callable[[], float], shelf: Shelf) -> None:
        self._now = now
        self._shelf = shelf
        self._lock = threading.Lock()
        self._rooms: dict[str, Room] = {}
        self.open(DEMO_ROOM, "社区工作群（演示）")
        for kept in shelf.read("room"):
            room = self.open(kept["key"], kept["name"])
            room.messages.append(RoomMessage(**kept["message"]))

    def open(self, key: str, name: str) -> Room:
        """Make a group or rename it."""
        with self._lock:
            room = self._rooms.setdefault(key, Room(key, name))
            room.name = name
            return room

    def all(self) -> list[Room]:
        """Return the groups in order of creation."""
        with self._lock:
            return list(self._rooms.values())

    def room(self, key: str) -> Room | None:
        """Return a group."""
        with self._lock:
            return self._rooms.get(key)

    def write(self, key: str, kind: str, content: str) -> None:
        """Let the robot write; refuses 93000 an unknown key, 45009 the 21st message within a minute."""
        with self._lock:
            room = self._rooms.get(key)
            if room is None:
                raise Refused(93000)
            now = self._now()
            while room.recent and room.recent[0] <= now - 60:
                room.recent.popleft()
            if len(room.recent) >= PER_MINUTE:
                raise Refused(45009)
            room.recent.append(now)
            message = RoomMessage(len(room.messages) + 1, int(now), kind, content)
            room.messages.append(message)
            self._shelf.keep("room", {"key": key, "name": room.name, "message": asdict(message)})
