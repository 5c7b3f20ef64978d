"""Notices and objections in the database."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, func, update
from sqlmodel import Session, col, select

from backend.notices.tables import Objection, PublicNotice


def same_notice(session: Session, wanted: PublicNotice) -> PublicNotice | None:
    """Return the notice already published with the same words about the same thing."""
    return session.exec(
        select(PublicNotice).where(
            PublicNotice.estate_id == wanted.estate_id,
            PublicNotice.subject_kind == wanted.subject_kind,
            PublicNotice.subject_id == wanted.subject_id,
            PublicNotice.kind == wanted.kind,
            PublicNotice.sha256 == wanted.sha256,
        )
    ).first()


def objection_by_key(session: Session, account_id: str, key: str) -> Objection | None:
    """Return the objection this account raised under an idempotency key."""
    return session.exec(
        select(Objection).where(Objection.account_id == account_id, Objection.idempotency_key == key)
    ).first()


def count_open_of(session: Session, account_id: str) -> int:
    """Return how many objections of an account wait for an answer."""
    query = select(func.count()).where(
        col(Objection.account_id) == account_id, col(Objection.state) == "open"
    )
    return session.exec(query).one()


def answer(session: Session, objection_id: str, values: dict[str, str | datetime]) -> bool:
    """Move an open objection on; False when it is not open any more."""
    done = session.execute(
        update(Objection)
        .where(col(Objection.id) == objection_id, col(Objection.state) == "open")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1
