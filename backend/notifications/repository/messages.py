"""Writing messages and the deliveries that an event causes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from backend.notifications.repository.sql import insert_once, is_postgresql
from backend.notifications.tables import Delivery, DeliveryHousehold, EventCursor, Message, Room

_CHUNK = 500
EVENTS = "events"


def lock_cursor(session: Session) -> int:
    """Return the last leaf number read (-1 at first) and keep other readers waiting until the commit."""
    start = insert_once(session, EventCursor).values(name=EVENTS, leaf_no=-1).on_conflict_do_nothing()
    session.execute(start)
    chosen = select(EventCursor.leaf_no).where(EventCursor.name == EVENTS).with_for_update()
    return session.exec(chosen).one()


def move_cursor(session: Session, leaf_no: int) -> None:
    """Remember how far the rules have read; the same commit holds what they wrote."""
    session.execute(update(EventCursor).where(col(EventCursor.name) == EVENTS).values(leaf_no=leaf_no))


def add_message(session: Session, values: dict[str, Any]) -> Message:
    """Return the message of this topic, kind and occasion, written now unless it was there."""
    session.execute(insert_once(session, Message).values(**values).on_conflict_do_nothing())
    chosen = select(Message).where(
        Message.topic == values["topic"],
        Message.kind == values["kind"],
        Message.occasion == values["occasion"],
    )
    return session.exec(chosen).one()


def insert_all(session: Session, table: Any, rows: Sequence[dict[str, Any]]) -> None:
    """Insert rows, leaving alone those whose unique key stands there already."""
    statement = insert_once(session, table).on_conflict_do_nothing()
    for start in range(0, len(rows), _CHUNK):
        session.execute(statement, list(rows[start : start + _CHUNK]))


def stored_messages(session: Session, identifiers: Sequence[str]) -> set[str]:
    """Return which of these message ids were really inserted: the others lost to an earlier run."""
    found = select(Message.id).where(col(Message.id).in_(identifiers))
    return set(session.exec(found)) if identifiers else set()


def lock_message(session: Session, message_id: str) -> Message:
    """Return a message; a second enqueuer of it waits for the commit (PostgreSQL; SQLite has one writer)."""
    chosen = select(Message).where(Message.id == message_id)
    if is_postgresql(session):
        chosen = chosen.with_for_update()
    return session.exec(chosen.execution_options(populate_existing=True)).one()


def unfinished_messages(session: Session, limit: int) -> list[str]:
    """Return messages whose electorate is not wholly enqueued, oldest first."""
    chosen = select(Message.id).where(col(Message.is_enqueued).is_(False))
    return list(session.exec(chosen.order_by(col(Message.created_at)).limit(limit)))


def find_message(session: Session, topic: str, kind: str, occasion: str) -> Message | None:
    """Return a message by its key."""
    chosen = select(Message).where(Message.topic == topic, Message.kind == kind, Message.occasion == occasion)
    return session.exec(chosen).one_or_none()


def has_begun(session: Session, message_id: str) -> bool:
    """Tell whether a message is on its way to anybody; until the commit what waits does not leave."""
    chosen = select(Delivery.state).where(Delivery.message_id == message_id)
    return any(state != "created" for state in session.exec(chosen.with_for_update()))


def finish_message(session: Session, message_id: str) -> None:
    """Note that everybody concerned has a row."""
    session.execute(update(Message).where(col(Message.id) == message_id).values(is_enqueued=True))


def rooms_of(session: Session, organisation_ids: Sequence[str]) -> dict[str, list[str]]:
    """Return the active rooms' ids per organisation."""
    chosen = select(Room.organisation_id, Room.id).where(
        col(Room.organisation_id).in_(set(organisation_ids)), col(Room.is_active).is_(True)
    )
    found: dict[str, list[str]] = {}
    for organisation_id, room_id in session.exec(chosen.order_by(col(Room.id))):
        found.setdefault(organisation_id, []).append(room_id)
    return found


def add_deliveries(
    session: Session, deliveries: Sequence[dict[str, Any]], households: Sequence[dict[str, Any]]
) -> None:
    """Write deliveries and the households they speak to; both know their messages are new."""
    insert_all(session, Delivery, deliveries)
    insert_all(session, DeliveryHousehold, households)
