"""Messages, deliveries, one-message consents, rooms and the doorstep list."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Index, UniqueConstraint, text
from sqlmodel import Field, SQLModel

from backend.infra.columns import JsonText, UtcDateTime

DELIVERY_STATES = (
    "'created', 'sending', 'delivered', 'passing_failure', 'permanent_failure', 'technical_failure', "
    "'unknown', 'cancelled'"
)
CHANNELS = "'subscribe', 'official_account', 'sms', 'robot'"
WAITING = "state IN ('created', 'passing_failure')"


def _where(clause: str) -> dict[str, Any]:
    return {"postgresql_where": text(clause), "sqlite_where": text(clause)}


class Message(SQLModel, table=True):
    """What is said, once per (topic, kind, occasion): template values without names, and to whom it goes.

    ``day`` is set for reminders only: the Asia/Shanghai day on which it counts against a household's limit.
    """

    __tablename__ = "message"
    __table_args__ = (UniqueConstraint("topic", "kind", "occasion", name="message_once"),)

    id: str = Field(primary_key=True)
    topic: str
    kind: str
    occasion: str
    ballot_id: str | None = None
    organisation_id: str | None = None
    purpose: str
    payload: Any = Field(sa_type=JsonText)
    page: str
    route: str
    is_urgent: bool
    is_reminder: bool
    to_doorstep: bool
    quiet_from: int
    quiet_until: int
    day: date | None = None
    is_enqueued: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)


class Delivery(SQLModel, table=True):
    """One message on its way to one recipient: an account, a room, or a reporter who left a phone and no more.

    ``claim`` names the worker's hold; ``started_at`` is committed just before the request leaves, so that a row
    whose process died is either replayed (not started) or ``unknown`` (started), never guessed at.
    """

    __tablename__ = "delivery"
    __table_args__ = (
        UniqueConstraint("topic", "recipient_id", "kind", "occasion", name="delivery_once"),
        CheckConstraint(f"state IN ({DELIVERY_STATES})", name="delivery_state"),
        CheckConstraint(f"channel IN ({CHANNELS})", name="delivery_channel"),
        CheckConstraint("recipient_kind IN ('account', 'room', 'reporter')", name="delivery_recipient"),
        CheckConstraint("(state = 'sending') = (lease_until IS NOT NULL)", name="delivery_lease"),
        CheckConstraint("state <> 'sending' OR claim IS NOT NULL", name="delivery_claim"),
        Index("delivery_waiting", "priority", "next_try_at", **_where(WAITING)),
        Index("delivery_leased", "lease_until", **_where("state = 'sending'")),
        Index("delivery_message", "message_id", "state"),
        Index("delivery_recent", "organisation_id", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    message_id: str = Field(foreign_key="message.id")
    topic: str
    recipient_kind: str
    recipient_id: str
    kind: str
    occasion: str
    organisation_id: str | None = None
    channel: str
    state: str = "created"
    priority: int
    tries: int = 0
    next_try_at: datetime = Field(sa_type=UtcDateTime)
    claim: str | None = None
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    started_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reason: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class DeliveryHousehold(SQLModel, table=True):
    """A household that a delivery speaks to; a message covers it once.

    For reminders ``day_no`` is the how-manieth of that day and ``ballot_no`` of that topic: the unique
    constraints hold the limits also against two enqueuers at once.
    """

    __tablename__ = "delivery_household"
    __table_args__ = (
        UniqueConstraint("dwelling_id", "day", "day_no", name="delivery_household_a_day"),
        UniqueConstraint("dwelling_id", "topic", "ballot_no", name="delivery_household_a_ballot"),
        Index(
            "delivery_household_once", "message_id", "dwelling_id", unique=True, **_where("day IS NOT NULL")
        ),
        Index("delivery_household_delivery", "delivery_id"),
    )

    message_id: str = Field(primary_key=True, foreign_key="message.id")
    dwelling_id: str = Field(primary_key=True)
    delivery_id: str = Field(primary_key=True, foreign_key="delivery.id")
    topic: str
    estate_id: str
    building_id: str
    day: date | None = None
    day_no: int | None = None
    ballot_no: int | None = None


class ConsentGrant(SQLModel, table=True):
    """One tap on "accept" (one message), told by the phone, by WeChat's callback, or by both: one row."""

    __tablename__ = "consent_grant"
    __table_args__ = (
        CheckConstraint("client_key IS NOT NULL OR callback_key IS NOT NULL", name="consent_grant_key"),
        Index("consent_grant_client", "client_key", unique=True, **_where("client_key IS NOT NULL")),
        Index("consent_grant_callback", "callback_key", unique=True, **_where("callback_key IS NOT NULL")),
        Index("consent_grant_account", "account_id", "purpose", "at"),
    )

    id: str = Field(primary_key=True)
    account_id: str = Field(foreign_key="account.id")
    purpose: str
    client_key: str | None = None
    callback_key: str | None = None
    at: datetime = Field(sa_type=UtcDateTime)


