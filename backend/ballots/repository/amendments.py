"""Amendments of a frozen roll: conditional updates of the proposal and of the row it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from backend.ballots.rules.amendments import Row
from backend.ballots.tables import RollAmendment, RollEntry
from backend.tally.weight import RollEntry as CountedEntry

_FRESH = {"populate_existing": True}


def find_amendment(session: Session, amendment_id: str) -> RollAmendment | None:
    """Return an amendment as it is now."""
    chosen = select(RollAmendment).where(RollAmendment.id == amendment_id)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def find_roll_entry(session: Session, ballot_id: str, entry_id: str) -> RollEntry | None:
    """Return an entry of this ballot as it is now, removed or not."""
    chosen = select(RollEntry).where(RollEntry.id == entry_id, RollEntry.ballot_id == ballot_id)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def find_by_dwelling(session: Session, ballot_id: str, dwelling_id: str) -> RollEntry | None:
    """Return a dwelling's entry of this ballot as it is now, removed or not."""
    chosen = select(RollEntry).where(RollEntry.ballot_id == ballot_id, RollEntry.dwelling_id == dwelling_id)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def head_of(session: Session, ballot_id: str, owner_id: str) -> tuple[int, str] | None:
    """Return number and pseudonym under which an owner stands on this roll."""
    chosen = select(RollEntry.head_no, RollEntry.head_pseudonym).where(
        RollEntry.ballot_id == ballot_id, RollEntry.owner_id == owner_id
    )
    found = session.exec(chosen.limit(1)).first()
    return (found[0], found[1]) if found else None


def next_head_no(session: Session, ballot_id: str) -> int:
    """Return a number no head of this roll has."""
    last = session.exec(select(func.max(RollEntry.head_no)).where(RollEntry.ballot_id == ballot_id)).one()
    return (last or 0) + 1


def decide(session: Session, amendment_id: str, state: str, **changes: Any) -> bool:
    """Move a proposal on if nobody did; False otherwise."""
    changed = session.connection().execute(
        update(RollAmendment)
        .where(col(RollAmendment.id) == amendment_id, col(RollAmendment.state) == "proposed")
        .values(state=state, **changes)
    )
    return changed.rowcount == 1


def update_row(session: Session, entry_id: str, row: Row, *, is_removed: bool, **labels: Any) -> None:
    """Write the amended values of an entry."""
    session.connection().execute(
        update(RollEntry)
        .where(col(RollEntry.id) == entry_id)
        .values(
            owner_id=row.owner_id,
            head_no=row.head_no,
            head_pseudonym=row.head,
            area_centi=row.area_centi,
            is_household=row.is_household,
            is_removed=is_removed,
            **labels,
        )
    )
    session.expire_all()


def counted_roll(session: Session, ballot_id: str) -> list[CountedEntry]:
    """Return the roll as it now counts."""
    rows = session.exec(
        select(RollEntry.pseudonym, RollEntry.head_pseudonym, RollEntry.area_centi, RollEntry.is_household)
        .where(RollEntry.ballot_id == ballot_id)
        .where(col(RollEntry.is_removed).is_(False))
    )
    return [CountedEntry(entry, head, area, bool(household)) for entry, head, area, household in rows]


def amendments_page(
    session: Session, ballot_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[RollAmendment]:
    """Return amendments in the order of proposal."""
    chosen = select(RollAmendment).where(RollAmendment.ballot_id == ballot_id)
    if after is not None:
        at, identifier = after
        later = (col(RollAmendment.proposed_at) > at) | (
            (col(RollAmendment.proposed_at) == at) & (col(RollAmendment.id) > identifier)
        )
        chosen = chosen.where(later)
    ordered = chosen.order_by(col(RollAmendment.proposed_at), col(RollAmendment.id)).limit(limit)
    return list(session.exec(ordered.execution_options(**_FRESH)))


def confirmed(session: Session, ballot_id: str) -> list[RollAmendment]:
    """Return the confirmed amendments in the order in which they took effect."""
    chosen = select(RollAmendment).where(
        RollAmendment.ballot_id == ballot_id, RollAmendment.state == "confirmed"
    )
    ordered = chosen.order_by(col(RollAmendment.confirmed_at), col(RollAmendment.id))
    return list(session.exec(ordered.execution_options(**_FRESH)))


def proposed(session: Session, ballot_id: str) -> list[str]:
    """Return the amendments that wait for their second person."""
    chosen = select(RollAmendment.id).where(
        RollAmendment.ballot_id == ballot_id, RollAmendment.state == "proposed"
    )
    return list(session.exec(chosen.order_by(col(RollAmendment.proposed_at), col(RollAmendment.id))))
