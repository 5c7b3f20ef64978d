"""Demands to be shown a choice: read as they are now, decided once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import tuple_, update
from sqlmodel import Session, col, select

from backend.ballots.tables import Vote
from backend.ballots.tables.disclosures import ChoiceDisclosure


def find_disclosure(session: Session, disclosure_id: str) -> ChoiceDisclosure | None:
    """Return a demand as it is now."""
    chosen = select(ChoiceDisclosure).where(ChoiceDisclosure.id == disclosure_id)
    return session.exec(chosen.execution_options(populate_existing=True)).one_or_none()


def decide(session: Session, disclosure_id: str, state: str, **changes: Any) -> bool:
    """Move a proposed demand on if nobody did; False otherwise."""
    changed = session.connection().execute(
        update(ChoiceDisclosure)
        .where(col(ChoiceDisclosure.id) == disclosure_id, col(ChoiceDisclosure.state) == "proposed")
        .values(state=state, **changes)
    )
    return changed.rowcount == 1


def disclosures_page(
    session: Session, ballot_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[ChoiceDisclosure]:
    """Return the demands concerning a ballot in the order of proposal."""
    chosen = select(ChoiceDisclosure).where(ChoiceDisclosure.ballot_id == ballot_id)
    at, key = col(ChoiceDisclosure.proposed_at), col(ChoiceDisclosure.id)
    if after is not None:
        chosen = chosen.where(tuple_(at, key) > tuple_(*after))
    return list(session.exec(chosen.order_by(at, key).limit(limit)))


def counted_vote(session: Session, ballot_id: str, entry_id: str) -> Vote | None:
    """Return the vote that counts for an entry."""
    standing = select(Vote).where(
        Vote.ballot_id == ballot_id, Vote.roll_entry_id == entry_id, Vote.state == "standing"
    )
    return session.exec(standing).first()
