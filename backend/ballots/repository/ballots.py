"""Loads and conditional updates of ballots."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, update
from sqlmodel import Session, col, select

from backend.ballots.tables import Ballot, BallotCheck, BallotDocument, Motion, RollEntry, Vote


def find_ballot(session: Session, ballot_id: str) -> Ballot | None:
    """Return a ballot as it is now in the database."""
    return session.exec(
        select(Ballot).where(Ballot.id == ballot_id).execution_options(populate_existing=True)
    ).one_or_none()


def move_state(session: Session, ballot: Ballot, target: str, **changes: Any) -> bool:
    """Set the new state only if nobody moved it meanwhile; the version grows with every change."""
    result = session.connection().execute(
        update(Ballot)
        .where(
            col(Ballot.id) == ballot.id,
            col(Ballot.state) == ballot.state,
            col(Ballot.version) == ballot.version,
        )
        .values(state=target, version=Ballot.version + 1, **changes)
    )
    session.expire(ballot)
    return result.rowcount == 1


def motions_of(session: Session, ballot_id: str) -> list[Motion]:
    """Return the motions in order of position."""
    return list(
        session.exec(select(Motion).where(Motion.ballot_id == ballot_id).order_by(col(Motion.position)))
    )


def documents_of(session: Session, ballot_id: str) -> list[BallotDocument]:
    """Return the documents, ordered by hash."""
    chosen = select(BallotDocument).where(BallotDocument.ballot_id == ballot_id)
    return list(session.exec(chosen.order_by(col(BallotDocument.sha256))))


def checks_of(session: Session, ballot_id: str) -> list[BallotCheck]:
    """Return the pre-flight statements made."""
    return list(session.exec(select(BallotCheck).where(BallotCheck.ballot_id == ballot_id)))


def roll_rows(session: Session, ballot_id: str) -> list[RollEntry]:
    """Return the whole roll, removed entries included."""
    return list(session.exec(select(RollEntry).where(RollEntry.ballot_id == ballot_id)))


def count_votes_in(session: Session, ballot_id: str, state: str) -> int:
    """Return how many votes are in a state."""
    counted = select(func.count()).select_from(Vote).where(Vote.ballot_id == ballot_id, Vote.state == state)
    return session.exec(counted).one()
