"""Extensions, mediations and follow-up questions."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, func, update
from sqlmodel import Session, col, select

from backend.complaints.tables import ComplaintExtension, FollowUp, Mediation


def open_extension(session: Session, complaint_id: str) -> ComplaintExtension | None:
    """Return the extension that waits for a decision."""
    wanted = select(ComplaintExtension).where(
        ComplaintExtension.complaint_id == complaint_id, ComplaintExtension.state == "requested"
    )
    return session.exec(wanted).first()


def decide_extension(session: Session, extension_id: str, values: Mapping[str, Any]) -> bool:
    """Decide an extension that waits; of two decisions one stands."""
    done = session.execute(
        update(ComplaintExtension)
        .where(col(ComplaintExtension.id) == extension_id, col(ComplaintExtension.state) == "requested")
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def refuse_open_extension(session: Session, complaint_id: str, values: Mapping[str, Any]) -> None:
    """Refuse the extension that waits, where there is one."""
    waiting = (
        col(ComplaintExtension.complaint_id) == complaint_id,
        col(ComplaintExtension.state) == "requested",
    )
    session.execute(
        update(ComplaintExtension)
        .where(*waiting)
        .values(state="refused", **values)
        .execution_options(synchronize_session=False)
    )


def extensions_of(session: Session, complaint_id: str) -> Sequence[ComplaintExtension]:
    """Return every extension asked for, oldest first."""
    wanted = select(ComplaintExtension).where(ComplaintExtension.complaint_id == complaint_id)
    order = (col(ComplaintExtension.requested_at), col(ComplaintExtension.id))
    return session.exec(wanted.order_by(*order).execution_options(populate_existing=True)).all()


def mediations_of(session: Session, complaint_id: str) -> Sequence[Mediation]:
    """Return every mediation, oldest first."""
    wanted = select(Mediation).where(Mediation.complaint_id == complaint_id)
    return session.exec(wanted.order_by(col(Mediation.recorded_at), col(Mediation.id))).all()


def next_round(session: Session, complaint_id: str) -> int:
    """Return the number of the next question, from 1."""
    asked = select(func.max(FollowUp.round)).where(FollowUp.complaint_id == complaint_id)
    return (session.exec(asked).one() or 0) + 1


def waiting_question(session: Session, complaint_id: str) -> FollowUp | None:
    """Return the question that waits for an answer."""
    wanted = select(FollowUp).where(
        FollowUp.complaint_id == complaint_id,
        col(FollowUp.answered_at).is_(None),
        col(FollowUp.ended_at).is_(None),
    )
    return session.exec(wanted.execution_options(populate_existing=True)).first()


def question_by_token(session: Session, token_indexes: Collection[str]) -> FollowUp | None:
    """Return the question that a token belongs to."""
    return session.exec(select(FollowUp).where(col(FollowUp.token_index).in_(token_indexes))).first()


def answer(session: Session, question_id: str, values: Mapping[str, Any]) -> bool:
    """Answer or end a question that waits; once."""
    done = session.execute(
        update(FollowUp)
        .where(
            col(FollowUp.id) == question_id,
            col(FollowUp.answered_at).is_(None),
            col(FollowUp.ended_at).is_(None),
        )
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def expired_questions(session: Session, now: datetime, limit: int) -> Sequence[str]:
    """Return the complaints whose question nobody answered in time."""
    wanted = select(FollowUp.complaint_id).where(
        col(FollowUp.answered_at).is_(None), col(FollowUp.ended_at).is_(None), col(FollowUp.expires_at) <= now
    )
    return session.exec(wanted.order_by(col(FollowUp.expires_at)).limit(limit)).all()
