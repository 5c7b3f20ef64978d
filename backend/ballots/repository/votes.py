"""Vote rows outside the casting path: inserting paper, moving states by conditional update, the barrier's locks."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import exists, text, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from backend.ballots.tables import Vote, VoteDisposition
from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import new_receipt

NONCE_BYTES = 32

LEGAL_MOVES: Mapping[str, tuple[str, ...]] = {
    "pending": ("standing", "rejected"),
    "held": ("standing", "rejected"),
    "standing": ("replaced", "rejected"),
}


@dataclass(frozen=True, slots=True)
class NewVote:
    """A vote that does not come over the casting path; ``state`` is ``pending`` for paper."""

    ballot_id: str
    roll_entry_id: str
    channel: str
    state: str
    choices: str
    documents_hash: str
    request_hash: bytes
    cast_at: datetime
    photo_sha256: str | None = None


def take_casting_lock(session: Session, ballot_id: str) -> None:
    """Take the casting side of the barrier until the end of the transaction; read state and time afterwards."""
    _lock(session, "pg_advisory_xact_lock_shared", ballot_id)


def take_sealing_lock(session: Session, ballot_id: str) -> None:
    """Take the sealing side: waits for every cast under way and holds off new ones until the commit."""
    _lock(session, "pg_advisory_xact_lock", ballot_id)


def _lock(session: Session, function: str, ballot_id: str) -> None:
    if session.get_bind().dialect.name == "postgresql":  # SQLite has one writer: its lock is the barrier
        statement = f"SELECT {function}(hashtextextended(:ballot, 0))"
        session.connection().execute(text(statement), {"ballot": ballot_id})


def insert_vote_row(session: Session, vote: NewVote) -> str:
    """Insert a vote and return its receipt."""
    receipt = new_receipt()
    while session.exec(select(Vote.receipt).where(Vote.receipt == receipt)).first() is not None:
        receipt = new_receipt()
    session.add(
        Vote(
            receipt=receipt,
            ballot_id=vote.ballot_id,
            roll_entry_id=vote.roll_entry_id,
            request_hash=vote.request_hash,
            channel=vote.channel,
            arrived_as=vote.state,
            state=vote.state,
            choices=vote.choices,
            documents_hash=vote.documents_hash,
            photo_sha256=vote.photo_sha256,
            nonce=secrets.token_bytes(NONCE_BYTES),
            cast_at=vote.cast_at,
        )
    )
    session.flush()
    return receipt


def move_vote(
    ctx: Context, receipt: str, from_state: str, to_state: str, reason: str, note: str | None = None
) -> bool:
    """Move a vote if it is still in ``from_state``, with its disposition; False when nothing moved.

    ``reason`` is a code that goes into the leaf. False also when the entry's place is taken by another vote.
    """
    if to_state not in LEGAL_MOVES.get(from_state, ()):
        raise ValueError(f"a vote never moves from {from_state} to {to_state}")
    try:
        with ctx.session.begin_nested():
            moved = _update_state(ctx.session, receipt, from_state, to_state)
    except IntegrityError:  # another vote took the place in the same instant
        return False
    if moved is None:
        return False
    ctx.session.add(
        VoteDisposition(
            id=new_id(),
            ballot_id=moved,
            receipt=receipt,
            to_state=to_state,
            reason=reason,
            note=note,
            actor_id=ctx.actor.account_id,
            at=ctx.clock.now(),
            nonce=secrets.token_bytes(NONCE_BYTES),
        )
    )
    ctx.session.flush()
    return True


def _update_state(session: Session, receipt: str, from_state: str, to_state: str) -> str | None:
    """Return the ballot's id when the row moved."""
    changed = update(Vote).where(col(Vote.receipt) == receipt, col(Vote.state) == from_state)
    if to_state == "standing":
        other = aliased(Vote)
        taken = exists().where(
            col(other.ballot_id) == col(Vote.ballot_id),
            col(other.roll_entry_id) == col(Vote.roll_entry_id),
            col(other.state) == "standing",
        )
        changed = changed.where(~taken)
    moving = changed.values(state=to_state).returning(col(Vote.ballot_id))
    return session.connection().execute(moving).scalar_one_or_none()


def find_vote(session: Session, receipt: str) -> Vote | None:
    """Return a vote as it is now in the database."""
    chosen = select(Vote).where(Vote.receipt == receipt).execution_options(populate_existing=True)
    return session.exec(chosen).one_or_none()


def find_standing_receipt(session: Session, ballot_id: str, entry_id: str) -> str | None:
    """Return the receipt of the vote that holds the entry's place."""
    chosen = select(Vote.receipt).where(
        Vote.ballot_id == ballot_id, Vote.roll_entry_id == entry_id, Vote.state == "standing"
    )
    return session.exec(chosen).one_or_none()


def open_votes_of_entry(session: Session, entry_id: str) -> list[tuple[str, str]]:
    """Return ``(receipt, state)`` of everything of an entry that may still count."""
    chosen = select(Vote.receipt, Vote.state).where(
        Vote.roll_entry_id == entry_id, col(Vote.state).in_(tuple(LEGAL_MOVES))
    )
    return [(receipt, state) for receipt, state in session.exec(chosen)]
