"""The committee's WeCom group robot; one message per three seconds, kept by the room's token."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from backend.notifications.channels.letter import Letter, SendFailed
from backend.notifications.rules.outcomes import Came, Outcome

# WeChat takes 20 a minute from a robot; a little less, as requests take unequally long to get there.
TOKEN_EVERY = timedelta(seconds=3.1)


class RobotTransport(Protocol):
    """The gateway's part; raises SendFailed."""

    def send_robot(self, key: str, markdown: str) -> None:
        """Write into the robot's group."""


class RobotChannel:
    """Writes markdown."""

    def __init__(self, transport: RobotTransport) -> None:
        self._transport = transport

    def send(self, letter: Letter) -> Outcome:
        """Send one."""
        try:
            self._transport.send_robot(letter.address, letter.text)
        except SendFailed as failed:
            return failed.outcome
        return Outcome(Came.SENT)
