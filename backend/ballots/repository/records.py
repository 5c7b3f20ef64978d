"""What records and their audit read: rows outside the tree, announced ballots, sheets of paper."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import distinct, func
from sqlmodel import Session, col, select

from backend.ballots.tables import Ballot, PaperBatch, PaperVote, RollEntry, Vote, VoteDisposition
from backend.infra.tables import Installation


def unsealed_votes(session: Session, ballot_id: str, limit: int) -> list[str]:
    """Return receipts of votes that are in no tree."""
    chosen = select(Vote.receipt).where(Vote.ballot_id == ballot_id, col(Vote.leaf_no).is_(None))
    return list(session.exec(chosen.limit(limit)))


def unsealed_moves(session: Session, ballot_id: str) -> list[tuple[str, str, str]]:
    """Return ``(id, receipt, to state)`` of changes of state that are in no tree, oldest first."""
    chosen = select(VoteDisposition.id, VoteDisposition.receipt, VoteDisposition.to_state).where(
        VoteDisposition.ballot_id == ballot_id, col(VoteDisposition.leaf_no).is_(None)
    )
    return [(key, receipt, to) for key, receipt, to in session.exec(chosen.order_by(col(VoteDisposition.at)))]


def owners_differ(session: Session, ballot_id: str) -> bool:
    """Tell whether the numbers by which owners are counted and the names in the roll's hash are not one to one."""
    number, name = col(RollEntry.head_no), col(RollEntry.head_pseudonym)
    on_roll = (RollEntry.ballot_id == ballot_id, col(RollEntry.is_removed).is_(False))
    pairs = select(number, name).where(*on_roll).distinct().subquery()
    numbers, names = session.exec(
        select(func.count(distinct(number)), func.count(distinct(name))).where(*on_roll)
    ).one()
    both = session.exec(select(func.count()).select_from(pairs)).one()
    return not numbers == names == both


def announced_ballots(session: Session, *, is_sealed: bool = False) -> list[str]:
    """Return the ids of ballots that have a roll, all or the sealed; what else is in a row an older database may lack."""
    chosen = select(Ballot.id).where(col(Ballot.roll_hash).is_not(None))
    if is_sealed:
        chosen = chosen.where(col(Ballot.sealed_at).is_not(None))
    return list(session.exec(chosen.order_by(col(Ballot.id))))


def installation_mode(session: Session) -> str:
    """Return what this database is for, as written when it was created."""
    return session.exec(select(Installation.mode)).one()


@dataclass(frozen=True, slots=True)
class SheetLine:
    """A confirmed sheet: where it lies, whose home it is for, and the two people; never its marks or receipt."""

    batch: int
    sheet: int
    channel: str
    building: str
    entrance: str
    door: str
    entered_by: str
    confirmed_by: str | None

    @property
    def name(self) -> str:
        """Return the sheet's public name, ``batch-sheet``: what samples are drawn from."""
        return f"{self.batch}-{self.sheet}"


def confirmed_sheets(session: Session, ballot_id: str) -> list[SheetLine]:
    """Return the confirmed sheets of a ballot."""
    rows = session.connection().execute(
        select(
            PaperBatch.number,
            PaperVote.sheet_no,
            PaperBatch.channel,
            RollEntry.building_label,
            RollEntry.entrance_label,
            RollEntry.door_label,
            PaperVote.entered_by,
            PaperVote.decided_by,
        )  # type: ignore[call-overload] # eight columns, typed for four
        .join(PaperVote, col(PaperVote.batch_id) == PaperBatch.id)
        .join(Vote, col(Vote.receipt) == PaperVote.receipt)
        .join(RollEntry, col(RollEntry.id) == Vote.roll_entry_id)
        .where(PaperBatch.ballot_id == ballot_id, PaperVote.state == "confirmed")
    )
    return [SheetLine(*row) for row in rows]
