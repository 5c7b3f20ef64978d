"""Trees in the database: leaves, checkpoints, the lock that lets one sealer work at a time."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import insert, text, update
from sqlmodel import Session, col, select

from backend.ledger.tables import LedgerCheckpoint, LedgerEvent, LedgerLeaf


def lock_tree(session: Session, tree: str) -> None:
    """Let one transaction at a time grow a tree; on SQLite the writer's lock does."""
    if session.get_bind().dialect.name == "postgresql":
        lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:tree, 1))")
        session.connection().execute(lock, {"tree": tree})


def last_checkpoint(session: Session, tree: str) -> LedgerCheckpoint | None:
    """Return the newest checkpoint of a tree."""
    chosen = select(LedgerCheckpoint).where(LedgerCheckpoint.tree == tree)
    return session.exec(chosen.order_by(col(LedgerCheckpoint.number).desc()).limit(1)).one_or_none()


def checkpoints(session: Session, tree: str) -> list[LedgerCheckpoint]:
    """Return all checkpoints of a tree in order (a few per day at most)."""
    chosen = select(LedgerCheckpoint).where(LedgerCheckpoint.tree == tree)
    return list(session.exec(chosen.order_by(col(LedgerCheckpoint.number))))


def next_leaf_no(session: Session, tree: str) -> int:
    """Return the number the next leaf of a tree gets."""
    chosen = select(LedgerLeaf.leaf_no).where(LedgerLeaf.tree == tree)
    last = session.exec(chosen.order_by(col(LedgerLeaf.leaf_no).desc()).limit(1)).one_or_none()
    return 0 if last is None else last + 1


def add_leaves(session: Session, tree: str, first: int, leaves: Sequence[tuple[str, str, bytes]]) -> None:
    """Write leaves ``(source kind, source id, hash)`` with consecutive numbers."""
    rows = [
        {"tree": tree, "leaf_no": first + offset, "source_kind": kind, "source_id": source, "hash": digest}
        for offset, (kind, source, digest) in enumerate(leaves)
    ]
    session.execute(insert(LedgerLeaf), rows)


def hashes_between(session: Session, tree: str, start: int, end: int) -> list[bytes]:
    """Return the leaf hashes of ``[start, end)`` in order."""
    chosen = select(LedgerLeaf.hash).where(
        LedgerLeaf.tree == tree, col(LedgerLeaf.leaf_no) >= start, col(LedgerLeaf.leaf_no) < end
    )
    return list(session.exec(chosen.order_by(col(LedgerLeaf.leaf_no))))


def unnumbered_events(session: Session, limit: int) -> list[LedgerEvent]:
    """Return committed events that have no number yet."""
    chosen = select(LedgerEvent).where(col(LedgerEvent.leaf_no).is_(None))
    return list(session.exec(chosen.order_by(col(LedgerEvent.id)).limit(limit)))


def number_events(session: Session, numbers: Sequence[tuple[str, int]]) -> None:
    """Give events their leaf numbers ``(event id, number)``."""
    session.connection().execute(
        update(LedgerEvent.__table__)  # type: ignore[attr-defined] # SQLModel sets it on every table class
        .where(text("id = :event_id"))
        .values(leaf_no=text(":number")),
        [{"event_id": event_id, "number": number} for event_id, number in numbers],
    )
