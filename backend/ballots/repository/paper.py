"""Paper batches and their sheets: numbering, lookups, conditional updates."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import exists, func, update
from sqlmodel import Session, col, select

from backend.ballots.tables import Ballot, PaperBatch, PaperVote, RollEntry, Vote

_FRESH = {"populate_existing": True}


def find_batch(session: Session, batch_id: str) -> PaperBatch | None:
    """Return a batch as it is now."""
    chosen = select(PaperBatch).where(PaperBatch.id == batch_id)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def find_batch_by_key(session: Session, account_id: str, idempotency_key: str) -> PaperBatch | None:
    """Return the batch this person registered under this key."""
    return session.exec(
        select(PaperBatch).where(
            PaperBatch.registered_by == account_id, PaperBatch.idempotency_key == idempotency_key
        )
    ).one_or_none()


def next_batch_number(session: Session, ballot_id: str) -> int:
    """Return the number after the last batch of the ballot."""
    last = select(func.max(PaperBatch.number)).where(PaperBatch.ballot_id == ballot_id)
    return (session.exec(last).one() or 0) + 1


def witness_batch(session: Session, batch_id: str, account_id: str, now: datetime) -> bool:
    """Record the second person, only before the ballot's deadline and only once."""
    is_open = exists().where(
        col(Ballot.id) == col(PaperBatch.ballot_id),
        col(Ballot.state) == "open",
        col(Ballot.opens_at) <= now,
        col(Ballot.closes_at) > now,
    )
    changed = session.connection().execute(
        update(PaperBatch)
        .where(
            col(PaperBatch.id) == batch_id,
            col(PaperBatch.witnessed_by).is_(None),
            col(PaperBatch.registered_by) != account_id,
            is_open,
        )
        .values(witnessed_by=account_id, witnessed_at=now)
    )
    return changed.rowcount == 1


def batches_of(
    session: Session, ballot_id: str, after: int, limit: int
) -> list[tuple[PaperBatch, dict[str, int]]]:
    """Return batches by number after ``after`` with how many sheets are in each state."""
    chosen = select(PaperBatch).where(PaperBatch.ballot_id == ballot_id, PaperBatch.number > after)
    chosen = chosen.order_by(col(PaperBatch.number)).limit(limit).execution_options(**_FRESH)
    batches = list(session.exec(chosen))
    counted: dict[str, dict[str, int]] = {batch.id: {} for batch in batches}
    sums = (
        select(PaperVote.batch_id, PaperVote.state, func.count())
        .where(col(PaperVote.batch_id).in_(counted))
        .group_by(col(PaperVote.batch_id), col(PaperVote.state))
    )
    for batch_id, state, count in session.exec(sums):
        counted[batch_id][state] = count
    return [(batch, counted[batch.id]) for batch in batches]


def find_sheet(session: Session, receipt: str) -> PaperVote | None:
    """Return a sheet as it is now."""
    chosen = select(PaperVote).where(PaperVote.receipt == receipt)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def find_sheet_at(session: Session, batch_id: str, sheet_no: int) -> tuple[PaperVote, Vote] | None:
    """Return what was entered under a sheet number and not returned."""
    found = session.exec(
        select(PaperVote, Vote)
        .join(Vote, col(Vote.receipt) == PaperVote.receipt)
        .where(PaperVote.batch_id == batch_id, PaperVote.sheet_no == sheet_no, PaperVote.state != "returned")
    ).one_or_none()
    return (found[0], found[1]) if found else None


def decide_sheet(
    session: Session, receipt: str, state: str, account_id: str, at: datetime, reason: str | None = None
) -> bool:
    """Confirm or return an entered sheet, by somebody else than who entered it; False when it moved on."""
    changed = session.connection().execute(
        update(PaperVote)
        .where(
            col(PaperVote.receipt) == receipt,
            col(PaperVote.state) == "entered",
            col(PaperVote.entered_by) != account_id,
        )
        .values(state=state, decided_by=account_id, decided_at=at, return_reason=reason)
    )
    return changed.rowcount == 1


def sheets_of(
    session: Session, batch_id: str, state: str | None, after: tuple[int, str], limit: int
) -> list[tuple[PaperVote, str, str]]:
    """Return ``(sheet, vote state, building label)`` by sheet number: never a choice."""
    number, receipt = after
    later = (col(PaperVote.sheet_no) > number) | (
        (col(PaperVote.sheet_no) == number) & (col(PaperVote.receipt) > receipt)
    )
    chosen = (
        select(PaperVote, Vote.state, RollEntry.building_label)
        .join(Vote, col(Vote.receipt) == PaperVote.receipt)
        .join(RollEntry, col(RollEntry.id) == Vote.roll_entry_id)
        .where(PaperVote.batch_id == batch_id, later)
        .order_by(col(PaperVote.sheet_no), col(PaperVote.receipt))
    )
    if state is not None:
        chosen = chosen.where(PaperVote.state == state)
    return [(sheet, vote_state, label) for sheet, vote_state, label in session.exec(chosen.limit(limit))]


def find_entry(session: Session, ballot_id: str, entry_id: str) -> RollEntry | None:
    """Return a roll entry of this ballot that was not removed."""
    chosen = select(RollEntry).where(
        RollEntry.id == entry_id, RollEntry.ballot_id == ballot_id, col(RollEntry.is_removed).is_(False)
    )
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def find_entry_of_dwelling(session: Session, ballot_id: str, dwelling_id: str) -> RollEntry | None:
    """Return a dwelling's entry on this ballot's roll, if it stands there."""
    chosen = select(RollEntry).where(
        RollEntry.dwelling_id == dwelling_id,
        RollEntry.ballot_id == ballot_id,
        col(RollEntry.is_removed).is_(False),
    )
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def doors_of(session: Session, ballot_id: str, building_id: str) -> list[RollEntry]:
    """Return the entries of one building on the roll, in no particular order."""
    return list(
        session.exec(
            select(RollEntry).where(
                RollEntry.ballot_id == ballot_id,
                RollEntry.building_id == building_id,
                col(RollEntry.is_removed).is_(False),
            )
        )
    )


def buildings_of(session: Session, ballot_id: str) -> list[tuple[str, str, int]]:
    """Return ``(building id, label, entries)`` of the roll."""
    rows = session.exec(
        select(RollEntry.building_id, func.min(RollEntry.building_label), func.count())
        .where(RollEntry.ballot_id == ballot_id, col(RollEntry.is_removed).is_(False))
        .group_by(col(RollEntry.building_id))
    )
    return [(building, label, int(count)) for building, label, count in rows]
