"""The Official Account: a free message to who wrote within 48 hours, else a template message."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from backend.notifications.channels.letter import Letter, SendFailed
from backend.notifications.rules.outcomes import Came, Outcome


class OfficialAccountTransport(Protocol):
    """The gateway's part; raises SendFailed."""

    def send_custom(self, openid: str, text: str) -> None:
        """Answer a follower."""

    def send_template(
        self, openid: str, template_id: str, page: str, data: Mapping[str, str], once_key: str
    ) -> None:
        """Send a template message that opens a page of the mini-program."""


class OfficialAccountChannel:
    """Reaches followers only."""

    def __init__(self, transport: OfficialAccountTransport) -> None:
        self._transport = transport

    def send(self, letter: Letter) -> Outcome:
        """Send one; a template where the follower's window is closed or they have used it up."""
        try:
            if letter.template_id and not letter.is_in_window:
                self._transport.send_template(
                    letter.address, letter.template_id, letter.page, letter.values, letter.delivery_id
                )
            else:
                self._transport.send_custom(letter.address, letter.text)
        except SendFailed as failed:
            return failed.outcome
        return Outcome(Came.SENT)
