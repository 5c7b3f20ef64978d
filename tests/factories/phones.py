"""A stand-in for the exchange with WeChat's servers (an outside system, not a module of ours)."""

from __future__ import annotations


class FakeExchange:
    """Codes look like ``openid:<id>`` and ``phone:<number>``; the gateway itself is tested on the simulator."""

    def openid_of(self, code: str) -> str:
        """Return the openid inside the code."""
        return code.removeprefix("openid:")

    def phone_of(self, code: str) -> str:
        """Return the number inside the code."""
        return code.removeprefix("phone:")
