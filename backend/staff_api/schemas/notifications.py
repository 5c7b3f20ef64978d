"""What the staff door says and takes about notifications."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.infra.forms import Id, StrictModel
from backend.infra.paging import PageQuery, encode_cursor
from backend.notifications.channels.doorstep import reason_text
from backend.notifications.queries import DeliveryView, DoorstepView
from backend.notifications.rules.parameters import SETTINGS, Parameters
from backend.notifications.service.desk import AddRoom
from backend.notifications.tables import Room

State = Literal[
    "created",
    "sending",
    "delivered",
    "passing_failure",
    "permanent_failure",
    "technical_failure",
    "unknown",
    "cancelled",
]


class EstateMessagesQuery(BaseModel):
    """An estate, and one of its ballots."""

    estate: Id
    ballot: Id | None = None


class DeliveryQuery(PageQuery):
    """Deliveries of an estate's community, narrowed to a ballot or a state."""

    estate: Id
    ballot: Id | None = None
    state: State | None = None


class DoorstepQuery(PageQuery):
    """Households to visit in an estate; a steward names the building."""

    estate: Id
    building: Id | None = None


class CommunityQuery(BaseModel):
    """A community."""

    organisation: Id


class DeliveryOut(BaseModel):
    """A message on its way; ``homes`` are households, never a person or an address."""

    id: str
    topic: str
    kind: str
    occasion: str
    recipient_kind: str
    channel: str
    state: State
    tries: int
    reason: str | None
    created_at: datetime
    finished_at: datetime | None
    homes: list[str]


class DeliveryListOut(BaseModel):
    """A page of deliveries."""

    items: list[DeliveryOut]
    next: str | None

    @classmethod
    def of(cls, views: list[DeliveryView], limit: int) -> DeliveryListOut:
        """Build a page from one row more than asked for."""
        shown = views[:limit]
        last = (shown[-1].created_at, shown[-1].id) if len(views) > limit else None
        items = [DeliveryOut.model_validate(view, from_attributes=True) for view in shown]
        return cls(items=items, next=encode_cursor(last))


class DeliveryCountOut(BaseModel):
    """How many deliveries are in which state."""

    counts: dict[str, int]


class DoorstepEntryOut(BaseModel):
    """A household to visit, and why."""

    id: str
    dwelling: str
    label: str
    building: str
    ballot: str | None
    kind: str
    reason: str
    reason_text: str
    created_at: datetime

    @classmethod
    def of(cls, view: DoorstepView) -> DoorstepEntryOut:
        """Show an entry."""
        return cls(
            id=view.id,
            dwelling=view.dwelling_id,
            label=view.label,
            building=view.building_id,
            ballot=view.ballot_id,
            kind=view.kind,
            reason=view.reason,
            reason_text=reason_text(view.reason),
            created_at=view.created_at,
        )


class DoorstepListOut(BaseModel):
    """A page of households to visit."""

    items: list[DoorstepEntryOut]
    next: str | None

    @classmethod
    def of(cls, views: list[DoorstepView], limit: int) -> DoorstepListOut:
        """Build a page from one row more than asked for."""
        shown = views[:limit]
        last = (shown[-1].created_at, shown[-1].id) if len(views) > limit else None
        return cls(items=[DoorstepEntryOut.of(view) for view in shown], next=encode_cursor(last))


class DoorstepDoneIn(StrictModel):
    """What came of the visit."""

    note: Annotated[str, Field(min_length=1, max_length=200)]


class RoomIn(StrictModel):
    """A group robot: the room's name and the robot's key."""

    organisation: Id
    name: Annotated[str, Field(min_length=1, max_length=40)]
    key: Annotated[str, Field(min_length=8, max_length=64)]

    def command(self) -> AddRoom:
        """Return the service's command."""
        return AddRoom(self.organisation, self.name, self.key)


class RoomSwitchIn(StrictModel):
    """Whether the room is written to."""

    is_active: bool


class RoomOut(BaseModel):
    """A room; its key is never shown again."""

    id: str
    organisation: str
    name: str
    is_active: bool
    created_at: datetime

    @classmethod
    def of(cls, row: Room) -> RoomOut:
        """Show a room."""
        return cls(
            id=row.id,
            organisation=row.organisation_id,
            name=row.name,
            is_active=row.is_active,
            created_at=row.created_at,
        )


class RoomListOut(BaseModel):
    """The rooms of a community."""

    items: list[RoomOut]


class ReminderSettingsIn(StrictModel):
    """The settings that differ from the defaults."""

    settings: Annotated[dict[Annotated[str, Field(max_length=40)], int], Field(max_length=20)]


class ReminderSettingOut(BaseModel):
    """A setting with its bounds."""

    name: str
    title: str
    value: int
    default: int
    least: int
    most: int


class ReminderSettingsOut(BaseModel):
    """All settings in force."""

    items: list[ReminderSettingOut]

    @classmethod
    def of(cls, chosen: Parameters) -> ReminderSettingsOut:
        """Show the settings."""
        return cls(
            items=[
                ReminderSettingOut(
                    name=name,
                    title=setting.title,
                    value=getattr(chosen, name),
                    default=setting.default,
                    least=setting.least,
                    most=setting.most,
                )
                for name, setting in SETTINGS.items()
            ]
        )
