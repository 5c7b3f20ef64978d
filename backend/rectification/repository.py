"""Works, register, evidence and history in the database."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, text, update
from sqlmodel import Session, col, select

from backend.rectification.tables import (
    RectificationEvidence,
    RectificationItem,
    RectificationStep,
    WarrantyReminder,
    WorksItem,
)

_NEXT = text(
    "INSERT INTO rectification_counter (estate_id, last) VALUES (:estate, 1) "
    "ON CONFLICT (estate_id) DO UPDATE SET last = rectification_counter.last + 1 RETURNING last"
)
_AT_LEAST = text(
    "INSERT INTO rectification_counter (estate_id, last) VALUES (:estate, :least) "
    "ON CONFLICT (estate_id) DO UPDATE SET last = CASE WHEN excluded.last > rectification_counter.last "
    "THEN excluded.last ELSE rectification_counter.last END"
)


def next_number(session: Session, estate_id: str) -> int:
    """Return the estate's next number; two at once wait for each other."""
    return int(session.connection().execute(_NEXT, {"estate": estate_id}).scalar_one())


def keep_number_at_least(session: Session, estate_id: str, least: int) -> None:
    """Let the next number be above ``least``, and let no other import of the estate run at once."""
    session.connection().execute(_AT_LEAST, {"estate": estate_id, "least": least})


def find_item(session: Session, item_id: str) -> RectificationItem | None:
    """Return an item as it is now."""
    return session.get(RectificationItem, item_id, populate_existing=True)


def find_works(session: Session, works_item_id: str) -> WorksItem | None:
    """Return a works item as it is now."""
    return session.get(WorksItem, works_item_id, populate_existing=True)


def item_by_key(session: Session, account_id: str, key: str) -> RectificationItem | None:
    """Return the item that this person opened with this idempotency key."""
    return session.exec(
        select(RectificationItem).where(
            RectificationItem.created_by == account_id, RectificationItem.idempotency_key == key
        )
    ).first()


def works_by_key(session: Session, account_id: str, key: str) -> WorksItem | None:
    """Return the works item that this person wrote down with this idempotency key."""
    return session.exec(
        select(WorksItem).where(WorksItem.created_by == account_id, WorksItem.idempotency_key == key)
    ).first()


def has_works_code(session: Session, estate_id: str, code: str, but: str | None = None) -> bool:
    """Tell whether another works item of the estate bears the code."""
    found = select(WorksItem.id).where(WorksItem.estate_id == estate_id, WorksItem.code == code)
    return session.exec(found.where(WorksItem.id != (but or ""))).first() is not None


def items_of_estate(session: Session, estate_id: str) -> Sequence[RectificationItem]:
    """Return an estate's whole register in the order it was kept."""
    return session.exec(
        select(RectificationItem)
        .where(RectificationItem.estate_id == estate_id)
        .order_by(col(RectificationItem.created_at), col(RectificationItem.id))
        .execution_options(populate_existing=True)
    ).all()


def evidence_of(session: Session, item_id: str) -> Sequence[RectificationEvidence]:
    """Return an item's evidence, withdrawn pieces left out, oldest first."""
    return session.exec(
        select(RectificationEvidence)
        .where(RectificationEvidence.item_id == item_id, col(RectificationEvidence.withdrawn_at).is_(None))
        .order_by(col(RectificationEvidence.added_at), col(RectificationEvidence.id))
        .execution_options(populate_existing=True)
    ).all()


def steps_of(session: Session, item_id: str, limit: int) -> Sequence[RectificationStep]:
    """Return an item's history, newest first."""
    return session.exec(
        select(RectificationStep)
        .where(RectificationStep.item_id == item_id)
        .order_by(col(RectificationStep.version).desc())
        .limit(limit)
    ).all()


def live_item_ids(session: Session, item_ids: Collection[str]) -> set[str]:
    """Return which of the items anybody has worked on here, rather than only imported."""
    found = select(RectificationStep.item_id).where(
        col(RectificationStep.item_id).in_(item_ids), RectificationStep.step != "imported"
    )
    return set(session.exec(found.distinct()))


def change_item(session: Session, row: RectificationItem, version: int, **values: Any) -> bool:
    """Change an item if it is still at ``version``; whoever comes second gets False."""
    done = session.execute(
        update(RectificationItem)
        .where(col(RectificationItem.id) == row.id, col(RectificationItem.version) == version)
        .values(version=version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def change_works(session: Session, row: WorksItem, version: int, **values: Any) -> bool:
    """Change a works item if it is still at ``version``."""
    done = session.execute(
        update(WorksItem)
        .where(col(WorksItem.id) == row.id, col(WorksItem.version) == version)
        .values(version=version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def withdraw_evidence(session: Session, evidence_id: str, by: str, at: datetime) -> bool:
    """Withdraw a piece of evidence; False when it is withdrawn already."""
    done = session.execute(
        update(RectificationEvidence)
        .where(
            col(RectificationEvidence.id) == evidence_id, col(RectificationEvidence.withdrawn_at).is_(None)
        )
        .values(withdrawn_by=by, withdrawn_at=at)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def mark_told(session: Session, row: RectificationItem, column: str) -> bool:
    """Note that an unfinished item's present due date has been told; False when it was, or the item moved."""
    told = col(getattr(RectificationItem, column))
    done = session.execute(
        update(RectificationItem)
        .where(
            col(RectificationItem.id) == row.id,
            col(RectificationItem.due_on) == row.due_on,
            col(RectificationItem.state) != "closed_out",
            told.is_distinct_from(col(RectificationItem.due_on)),
        )
        .values({column: row.due_on})
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def has_reminder(session: Session, works: WorksItem, most_days: int) -> bool:
    """Tell whether this or a nearer reminder of the present end date went out."""
    found = select(WarrantyReminder.id).where(
        WarrantyReminder.works_item_id == works.id,
        WarrantyReminder.ends_on == works.warranty_ends_on,
        WarrantyReminder.days_before <= most_days,
    )
    return session.exec(found).first() is not None
