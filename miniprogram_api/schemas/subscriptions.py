"""Consents to single messages, as the phone asks for and tells them."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.notifications.service.subscriptions import Ask, RecordAnswers

Tap = Literal["bind", "ballot", "vote", "survey", "complaint"]


class SubscriptionQuery(BaseModel):
    """At which tap the phone is about to ask."""

    tap: Tap = "ballot"


class AnswersIn(BaseModel):
    """What one popup returned: ``tap`` is the tap's own number (8–64 characters), the same on a repeat."""

    model_config = ConfigDict(extra="forbid", strict=True)

    tap: Annotated[str, Field(pattern=r"^[A-Za-z0-9_.:\-]{8,64}$")]
    answers: Annotated[
        dict[
            Annotated[str, Field(min_length=1, max_length=64)], Literal["accept", "reject", "ban", "filter"]
        ],
        Field(min_length=1, max_length=3),
    ]

    def command(self) -> RecordAnswers:
        """Return the service's command."""
        return RecordAnswers(self.tap, self.answers)


class AskOut(BaseModel):
    """A template to ask for; ``remaining`` are the messages still consented to."""

    purpose: Literal["reminder", "record", "result"]
    template_id: str
    remaining: int


class AsksOut(BaseModel):
    """At most three, as WeChat allows in one popup."""

    items: list[AskOut]

    @classmethod
    def of(cls, asks: list[Ask]) -> AsksOut:
        """Build from the service's answer."""
        return cls(items=[AskOut.model_validate(ask, from_attributes=True) for ask in asks])
