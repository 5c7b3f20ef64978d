"""Login and logout of residents."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from backend.identity.service import OpenedSession, SessionView


class LogInIn(BaseModel):
    """The code of ``wx.login``; ``privacy_notice`` is the version just shown and accepted, if any."""

    model_config = ConfigDict(extra="forbid", strict=True)

    code: Annotated[str, Field(min_length=1, max_length=256)]
    device: Annotated[str, Field(max_length=60)] = ""
    privacy_notice: Annotated[str, Field(max_length=10)] | None = None


class SessionOut(BaseModel):
    """A new session; the token is shown only here."""

    token: str
    expires_at: datetime
    account_id: str

    @classmethod
    def of(cls, opened: OpenedSession) -> SessionOut:
        """Build from the service's answer."""
        return cls(token=opened.token, expires_at=opened.expires_at, account_id=opened.account_id)


class RunningSessionOut(BaseModel):
    """A running session of one's own."""

    id: str
    device: str
    created_at: datetime
    expires_at: datetime
    is_current: bool


class RunningSessionsOut(BaseModel):
    """One's own running sessions, newest first."""

    items: list[RunningSessionOut]

    @classmethod
    def of(cls, views: list[SessionView]) -> RunningSessionsOut:
        """Build from the service's answer."""
        return cls(
            items=[
                RunningSessionOut(
                    id=view.id,
                    device=view.device,
                    created_at=view.created_at,
                    expires_at=view.expires_at,
                    is_current=view.is_current,
                )
                for view in views
            ]
        )
