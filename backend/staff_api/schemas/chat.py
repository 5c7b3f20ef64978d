"""A staff member's link to the chat."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel

from backend.identity.service import IssuedChatCode
from backend.notifications.service.chats import ChatLink


class ChatLinkOut(BaseModel):
    """Since when the account is linked; null: it is not."""

    linked_at: datetime | None

    @classmethod
    def of(cls, link: ChatLink) -> ChatLinkOut:
        """Build from the service's answer."""
        return cls(linked_at=link.linked_at)


class ChatCodeOut(BaseModel):
    """The code to type in the chat; shown only here."""

    code: str
    expires_at: datetime

    @classmethod
    def of(cls, issued: IssuedChatCode) -> ChatCodeOut:
        """Build from the service's answer."""
        return cls(code=issued.code, expires_at=issued.expires_at)
