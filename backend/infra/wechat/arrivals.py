"""What came in before: the row that makes a repeated callback have no second effect."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session, col

from backend.infra.wechat.tables import WeChatArrival

_BATCH = 5000


def note_arrival(session: Session, key: str, now: datetime) -> bool:
    """Write down that this came; False where it came before. Two at once: one waits for the other's commit."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    insert: Any = dialect.insert(WeChatArrival).values(key=key, at=now).on_conflict_do_nothing()
    return session.execute(insert.returning(col(WeChatArrival.key))).first() is not None


def forget_arrivals(session: Session, before: datetime) -> int:
    """Forget a batch of what came so long ago that it would be refused as stale; returns how many."""
    old = select(col(WeChatArrival.key)).where(col(WeChatArrival.at) < before).limit(_BATCH)
    done: Any = session.execute(delete(WeChatArrival).where(col(WeChatArrival.key).in_(old)))
    return int(done.rowcount)
