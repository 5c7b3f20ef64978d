"""Flood limits per caller; lockouts are rows elsewhere, these only damp floods."""

from __future__ import annotations

import time
from functools import lru_cache
from typing import Protocol

from limits import RateLimitItem, parse
from limits.storage import storage_from_string
from limits.strategies import FixedWindowRateLimiter

_SWEEP_SECONDS = 60.0


@lru_cache(maxsize=64)
def _parsed(limit: str) -> RateLimitItem:
    return parse(limit)


class _Counter(Protocol):
    def hit(self, item: RateLimitItem, *identifiers: str) -> bool: ...


class ProcessCounter:
    """Fixed windows in this process, each begun by its first call.

    The library's own memory storage walks all its keys a hundred times a second: half a processor when ten
    thousand people vote. Two threads may lose a count between them, which a flood limit can bear.
    """

    def __init__(self) -> None:
        self._windows: dict[tuple[str, ...], list[float]] = {}
        self._sweep_at = 0.0

    def hit(self, item: RateLimitItem, *identifiers: str) -> bool:
        """Count one call and tell whether it is within the limit."""
        now = time.monotonic()
        window = self._windows.get(identifiers)
        if window is None or window[1] <= now:
            self._sweep(now)
            window = self._windows[identifiers] = [0, now + item.get_expiry()]
        window[0] += 1
        return window[0] <= item.amount

    def _sweep(self, now: float) -> None:
        """Forget ended windows once a minute, so that memory follows the callers of the last minutes."""
        if now >= self._sweep_at:
            self._sweep_at = now + _SWEEP_SECONDS
            kept = {key: window for key, window in list(self._windows.items()) if window[1] > now}
            self._windows = kept


class FloodGate:
    """Counts calls per route and caller, in this process or in Redis."""

    def __init__(self, storage_uri: str) -> None:
        self._counter: _Counter = (
            ProcessCounter()
            if storage_uri == "memory://"
            else FixedWindowRateLimiter(storage_from_string(storage_uri))
        )

    def admits(self, limit: str, route: str, caller: str) -> bool:
        """Count one call and tell whether it is within ``limit``."""
        return self._counter.hit(_parsed(limit), route, caller)
