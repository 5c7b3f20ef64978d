"""Staff accounts, invite letters and bindings."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.identity.rules.relations import Relation
from backend.identity.service import (
    BatchView,
    BindingView,
    GrantRole,
    GrantView,
    IssueInvites,
    StaffView,
)
from backend.infra.forms import Id, StrictModel
from backend.kernel.access import Role
from backend.media.service import MediaView
from backend.staff_api.schemas.media import StaffMediaOut

Reason = Annotated[str, Field(min_length=2, max_length=500, pattern=r"\S")]


class AfterQuery(BaseModel):
    """``next`` of the former page."""

    cursor: Id | None = None


class GrantIn(StrictModel):
    """A role over a subtree; both days included."""

    role: Annotated[Role, Field(strict=False)]
    organisation_id: Id
    estate_id: Id | None = None
    building_id: Id | None = None
    entrance_id: Id | None = None
    starts_on: Annotated[date, Field(strict=False)] | None = None
    ends_on: Annotated[date, Field(strict=False)] | None = None

    def command(self) -> GrantRole:
        """Return the service's command."""
        return GrantRole(**self.model_dump())


class CreateStaffIn(StrictModel):
    """A new staff member with a first role."""

    username: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9._-]{2,39}$")]
    name: Annotated[str, Field(min_length=1, max_length=40, pattern=r"\S")]
    password: Annotated[str, Field(min_length=1, max_length=200, repr=False)]
    grant: GrantIn


class GrantOut(BaseModel):
    """A role with its place and dates."""

    id: str
    role: str
    organisation_id: str
    estate_id: str | None
    building_id: str | None
    entrance_id: str | None
    starts_on: date
    ends_on: date | None
    revoked_at: datetime | None

    @classmethod
    def of(cls, view: GrantView) -> GrantOut:
        """Build from the service's answer."""
        return cls(**{name: getattr(view, name) for name in cls.model_fields})


class StaffOut(BaseModel):
    """A staff account with the roles the reader may know of."""

    id: str
    username: str
    name: str
    state: str
    has_totp: bool
    grants: list[GrantOut]

    @classmethod
    def of(cls, view: StaffView) -> StaffOut:
        """Build from the service's answer."""
        return cls(
            id=view.id,
            username=view.username,
            name=view.name,
            state=view.state,
            has_totp=view.has_totp,
            grants=[GrantOut.of(grant) for grant in view.grants],
        )


class StaffListOut(BaseModel):
    """A page of staff."""

    items: list[StaffOut]
    next: str | None

    @classmethod
    def of(cls, views: list[StaffView], size: int) -> StaffListOut:
        """Build from one row more than a page holds."""
        page = views[:size]
        return cls(
            items=[StaffOut.of(view) for view in page], next=page[-1].id if len(views) > size else None
        )


class IssueInvitesIn(StrictModel):
    """Letters for the estate, a building, an entrance or single dwellings.

    Without ``relation`` each door's letter follows the kind of its owner of record.
    """

    building_id: Id | None = None
    entrance_id: Id | None = None
    dwelling_ids: Annotated[list[Id], Field(max_length=500)] = []
    relation: Annotated[Relation, Field(strict=False)] | None = None
    valid_days: Annotated[int, Field(ge=1, le=365)] | None = None

    def command(self, estate_id: str) -> IssueInvites:
        """Return the service's command."""
        return IssueInvites(
            estate_id,
            self.building_id,
            self.entrance_id,
            tuple(self.dwelling_ids),
            self.relation,
            self.valid_days,
        )


class BatchOut(BaseModel):
    """How a batch of letters fares; codes are never shown again."""

    batch: str
    issued_at: datetime
    expires_at: datetime
    issued_by: str
    total: int
    used: int
    revoked: int


class BatchListOut(BaseModel):
    """A page of batches."""

    items: list[BatchOut]
    next: str | None

    @classmethod
    def of(cls, views: list[BatchView], size: int) -> BatchListOut:
        """Build from one row more than a page holds."""
        page = views[:size]
        names = BatchOut.model_fields
        return cls(
            items=[BatchOut(**{name: getattr(view, name) for name in names}) for view in page],
            next=page[-1].batch if len(views) > size else None,
        )


class RevokeInvitesIn(StrictModel):
    """Which unused letters to revoke: a batch, a dwelling's, or both at once."""

    batch: Id | None = None
    dwelling_id: Id | None = None


class RevokedOut(BaseModel):
    """How many unused codes were revoked."""

    revoked: int


class BindingsQuery(AfterQuery):
    """Filters of the list of bindings."""

    state: Annotated[str, Field(pattern=r"^(pending|active|refused|ended)$")] | None = None
    building_id: Id | None = None
    # What waits because a member objected, or because the dwelling was sold.
    waits_for: Annotated[str, Field(pattern=r"^(objection|owner_changed)$")] | None = None


class StaffBindingOut(BaseModel):
    """A binding with the masked name of its person and how many photos came with it."""

    id: str
    dwelling_id: str
    dwelling: str
    who: str
    relation: str
    via: str
    state: str
    requested_at: datetime
    effective_at: datetime | None
    ended_at: datetime | None
    reason: str | None
    photos: int

    @classmethod
    def of(cls, view: BindingView) -> StaffBindingOut:
        """Build from the service's answer."""
        return cls(**{name: getattr(view, name) for name in cls.model_fields})


class StaffBindingListOut(BaseModel):
    """A page of bindings."""

    items: list[StaffBindingOut]
    next: str | None

    @classmethod
    def of(cls, views: list[BindingView], size: int) -> StaffBindingListOut:
        """Build from one row more than a page holds."""
        page = views[:size]
        return cls(
            items=[StaffBindingOut.of(view) for view in page], next=page[-1].id if len(views) > size else None
        )


class ProofPhotosOut(BaseModel):
    """The photos of a request, in the order they were handed in."""

    items: list[StaffMediaOut]

    @classmethod
    def of(cls, views: list[MediaView]) -> ProofPhotosOut:
        """Build from the service's answer."""
        return cls(items=[StaffMediaOut.of(view) for view in views])


class PersonOut(BaseModel):
    """Name and phone in clear."""

    name: str | None
    phone: str | None


class DecideIn(StrictModel):
    """Approve or refuse, with a reason in words."""

    approve: bool
    reason: Reason


class EndIn(StrictModel):
    """Why a binding ends."""

    reason: Reason


class EndedSessionsOut(BaseModel):
    """How many sessions ended."""

    ended: int
