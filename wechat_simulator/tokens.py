"""Access tokens as ``stable_token`` gives them out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from wechat_simulator.answers import Refused

LIFETIME_SECONDS = 7200
# In a token's last five minutes a new one is given and both are valid.
HANDOVER_SECONDS = 300
FORCED_PER_DAY = 20
FORCED_INTERVAL_SECONDS = 30
_DAY_SECONDS = 86_400
_SHANGHAI_OFFSET_SECONDS = 8 * 3600
_SHORTEST = 40


@dataclass(frozen=True, slots=True)
class AccessToken:
    """A token and the epoch second from which it is refused."""

    text: str
    expires_at: float


class TokenOffice:
    """Gives out and checks the tokens of one app; the caller holds the lock."""

    def __init__(self, now: Callable[[], float], new_text: Callable[[], str]) -> None:
        self._now = now
        self._new_text = new_text
        self._current: AccessToken | None = None
        self._known: dict[str, AccessToken] = {}
        self._forced_at: list[float] = []

    def issue(self, *, force: bool) -> tuple[str, int]:
        """Return the token and its seconds left; 45009 after 20 forced refreshes on one Shanghai day."""
        now = self._now()
        if force and self._may_force(now):
            self._known.clear()
            self._current = None
        if self._current is None or self._current.expires_at - now <= HANDOVER_SECONDS:
            self._current = self._new(now)
        return self._current.text, int(self._current.expires_at - now)

    def check(self, text: str) -> None:
        """Refuse a missing (41001), malformed (40014), replaced (40001) or expired (42001) token."""
        if not text:
            raise Refused(41001)
        if len(text) < _SHORTEST:
            raise Refused(40014)
        token = self._known.get(text)
        if token is None:
            raise Refused(40001)
        if token.expires_at <= self._now():
            raise Refused(42001)

    def expire(self) -> None:
        """Let every token expire now (42001)."""
        now = self._now()
        self._known = {text: replace(token, expires_at=now) for text, token in self._known.items()}
        self._current = None

    def revoke(self) -> None:
        """Make every token unknown (40001), as a forced refresh somewhere else does."""
        self._known.clear()
        self._current = None

    def _may_force(self, now: float) -> bool:
        today = _shanghai_day(now)
        self._forced_at = [moment for moment in self._forced_at if _shanghai_day(moment) == today]
        if len(self._forced_at) >= FORCED_PER_DAY:
            raise Refused(45009)
        if self._forced_at and now - self._forced_at[-1] < FORCED_INTERVAL_SECONDS:
            return False  # too soon: WeChat answers with the token it has
        self._forced_at.append(now)
        return True

    def _new(self, now: float) -> AccessToken:
        token = AccessToken(self._new_text(), now + LIFETIME_SECONDS)
        # Expired tokens are remembered for a while, to tell 42001 from 40001.
        keep_from = now - _DAY_SECONDS
        self._known = {text: known for text, known in self._known.items() if known.expires_at > keep_from}
        self._known[token.text] = token
        return token


def _shanghai_day(moment: float) -> int:
    return int(moment + _SHANGHAI_OFFSET_SECONDS) // _DAY_SECONDS
