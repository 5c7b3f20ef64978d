"""What a channel gets and what it must be able to do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from backend.notifications.rules.outcomes import Came, Outcome


@dataclass(frozen=True, slots=True)
class Letter:
    """One message ready to leave; address and code are in clear and live only until it is sent."""

    delivery_id: str
    claim: str
    channel: str
    tries: int
    recipient_id: str
    purpose: str
    route: str
    address: str = field(repr=False)
    template_id: str = ""
    values: Mapping[str, str] = field(default_factory=dict, repr=False)
    text: str = ""
    page: str = ""
    is_in_window: bool = False


class Channel(Protocol):
    """Sends one letter; any number of threads."""

    def send(self, letter: Letter) -> Outcome:
        """Send and say how it ended; never raises for what the other side answers."""


class SendFailed(Exception):
    """How a transport says that a message did not, or perhaps did, arrive."""

    def __init__(self, came: Came, reason: str, retry_after: timedelta | None = None) -> None:
        super().__init__(reason)
        self.outcome = Outcome(came, reason, retry_after)
