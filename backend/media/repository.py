"""Media files in the database: conditional changes, of which exactly one of two at once succeeds."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, func, or_, update
from sqlmodel import Session, col, select

from backend.media.tables import MediaFile, MediaVerdict


def by_key(session: Session, account_id: str, key: str) -> MediaFile | None:
    """Return the file this account uploaded under an idempotency key."""
    return session.exec(
        select(MediaFile).where(MediaFile.account_id == account_id, MediaFile.idempotency_key == key)
    ).first()


def count_since(session: Session, account_id: str, kind: str, since: datetime) -> int:
    """Return how many files of a kind an account uploaded since an instant."""
    query = select(func.count()).where(
        col(MediaFile.account_id) == account_id,
        col(MediaFile.created_at) > since,
        col(MediaFile.kind) == kind,
    )
    return session.exec(query).one()


def files(session: Session, ids: Collection[str]) -> list[MediaFile]:
    """Return files by id."""
    return list(session.exec(select(MediaFile).where(col(MediaFile.id).in_(ids))))


def of_subjects(session: Session, subject_kind: str, subject_ids: Collection[str]) -> list[MediaFile]:
    """Return the files of things of a kind, in their order, in one query."""
    query = select(MediaFile).where(
        MediaFile.subject_kind == subject_kind, col(MediaFile.subject_id).in_(subject_ids)
    )
    return list(session.exec(query.order_by(col(MediaFile.subject_id), col(MediaFile.position))))


def attach(session: Session, file_id: str, account_id: str, values: Mapping[str, object]) -> bool:
    """Hang one's own loose file on a thing; False when it is neither."""
    return _change(
        session,
        update(MediaFile)
        .where(
            col(MediaFile.id) == file_id,
            col(MediaFile.account_id) == account_id,
            col(MediaFile.subject_id).is_(None),
            col(MediaFile.state) != "risky",
        )
        .values(**values),
    )


def take_down(session: Session, file_id: str, subject_kind: str, subject_id: str) -> bool:
    """Take a file off a thing; False when it does not hang there."""
    return _change(
        session,
        update(MediaFile)
        .where(
            col(MediaFile.id) == file_id,
            col(MediaFile.subject_kind) == subject_kind,
            col(MediaFile.subject_id) == subject_id,
        )
        .values(subject_kind=None, subject_id=None, position=None, attached_at=None),
    )


def restrict(session: Session, subject_kind: str, subject_ids: Collection[str], is_restricted: bool) -> None:
    """Mark the files of things of a kind as restricted, or no more."""
    session.execute(
        update(MediaFile)
        .where(col(MediaFile.subject_kind) == subject_kind, col(MediaFile.subject_id).in_(subject_ids))
        .values(is_restricted=is_restricted)
        .execution_options(synchronize_session=False)
    )


def move(session: Session, file_id: str, states: Collection[str], values: Mapping[str, object]) -> bool:
    """Change a file that is in one of the states; False when it is not."""
    return _change(
        session,
        update(MediaFile)
        .where(col(MediaFile.id) == file_id, col(MediaFile.state).in_(states))
        .values(**values),
    )


def claim_unasked(session: Session, file_id: str, before: datetime, now: datetime) -> bool:
    """Take a file to ask WeChat about; False when another worker did, or it was decided."""
    return _change(
        session,
        update(MediaFile)
        .where(
            col(MediaFile.id) == file_id,
            col(MediaFile.state) == "checking",
            col(MediaFile.trace_id).is_(None),
            or_(col(MediaFile.asked_at).is_(None), col(MediaFile.asked_at) < before),
        )
        .values(asked_at=now, asks=MediaFile.asks + 1),
    )


def unasked(session: Session, before: datetime, limit: int) -> list[MediaFile]:
    """Return files WeChat has not been asked about, or not with success since ``before``, oldest first."""
    query = select(MediaFile).where(
        MediaFile.state == "checking",
        col(MediaFile.trace_id).is_(None),
        or_(col(MediaFile.asked_at).is_(None), col(MediaFile.asked_at) < before),
    )
    return list(session.exec(query.order_by(col(MediaFile.created_at)).limit(limit)))


def answered(session: Session, limit: int) -> list[tuple[str, str]]:
    """Return (file, suggestion) of files under check whose verdict is there."""
    query = (
        select(MediaFile.id, MediaVerdict.suggestion)
        .join(MediaVerdict, col(MediaVerdict.trace_id) == col(MediaFile.trace_id))
        .where(MediaFile.state == "checking")
    )
    return [(found[0], found[1]) for found in session.exec(query.limit(limit))]


def give_up(session: Session, created: datetime, *, asked: datetime, most_asks: int) -> int:
    """Send to a person files created by then, and those asked about too often, the last time before ``asked``."""
    done = session.execute(
        update(MediaFile)
        .where(
            col(MediaFile.state) == "checking",
            or_(
                col(MediaFile.created_at) <= created,
                (col(MediaFile.asks) >= most_asks)
                & (col(MediaFile.asked_at) < asked)
                & col(MediaFile.trace_id).is_(None),
            ),
        )
        .values(state="review")
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount


def forget_verdicts(session: Session, before: datetime) -> int:
    """Delete verdicts that nothing waits for any more."""
    done = session.execute(
        delete(MediaVerdict).where(col(MediaVerdict.at) < before).execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount


def loose_before(session: Session, before: datetime, limit: int) -> list[MediaFile]:
    """Return files that hang on nothing and were uploaded before an instant."""
    query = select(MediaFile).where(col(MediaFile.subject_id).is_(None), col(MediaFile.created_at) < before)
    return list(session.exec(query.order_by(col(MediaFile.created_at)).limit(limit)))


def delete_loose(session: Session, file_id: str) -> bool:
    """Delete a file's row unless somebody attached it meanwhile."""
    return _change(
        session,
        delete(MediaFile).where(col(MediaFile.id) == file_id, col(MediaFile.subject_id).is_(None)),
    )


def proofs_of(session: Session, account_id: str) -> list[str]:
    """Return the ids of the proofs an account uploaded."""
    return list(
        session.exec(
            select(MediaFile.id).where(MediaFile.account_id == account_id, col(MediaFile.is_proof).is_(True))
        )
    )


def delete_proof(session: Session, file_id: str) -> bool:
    """Delete a proof's row."""
    return _change(
        session, delete(MediaFile).where(col(MediaFile.id) == file_id, col(MediaFile.is_proof).is_(True))
    )


def _change(session: Session, statement: Any) -> bool:
    done = session.execute(statement.execution_options(synchronize_session=False))
    return cast("CursorResult[Any]", done).rowcount == 1
