"""The app's access token: one per app, shared by all processes, fetched by one thread at a time."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

# WeChat gives a new token in the last 300 s of the old one; a little less, so that a token just given
# (it has at least 300 s left) is never taken for an old one.
RENEW_BEFORE_SECONDS = 240


@dataclass(frozen=True, slots=True)
class Token:
    """An access token and the epoch second of its end, by this machine's clock."""

    text: str = field(repr=False)
    expires_at: int


class TokenStore(Protocol):
    """Where processes share the token; losing it costs one more call, nothing else."""

    def get(self, app_id: str) -> Token | None:
        """Return the stored token, if it is there and readable."""

    def save(self, app_id: str, token: Token) -> None:
        """Store the token, replacing the one before."""


class TokenKeeper:
    """Hands out a token that should be valid; thread-safe.

    A wrong host clock does no harm: a token kept too long is refused by WeChat and renewed.
    """

    def __init__(
        self, app_id: str, store: TokenStore, fetch: Callable[[], Token], now: Callable[[], float]
    ) -> None:
        self._app_id = app_id
        self._store = store
        self._fetch = fetch
        self._now = now
        self._lock = threading.Lock()
        self._token: Token | None = None

    def current(self) -> str:
        """Return a token: from memory, from the store, or from WeChat."""
        return self._good_token(rejected=None)

    def renew(self, rejected: str) -> str:
        """Return another token than ``rejected``; another thread or process may have fetched it already."""
        return self._good_token(rejected)

    def _good_token(self, rejected: str | None) -> str:
        with self._lock:
            token = self._token
            if not self._is_good(token, rejected):
                token = self._store.get(self._app_id)
            if token is None or not self._is_good(token, rejected):
                token = self._fetch()
                self._store.save(self._app_id, token)
            self._token = token
            return token.text

    def _is_good(self, token: Token | None, rejected: str | None) -> bool:
        if token is None or token.text == rejected:
            return False
        return token.expires_at - self._now() > RENEW_BEFORE_SECONDS
