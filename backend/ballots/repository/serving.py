"""Service proofs, one per dwelling and ballot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy.dialects.postgresql import insert as postgresql_insert
from sqlalchemy.dialects.sqlite import insert as sqlite_insert
from sqlmodel import Session, select

from backend.ballots.tables import ServiceProof

_CHUNK = 1000


def served_dwellings(session: Session, ballot_id: str) -> set[str]:
    """Return the dwellings with a proof."""
    return set(session.exec(select(ServiceProof.dwelling_id).where(ServiceProof.ballot_id == ballot_id)))


def insert_proofs(session: Session, rows: Sequence[dict[str, Any]]) -> None:
    """Insert proofs; a dwelling that has one already keeps it."""
    is_postgresql = session.get_bind().dialect.name == "postgresql"
    statement: Any = (postgresql_insert if is_postgresql else sqlite_insert)(ServiceProof)
    for start in range(0, len(rows), _CHUNK):
        session.execute(statement.on_conflict_do_nothing(), list(rows[start : start + _CHUNK]))
