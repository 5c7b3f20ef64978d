"""Reading media files."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, not_, or_
from sqlmodel import Session, col, select

from backend.infra.paging import Position
from backend.media.tables import MediaFile


def find_file(session: Session, file_id: str) -> MediaFile | None:
    """Return one file."""
    return session.get(MediaFile, file_id)


@dataclass(frozen=True, slots=True)
class FilesWanted:
    """Files of an estate in a state; with or without those of restricted complaints, never those of ``hidden`` things.

    Proofs of bindings are never among them. Without restricted ones, also not what hangs on nothing yet: it may be
    about to be such evidence.
    """

    estate_id: str
    state: str
    with_restricted: bool
    hidden: frozenset[str] = frozenset()


def files_of_estate(
    session: Session, wanted: FilesWanted, limit: int, after: Position | None
) -> list[MediaFile]:
    """Return an estate's files in a state, the oldest first, after a position."""
    query = select(MediaFile).where(
        MediaFile.estate_id == wanted.estate_id,
        MediaFile.state == wanted.state,
        col(MediaFile.is_proof).is_(False),
    )
    if not wanted.with_restricted:
        query = query.where(col(MediaFile.is_restricted).is_(False), col(MediaFile.subject_id).is_not(None))
    if wanted.hidden:
        is_hidden = col(MediaFile.subject_id).in_(wanted.hidden)
        query = query.where(or_(col(MediaFile.subject_id).is_(None), not_(is_hidden)))
    at, key = col(MediaFile.created_at), col(MediaFile.id)
    if after is not None:
        query = query.where(or_(at > after[0], and_(at == after[0], key > after[1])))
    return list(session.exec(query.order_by(at, key).limit(limit)))


def files_of_account(session: Session, account_id: str, limit: int) -> list[dict[str, str]]:
    """Return what an account uploaded, oldest first, for the export of one's own data."""
    query = select(MediaFile).where(MediaFile.account_id == account_id)
    rows = session.exec(query.order_by(col(MediaFile.created_at), col(MediaFile.id)).limit(limit))
    return [
        {
            "kind": row.kind,
            "state": row.state,
            "sha256": row.sha256,
            "about": row.subject_kind or "",
            "at": row.created_at.isoformat(),
        }
        for row in rows
    ]