class ConsentBalance(SQLModel, table=True):
    """How many messages of a purpose an account still accepts; WeChat has no call that would tell."""

    __tablename__ = "consent_balance"
    __table_args__ = (CheckConstraint("remaining BETWEEN 0 AND 100", name="consent_balance_range"),)

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    purpose: str = Field(primary_key=True)
    remaining: int


class Follower(SQLModel, table=True):
    """An account's identity at the Official Account; a person may be there as a resident and as staff.

    ``spoke_at`` is their last message (48 hours to answer), ``tapped_at`` their last tap or follow (one minute).
    """

    __tablename__ = "follower"
    __table_args__ = (
        UniqueConstraint("openid_index", "side", name="follower_once"),
        CheckConstraint("side IN ('resident', 'staff')", name="follower_side"),
    )

    account_id: str = Field(primary_key=True, foreign_key="account.id")
    side: str
    openid_index: str
    openid_sealed: str
    linked_at: datetime = Field(sa_type=UtcDateTime)
    spoke_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tapped_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ChatTask(SQLModel, table=True):
    """What a chat asks for that takes longer than an answer may: recognise a follower, or answer at length.

    ``key`` makes it one task however often WeChat repeats the call; it goes when done or out of date.
    """

    __tablename__ = "chat_task"
    __table_args__ = (
        CheckConstraint("kind IN ('recognise', 'answer')", name="chat_task_kind"),
        Index("chat_task_waiting", "created_at", **_where("done_at IS NULL")),
    )

    key: str = Field(primary_key=True)
    kind: str
    topic: str = ""
    openid_sealed: str
    words_sealed: str | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    tries: int = 0


class MessageTemplate(SQLModel, table=True):
    """WeChat's template for a purpose on a channel; ``fields`` maps our names to the template's keys."""

    __tablename__ = "message_template"
    __table_args__ = (
        CheckConstraint(
            "channel IN ('subscribe', 'official_account', 'sms')", name="message_template_channel"
        ),
    )

    channel: str = Field(primary_key=True)
    purpose: str = Field(primary_key=True)
    template_id: str
    fields: Any = Field(sa_type=JsonText)


class Room(SQLModel, table=True):
    """A community's group-robot room; ``next_send_at`` is its bucket of one token per three seconds."""

    __tablename__ = "room"
    __table_args__ = (
        UniqueConstraint("organisation_id", "key_index", name="room_once"),
        Index("room_organisation", "organisation_id"),
    )

    id: str = Field(primary_key=True)
    organisation_id: str = Field(foreign_key="organisation.id")
    name: str
    key_sealed: str
    key_index: str
    is_active: bool = True
    next_send_at: datetime = Field(sa_type=UtcDateTime)
    created_by: str
    created_at: datetime = Field(sa_type=UtcDateTime)


class NotificationSetting(SQLModel, table=True):
    """What a community chose about reminders; defaults are a [choice] (rules/parameters.py)."""

    __tablename__ = "notification_setting"

    organisation_id: str = Field(primary_key=True, foreign_key="organisation.id")
    settings: Any = Field(sa_type=JsonText)
    changed_by: str
    changed_at: datetime = Field(sa_type=UtcDateTime)


class DoorstepEntry(SQLModel, table=True):
    """A household that no channel reached, on its building steward's list with the reason."""

    __tablename__ = "doorstep_entry"
    __table_args__ = (
        Index(
            "doorstep_entry_open",
            "topic",
            "dwelling_id",
            "is_reminder",
            unique=True,
            **_where("done_at IS NULL"),
        ),
        Index("doorstep_entry_estate", "estate_id", "created_at", "id"),
    )

    id: str = Field(primary_key=True)
    topic: str
    dwelling_id: str
    estate_id: str = Field(foreign_key="estate.id")
    building_id: str = Field(foreign_key="building.id")
    ballot_id: str | None = None
    kind: str
    is_reminder: bool
    reason: str
    delivery_id: str | None = Field(default=None, foreign_key="delivery.id")
    created_at: datetime = Field(sa_type=UtcDateTime)
    done_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    done_by: str | None = None
    note: str | None = None


class ChannelState(SQLModel, table=True):
    """A channel's breaker, shared by all processes: failures in a row, and until when nobody tries."""

    __tablename__ = "channel_state"

    channel: str = Field(primary_key=True)
    failures: int = 0
    paused_until: datetime = Field(sa_type=UtcDateTime)


class EventCursor(SQLModel, table=True):
    """The last event that the notification rules have read."""

    __tablename__ = "event_cursor"

    name: str = Field(primary_key=True)
    leaf_no: int = Field(sa_type=BigInteger)
