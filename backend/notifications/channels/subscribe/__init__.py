"""WeChat's one-message subscription in the mini-program."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from backend.notifications.channels.letter import Letter, SendFailed
from backend.notifications.rules.outcomes import Came, Outcome


class SubscribeTransport(Protocol):
    """The gateway's part; raises SendFailed."""

    def send_subscribe(self, openid: str, template_id: str, page: str, data: Mapping[str, str]) -> None:
        """Send one subscription message."""


class SubscribeChannel:
    """Uses up one consent per message; the queue took it before."""

    def __init__(self, transport: SubscribeTransport) -> None:
        self._transport = transport

    def send(self, letter: Letter) -> Outcome:
        """Send one."""
        try:
            self._transport.send_subscribe(letter.address, letter.template_id, letter.page, letter.values)
        except SendFailed as failed:
            return failed.outcome
        return Outcome(Came.SENT)
