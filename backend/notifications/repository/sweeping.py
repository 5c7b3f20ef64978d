"""What the sweeper does to rows that stand still. Rows somebody is just changing are left alone."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Select, exists, select, text, update
from sqlmodel import Session, col

from backend.notifications.tables import WAITING, Delivery, Message

_QUIET = {"synchronize_session": False}


def replay_unstarted(session: Session, now: datetime) -> int:
    """Give back rows whose worker took them and was gone before their request left."""
    left = _overdue(now).where(col(Delivery.started_at).is_(None))
    statement = (
        update(Delivery)
        .where(col(Delivery.id).in_(left.with_for_update(skip_locked=True)))
        .values(state="created", claim=None, lease_until=None)
    )
    done: Any = session.execute(statement.execution_options(**_QUIET))
    return int(done.rowcount)


def give_up_started(session: Session, now: datetime) -> list[str]:
    """Mark rows as unknown whose request had left when their worker was gone: never sent again."""
    left = _overdue(now).where(col(Delivery.started_at).is_not(None))
    statement = (
        update(Delivery)
        .where(col(Delivery.id).in_(left.with_for_update(skip_locked=True)))
        .values(state="unknown", lease_until=None, finished_at=now, reason="lost")
        .returning(col(Delivery.id))
    )
    return list(session.execute(statement.execution_options(**_QUIET)).scalars())


def _overdue(now: datetime) -> Select[Any]:
    chosen: Select[Any] = select(col(Delivery.id)).where(
        col(Delivery.state) == "sending", col(Delivery.lease_until) <= now
    )
    return chosen


def expire(session: Session, now: datetime, limit: int) -> list[str]:
    """End waiting rows whose message is of no use any more, a batch; returns their ids."""
    late = exists().where(col(Message.id) == col(Delivery.message_id), col(Message.expires_at) <= now)
    chosen = select(col(Delivery.id)).where(text(WAITING), late).limit(limit)
    batch = chosen.with_for_update(skip_locked=True).cte("batch")
    statement = (
        update(Delivery)
        .where(col(Delivery.id).in_(select(batch.c.id)))
        .values(state="technical_failure", finished_at=now, reason="expired")
        .returning(col(Delivery.id))
    )
    return list(session.execute(statement.execution_options(**_QUIET)).scalars())
