"""The doorstep list: written from failed deliveries, withdrawn when a late answer comes."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any

from sqlalchemy import case, exists, literal, select, update
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from backend.infra.columns import UtcDateTime
from backend.notifications.repository.sql import insert_once, random_id
from backend.notifications.tables import Delivery, DeliveryHousehold, DoorstepEntry, Message

_QUIET = {"synchronize_session": False}

_FAILED = ("permanent_failure", "technical_failure", "unknown")
_ALIVE = ("created", "sending", "passing_failure", "delivered")
_COLUMNS = [
    "id",
    "topic",
    "dwelling_id",
    "estate_id",
    "building_id",
    "ballot_id",
    "kind",
    "is_reminder",
    "reason",
    "delivery_id",
    "created_at",
]


def list_unreached(session: Session, delivery_ids: Collection[str], now: datetime) -> None:
    """Put the households of failed deliveries on the doorstep list, unless another member may be reached."""
    if not delivery_ids:
        return
    _hold_messages(session, delivery_ids)
    other, others_home = aliased(Delivery), aliased(DeliveryHousehold)
    hope = exists().where(
        col(others_home.message_id) == col(DeliveryHousehold.message_id),
        col(others_home.dwelling_id) == col(DeliveryHousehold.dwelling_id),
        col(other.id) == col(others_home.delivery_id),
        col(other.id) != col(Delivery.id),
        col(other.state).in_(_ALIVE),
    )
    rows = (
        select(
            random_id(session),
            col(DeliveryHousehold.topic),
            col(DeliveryHousehold.dwelling_id),
            col(DeliveryHousehold.estate_id),
            col(DeliveryHousehold.building_id),
            col(Message.ballot_id),
            col(Delivery.kind),
            col(Message.is_reminder),
            _reason(),
            col(Delivery.id),
            literal(now, UtcDateTime()),
        )
        .select_from(DeliveryHousehold)
        .join(Delivery, col(Delivery.id) == col(DeliveryHousehold.delivery_id))
        .join(Message, col(Message.id) == col(Delivery.message_id))
        .where(
            col(Delivery.id).in_(delivery_ids),
            col(Delivery.state).in_(_FAILED),
            col(Message.to_doorstep).is_(True),
            ~hope,
        )
    )
    insert = insert_once(session, DoorstepEntry).from_select(_COLUMNS, rows, include_defaults=False)
    session.execute(insert.on_conflict_do_nothing())


def _hold_messages(session: Session, delivery_ids: Collection[str]) -> None:
    """Let failures of one message's deliveries come one after the other, so that the last one sees that it is.

    Of what an electorate is told, each household has one delivery: nobody need wait.
    """
    failed = select(col(Delivery.message_id)).where(col(Delivery.id).in_(delivery_ids))
    several = select(col(Message.id)).where(
        col(Message.id).in_(failed), col(Message.to_doorstep).is_(True), col(Message.is_reminder).is_(False)
    )
    session.execute(several.order_by(col(Message.id)).with_for_update(key_share=True)).all()


def _reason() -> Any:
    reason = col(Delivery.reason)
    return case(
        (col(Delivery.state) == "unknown", "unknown"),
        (reason == "expired", "expired"),
        (col(Delivery.state) == "technical_failure", "technical"),
        (reason == "no_channel", "no_channel"),
        (reason.like("refused%"), "refused"),
        else_="permanent",
    )


def withdraw_entries(session: Session, delivery_ids: Collection[str], now: datetime) -> None:
    """A late answer showed that the message had arrived: nobody needs to ring."""
    statement = (
        update(DoorstepEntry)
        .where(col(DoorstepEntry.delivery_id).in_(delivery_ids), col(DoorstepEntry.done_at).is_(None))
        .values(done_at=now, done_by="system", note="已送达")
    )
    if delivery_ids:
        session.execute(statement.execution_options(**_QUIET))
