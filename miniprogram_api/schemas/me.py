"""One's own account, consents and data."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from backend.identity.rules.consents import TEXTS, Purpose
from backend.identity.service import Consent, Me
from backend.infra.forms import StrictModel

Name = Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")]


class MeOut(BaseModel):
    """One's own account in clear."""

    account_id: str
    name: str | None
    phone: str | None
    created_at: datetime
    has_accepted_notice: bool
    notice_version: str

    @classmethod
    def of(cls, me: Me) -> MeOut:
        """Build from the service's answer."""
        return cls(
            account_id=me.account_id,
            name=me.name,
            phone=me.phone,
            created_at=me.created_at,
            has_accepted_notice=me.has_accepted_notice,
            notice_version=me.notice_version,
        )


class RenameIn(StrictModel):
    """One's own name."""

    name: Name


class PhoneIn(StrictModel):
    """The code of WeChat's phone-number button."""

    code: Annotated[str, Field(min_length=1, max_length=256)]


class ConsentIn(StrictModel):
    """A consent given (``given`` true) or taken back, on the version of the notice that was shown."""

    purpose: Annotated[Purpose, Field(strict=False)]
    notice_version: Annotated[str, Field(min_length=1, max_length=10)]
    given: bool


class ConsentOut(BaseModel):
    """Where one stands on a purpose."""

    purpose: str
    text: str
    given: bool
    notice_version: str | None
    at: datetime | None


class ConsentsOut(BaseModel):
    """All purposes."""

    items: list[ConsentOut]

    @classmethod
    def of(cls, consents: list[Consent]) -> ConsentsOut:
        """Build from the service's answer."""
        return cls(
            items=[
                ConsentOut(
                    purpose=consent.purpose,
                    text=TEXTS[Purpose(consent.purpose)],
                    given=consent.is_given,
                    notice_version=consent.notice_version,
                    at=consent.at,
                )
                for consent in consents
            ]
        )


class PrivacyNoticeOut(BaseModel):
    """The current privacy notice (Markdown)."""

    version: str
    text: str


class EraseIn(StrictModel):
    """A deliberate request to be forgotten."""

    confirm: Literal[True]


class ExportOut(BaseModel):
    """Everything held about the caller, section by section."""

    model_config = ConfigDict(extra="allow")

    account: dict[str, Any]
    sessions: list[dict[str, Any]]
    consents: list[dict[str, Any]]
    bindings: list[dict[str, Any]]
    invites_used: list[dict[str, Any]]
