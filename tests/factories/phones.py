"""A stand-in for the exchange with WeChat's servers (an outside system, not a module of ours)."""

from __future__ import annotations


class FakeExchange:
    """Codes look like ``openid:<id>[/<unionid>]`` and ``phone:<number>``; the gateway is tested on the simulator."""

    def person_of(self, code: str) -> tuple[str, str | None]:
        """Return the ids inside the code."""
        openid, _, unionid = code.removeprefix("openid:").partition("/")
        return openid, unionid or None

    def phone_of(self, code: str) -> str:
        """Return the number inside the code."""
        return code.removeprefix("phone:")
