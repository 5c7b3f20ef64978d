"""Votes and dispositions waiting for their leaf, and the leaves of a whole ballot."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, update
from sqlmodel import Session, col, select

from backend.ballots.tables import RollEntry, Vote, VoteDisposition
from backend.ledger.rules.leaf import BallotLeaf


@dataclass(frozen=True, slots=True)
class Unnumbered:
    """A row on its way into the tree: its leaf, the entry it concerns, its nonce and where it came from."""

    leaf: BallotLeaf
    entry: str
    nonce: bytes
    source_kind: str
    source_id: str


@dataclass(frozen=True, slots=True)
class Arrived:
    """A vote with its entry's pseudonym."""

    vote: Vote
    pseudonym: str

    def as_leaf(
        self, motion_ids: Sequence[str], arrival: Callable[..., Any], _disposition: Any
    ) -> Unnumbered:
        """Return the arrival's leaf."""
        leaf = arrival(self.vote, self.pseudonym, motion_ids, self.vote.arrived_as)
        return Unnumbered(leaf, self.pseudonym, self.vote.nonce, "vote", self.vote.receipt)


@dataclass(frozen=True, slots=True)
class Moved:
    """A disposition with its vote's nonce and entry."""

    row: VoteDisposition
    vote_nonce: bytes
    pseudonym: str

    def as_leaf(self, _motion_ids: Any, _arrival: Any, disposition: Callable[..., Any]) -> Unnumbered:
        """Return the disposition's leaf."""
        leaf = disposition(self.row, self.vote_nonce)
        return Unnumbered(leaf, self.pseudonym, self.row.nonce, "disposition", self.row.id)


def unnumbered(session: Session, ballot_id: str, limit: int) -> list[Arrived | Moved]:
    """Return arrivals without a number and, when all of those fit, the dispositions without one."""
    votes = session.exec(
        select(Vote, RollEntry.pseudonym)
        .where(Vote.ballot_id == ballot_id, col(Vote.leaf_no).is_(None), RollEntry.id == Vote.roll_entry_id)
        .order_by(col(Vote.cast_at), col(Vote.receipt))
        .limit(limit)
    ).all()
    found: list[Arrived | Moved] = [Arrived(vote, pseudonym) for vote, pseudonym in votes]
    # Read second: a disposition committed in between belongs to a vote that was committed before it.
    moved = session.exec(
        select(VoteDisposition, Vote.nonce, RollEntry.pseudonym, Vote.leaf_no)
        .where(
            VoteDisposition.ballot_id == ballot_id,
            col(VoteDisposition.leaf_no).is_(None),
            Vote.receipt == VoteDisposition.receipt,
            RollEntry.id == Vote.roll_entry_id,
        )
        .order_by(col(VoteDisposition.at))
        .limit(limit)
    ).all()
    here = {vote.receipt for vote, _ in votes}
    found += [
        Moved(row, nonce, pseudonym)
        for row, nonce, pseudonym, leaf_no in moved
        if leaf_no is not None or row.receipt in here
    ]
    return found


def set_numbers(session: Session, numbers: Sequence[tuple[str, str, int]]) -> None:
    """Store the leaf numbers ``(source kind, source id, number)``."""
    votes = [{"key": key, "number": number} for kind, key, number in numbers if kind == "vote"]
    moves = [{"key": key, "number": number} for kind, key, number in numbers if kind == "disposition"]
    connection = session.connection()
    if votes:
        connection.execute(
            update(Vote).where(col(Vote.receipt) == bindparam("key")).values(leaf_no=bindparam("number")),
            votes,
        )
    if moves:
        chosen = update(VoteDisposition).where(col(VoteDisposition.id) == bindparam("key"))
        connection.execute(chosen.values(leaf_no=bindparam("number")), moves)
    session.expire_all()


def numbered(session: Session, ballot_id: str) -> Iterator[tuple[int, Arrived | Moved]]:
    """Yield every numbered row of a ballot in the order of its leaf, in pages of 2,000 votes."""
    votes = _numbered_votes(session, ballot_id)
    moves = _numbered_moves(session, ballot_id)
    vote, move = next(votes, None), next(moves, None)
    while vote is not None or move is not None:
        if move is None or (vote is not None and vote[0] < move[0]):
            assert vote is not None
            yield vote
            vote = next(votes, None)
        else:
            yield move
            move = next(moves, None)


def _numbered_votes(session: Session, ballot_id: str) -> Iterator[tuple[int, Arrived]]:
    after = -1
    while True:
        page = session.exec(
            select(Vote, RollEntry.pseudonym)
            .where(Vote.ballot_id == ballot_id, col(Vote.leaf_no) > after, RollEntry.id == Vote.roll_entry_id)
            .order_by(col(Vote.leaf_no))
            .limit(2000)
        ).all()
        for vote, pseudonym in page:
            assert vote.leaf_no is not None
            after = vote.leaf_no
            yield after, Arrived(vote, pseudonym)
        if len(page) < 2000:
            return


def _numbered_moves(session: Session, ballot_id: str) -> Iterator[tuple[int, Moved]]:
    after = -1
    while True:
        page = session.exec(
            select(VoteDisposition, Vote.nonce, RollEntry.pseudonym)
            .where(
                VoteDisposition.ballot_id == ballot_id,
                col(VoteDisposition.leaf_no) > after,
                Vote.receipt == VoteDisposition.receipt,
                RollEntry.id == Vote.roll_entry_id,
            )
            .order_by(col(VoteDisposition.leaf_no))
            .limit(2000)
        ).all()
        for row, nonce, pseudonym in page:
            assert row.leaf_no is not None
            after = row.leaf_no
            yield after, Moved(row, nonce, pseudonym)
        if len(page) < 2000:
            return
