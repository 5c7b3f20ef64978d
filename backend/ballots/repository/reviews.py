"""Votes that wait for a person's decision: held ones, and confirmed paper whose place was taken."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import and_, or_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from backend.ballots.tables import PaperVote, RollEntry, Vote, VoteDisposition


@dataclass(frozen=True, slots=True)
class Waiting:
    """A vote to review, its entry, the sheet if it is paper, and the channel of what stands now."""

    vote: Vote
    entry: RollEntry
    sheet: PaperVote | None
    standing_channel: str | None


def waiting_votes(session: Session, ballot_id: str, after: str, limit: int) -> list[Waiting]:
    """Return what waits for review, by receipt after ``after``."""
    standing = aliased(Vote)
    stands = and_(
        col(standing.ballot_id) == col(Vote.ballot_id),
        col(standing.roll_entry_id) == col(Vote.roll_entry_id),
        col(standing.state) == "standing",
    )
    confirmed = and_(col(Vote.state) == "pending", col(PaperVote.state) == "confirmed")
    chosen = (
        select(Vote, RollEntry, PaperVote, standing.channel)
        .join(RollEntry, col(RollEntry.id) == col(Vote.roll_entry_id))
        .outerjoin(PaperVote, col(PaperVote.receipt) == col(Vote.receipt))
        .outerjoin(standing, stands)
        .where(Vote.ballot_id == ballot_id, Vote.receipt > after, or_(col(Vote.state) == "held", confirmed))
    )
    rows = session.exec(chosen.order_by(col(Vote.receipt)).limit(limit))
    return [Waiting(vote, entry, sheet, channel) for vote, entry, sheet, channel in rows]


def was_decided_by(session: Session, receipt: str, to_state: str, account_id: str | None) -> bool:
    """Tell whether this person already decided the same about the vote (a repeated request)."""
    chosen = select(VoteDisposition.id).where(
        VoteDisposition.receipt == receipt,
        VoteDisposition.to_state == to_state,
        VoteDisposition.actor_id == account_id,
        col(VoteDisposition.reason).like("review_%"),
    )
    return session.exec(chosen.limit(1)).first() is not None
