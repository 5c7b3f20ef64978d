"""Login and own account of staff."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.identity.service import OpenedSession, SessionView, StaffMe
from backend.infra.forms import StrictModel
from backend.kernel.access import ROLE_PERMISSIONS, Actor


class StaffLogInIn(StrictModel):
    """Username, password and, where the account has one, the one-time code."""

    username: Annotated[str, Field(min_length=1, max_length=60)]
    password: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    totp: Annotated[str, Field(max_length=12)] | None = None
    device: Annotated[str, Field(max_length=60)] = ""


class StaffSessionOut(BaseModel):
    """A new session; the token is shown only here."""

    token: str
    expires_at: datetime
    account_id: str

    @classmethod
    def of(cls, opened: OpenedSession) -> StaffSessionOut:
        """Build from the service's answer."""
        return cls(token=opened.token, expires_at=opened.expires_at, account_id=opened.account_id)


class HeldRoleOut(BaseModel):
    """A role one holds now, and what it permits."""

    role: str
    organisation_path: str
    estate_id: str | None
    building_id: str | None
    entrance_id: str | None
    permissions: list[str]


class StaffMeOut(BaseModel):
    """Who is logged in, with what."""

    account_id: str
    username: str
    name: str
    has_totp: bool
    roles: list[HeldRoleOut]

    @classmethod
    def of(cls, me: StaffMe, actor: Actor) -> StaffMeOut:
        """Build from the service's answer and the actor's grants."""
        roles = [
            HeldRoleOut(
                role=grant.role,
                organisation_path=grant.scope.organisation_path,
                estate_id=grant.scope.estate_id,
                building_id=grant.scope.building_id,
                entrance_id=grant.scope.entrance_id,
                permissions=sorted(ROLE_PERMISSIONS[grant.role]),
            )
            for grant in actor.grants
        ]
        return cls(
            account_id=me.account_id, username=me.username, name=me.name, has_totp=me.has_totp, roles=roles
        )


class StaffPasswordIn(StrictModel):
    """The old and the new password."""

    old: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    new: Annotated[str, Field(min_length=1, max_length=200, repr=False)]


class StaffRunningSessionOut(BaseModel):
    """A running session of one's own."""

    id: str
    device: str
    created_at: datetime
    expires_at: datetime
    is_current: bool


class StaffRunningSessionsOut(BaseModel):
    """One's own running sessions, newest first."""

    items: list[StaffRunningSessionOut]

    @classmethod
    def of(cls, views: list[SessionView]) -> StaffRunningSessionsOut:
        """Build from the service's answer."""
        names = StaffRunningSessionOut.model_fields
        return cls(
            items=[StaffRunningSessionOut(**{name: getattr(view, name) for name in names}) for view in views]
        )
