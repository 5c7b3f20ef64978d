"""Residents' phones, played by the WeChat simulator over its control API."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import quote

from backend.rehearsal.connections import Connections


class PhoneError(Exception):
    """The simulator did not do what was asked; the text gives its status and reason."""


class SimulatedPhones(Connections):
    """A client of one simulator, with one kept connection per thread."""

    def health(self) -> Mapping[str, Any]:
        """Return ``{ok, users, now}``; raises OSError while the simulator is not up."""
        return self.ask("GET", "/__sim/health")

    def create_users(self, users: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        """Create people ``{openid?, phone?, country_code?, unionid?, name?, blocked?}`` in one call.

        Returns them in the same order with their openids; an openid that exists is replaced.
        """
        answer = self.ask("POST", "/__sim/users", {"users": [dict(user) for user in users]})
        created: list[dict[str, Any]] = answer["users"]
        return created

    def login_code(self, openid: str) -> str:
        """Return what ``wx.login`` would give on this person's phone: single use, five minutes."""
        return str(self.ask("POST", f"/__sim/users/{quote(openid, safe='')}/login_code")["code"])

    def phone_code(self, openid: str) -> str:
        """Return what the phone-number button would give: single use, five minutes."""
        return str(self.ask("POST", f"/__sim/users/{quote(openid, safe='')}/phone_code")["code"])

    def ask(self, method: str, path: str, body: Mapping[str, object] | None = None) -> dict[str, Any]:
        """Call the control API; raises PhoneError for every answer but 200, OSError without one."""
        content = None if body is None else json.dumps(body).encode()
        status, text = self.send(method, path, content, {"Content-Type": "application/json"})
        if status != 200:
            raise PhoneError(f"the simulator answered {method} {path.split('/users/')[0]} with {status}")
        answer: dict[str, Any] = json.loads(text)
        return answer
