"""Faults armed through the control API, each for a number of calls."""

from __future__ import annotations

from dataclasses import dataclass

KINDS = ("error", "http_error", "slow", "drop", "drop_after")
MAX_SLOW_MS = 60_000


@dataclass(slots=True)
class Fault:
    """What goes wrong on the next ``remaining`` calls whose path begins with ``path``.

    error: answer ``errcode`` and do nothing ·
    http_error: answer with HTTP status ``errcode`` (502, 503 …) and do nothing ·
    slow: wait ``milliseconds``, then work ·
    drop: close the connection, do nothing · drop_after: work, then close without answering.
    """

    kind: str
    remaining: int
    path: str = "/"
    errcode: int = -1
    milliseconds: int = 0


class FaultBox:
    """The armed faults, first armed first used; the caller holds the lock."""

    def __init__(self) -> None:
        self._armed: list[Fault] = []

    def arm(self, fault: Fault) -> None:
        """Add a fault."""
        self._armed.append(fault)

    def clear(self) -> None:
        """Disarm everything."""
        self._armed.clear()

    def take(self, path: str) -> Fault | None:
        """Return the fault that this call meets, if any, and use it up by one."""
        for fault in self._armed:
            if path.startswith(fault.path):
                fault.remaining -= 1
                if fault.remaining <= 0:
                    self._armed.remove(fault)
                return fault
        return None
