"""Text messages, for who cannot be reached in WeChat; a provider's template with three parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from backend.notifications.channels.letter import Letter, SendFailed
from backend.notifications.rules.outcomes import Came, Outcome
from backend.notifications.rules.texts import sms


class SmsTransport(Protocol):
    """A provider; raises SendFailed."""

    def send_sms(self, phone: str, template_id: str, parameters: Sequence[str], once_key: str) -> None:
        """Send one text message to an 11-digit mainland number."""


class SmsChannel:
    """Costs money: only for reminders and what must be told at once."""

    def __init__(self, transport: SmsTransport) -> None:
        self._transport = transport

    def send(self, letter: Letter) -> Outcome:
        """Send one."""
        try:
            self._transport.send_sms(
                letter.address, letter.template_id, sms(letter.values), letter.delivery_id
            )
        except SendFailed as failed:
            return failed.outcome
        return Outcome(Came.SENT)
