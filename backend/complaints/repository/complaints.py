"""Complaints and their history: found, written, moved by conditional updates."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, cast

from sqlalchemy import ColumnElement, CursorResult, Date, bindparam, delete, false, func, or_, text, update
from sqlmodel import Session, col, select

from backend.complaints.rules.states import OPEN
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.tables import AnonymousDay, Complaint, ComplaintReporter, ComplaintStep

_ONE_MORE = text(
    "INSERT INTO complaint_anonymous_day (day_index, reported_on, reports) VALUES (:day_index, :day, 1) "
    "ON CONFLICT (day_index) DO UPDATE SET reports = complaint_anonymous_day.reports + 1 RETURNING reports"
).bindparams(bindparam("day", type_=Date()))


@dataclass(frozen=True, slots=True)
class Known:
    """By what a reporter is known again: the account, or the phone's blind indexes."""

    account_id: str | None
    phone_indexes: tuple[str, ...]


def find(session: Session, complaint_id: str) -> Complaint | None:
    """Return a complaint as it stands now."""
    return session.get(Complaint, complaint_id, populate_existing=True)


def lock(session: Session, ids: Collection[str]) -> None:
    """Let nobody else change these complaints until the transaction ends; in the order of ids, so none waits in a ring.

    SQLite has one writer and needs no more.
    """
    wanted = select(Complaint.id).where(col(Complaint.id).in_(ids)).order_by(col(Complaint.id))
    session.exec(wanted.with_for_update()).all()


def find_by_number(session: Session, number: str) -> Complaint | None:
    """Return the complaint with this number."""
    return session.exec(select(Complaint).where(Complaint.number == number)).first()


def find_by_key(session: Session, indexes: Collection[str]) -> Complaint | None:
    """Return the complaint taken in under an idempotency key, given by its blind indexes."""
    return session.exec(select(Complaint).where(col(Complaint.idempotency_index).in_(indexes))).first()


def reporter_of(session: Session, complaint_id: str) -> ComplaintReporter | None:
    """Return who reported, as stored."""
    wanted = select(ComplaintReporter).where(ComplaintReporter.complaint_id == complaint_id)
    return session.exec(wanted).first()


def forget_reporter(session: Session, account_id: str) -> None:
    """Take an account out of everything it reported; a second time nothing is left to take."""
    nothing = {"account_id": None, "name_sealed": None, "phone_sealed": None, "phone_index": None}
    session.execute(
        update(ComplaintReporter)
        .where(col(ComplaintReporter.account_id) == account_id)
        .values(**nothing)
        .execution_options(synchronize_session=False)
    )


def count_open_of(session: Session, account_id: str) -> int:
    """Return how many complaints of an account are open."""
    query = (
        select(func.count())
        .select_from(ComplaintReporter)
        .join(Complaint, col(Complaint.id) == col(ComplaintReporter.complaint_id))
        .where(ComplaintReporter.account_id == account_id, col(Complaint.state).in_(OPEN))
    )
    return session.exec(query).one()


def has_like(session: Session, row: Complaint, category: str, since: datetime) -> bool:
    """Tell whether the place of a complaint has an earlier one of this category, registered since then."""
    wanted = select(Complaint.id).where(
        col(Complaint.estate_id) == row.estate_id,
        col(Complaint.building_id).is_not_distinct_from(row.building_id),
        Complaint.category == category,
        *_earlier(row, since),
    )
    return session.exec(wanted.limit(1)).first() is not None


def has_named(session: Session, row: Complaint, reporter: Known, since: datetime) -> bool:
    """Tell whether whoever reported a complaint has an earlier one under their name, registered since then."""
    same: ColumnElement[bool] = false()
    if reporter.account_id is not None:
        same = or_(same, col(ComplaintReporter.account_id) == reporter.account_id)
    if reporter.phone_indexes:
        same = or_(same, col(ComplaintReporter.phone_index).in_(reporter.phone_indexes))
    wanted = (
        select(Complaint.id)
        .join(ComplaintReporter, col(ComplaintReporter.complaint_id) == col(Complaint.id))
        .where(same, Complaint.disclosure == Disclosure.NAMED, *_earlier(row, since))
    )
    return session.exec(wanted.limit(1)).first() is not None


def _earlier(row: Complaint, since: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Complaint.registered_at) < row.registered_at,
        col(Complaint.registered_at) >= since,
        col(Complaint.is_restricted).is_(False),
    )


def count_anonymous(session: Session, day_index: str, day: date) -> int:
    """Count one more anonymous report of a person and day, and return how many there are; two at once both count."""
    return int(session.connection().execute(_ONE_MORE, {"day_index": day_index, "day": day}).scalar_one())


def forget_anonymous_days(session: Session, before: date) -> int:
    """Delete the counts of the days before."""
    done = session.execute(
        delete(AnonymousDay)
        .where(col(AnonymousDay.reported_on) < before)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount


def move(session: Session, row: Complaint, step: ComplaintStep, values: Mapping[str, Any]) -> bool:
    """Write a step and what it changes; False when somebody else was first.

    The step comes first: a trigger lets a complaint change only together with it.
    """
    session.add(step)
    session.flush()
    done = session.execute(
        update(Complaint)
        .where(col(Complaint.id) == row.id, col(Complaint.version) == row.version)
        .values(version=row.version + 1, state=step.to_state, **values)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", done).rowcount != 1:
        return False
    session.refresh(row)
    return True


def mark(session: Session, complaint_id: str, was: Mapping[str, Any], values: Mapping[str, Any]) -> bool:
    """Note what was told of a complaint, unless it changed meanwhile; no step: nothing happened to it."""
    conditions = [getattr(Complaint, name).is_not_distinct_from(value) for name, value in was.items()]
    done = session.execute(
        update(Complaint)
        .where(col(Complaint.id) == complaint_id, *conditions)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def steps_of(session: Session, complaint_id: str) -> Sequence[ComplaintStep]:
    """Return the whole history, oldest first."""
    return session.exec(
        select(ComplaintStep)
        .where(ComplaintStep.complaint_id == complaint_id)
        .order_by(col(ComplaintStep.position))
    ).all()


def has_contested(session: Session, complaint_id: str, party_id: str) -> bool:
    """Tell whether a party has sent this complaint back before."""
    wanted = select(ComplaintStep.id).where(
        ComplaintStep.complaint_id == complaint_id,
        ComplaintStep.action == "contest",
        ComplaintStep.party_id == party_id,
    )
    return session.exec(wanted.limit(1)).first() is not None


def has_declined(session: Session, complaint_id: str, account_id: str | None) -> bool:
    """Tell whether somebody has declined this complaint."""
    wanted = select(ComplaintStep.id).where(
        ComplaintStep.complaint_id == complaint_id,
        ComplaintStep.action == "decline",
        ComplaintStep.actor_id == account_id,
    )
    return session.exec(wanted.limit(1)).first() is not None


def merged_into(session: Session, complaint_id: str) -> Sequence[str]:
    """Return the ids of the complaints that were merged into this one, in the order in which they came in."""
    wanted = select(Complaint.id).where(Complaint.merged_into_id == complaint_id)
    return session.exec(wanted.order_by(col(Complaint.registered_at), col(Complaint.id))).all()


def due_ids(session: Session, what: str, now: datetime, limit: int) -> Sequence[str]:
    """Return open complaints that want a warning (``warn``), are overdue (``overdue``) or unanswered (``respond``).

    ``pause``: those whose clock has stood still for long.
    """
    if what == "pause":
        query = select(Complaint.id).where(
            col(Complaint.state).in_(OPEN),
            col(Complaint.paused_at).is_not(None),
            col(Complaint.warn_at) <= now,
        )
        return session.exec(query.order_by(col(Complaint.warn_at)).limit(limit)).all()
    running = (col(Complaint.state).in_(OPEN), col(Complaint.paused_at).is_(None))
    if what == "warn":
        query = select(Complaint.id).where(
            *running,
            col(Complaint.warn_at) <= now,
            col(Complaint.due_at) > now,
            col(Complaint.warned_for).is_distinct_from(col(Complaint.due_at)),
        )
        return session.exec(query.order_by(col(Complaint.warn_at)).limit(limit)).all()
    if what == "overdue":
        query = select(Complaint.id).where(
            *running,
            col(Complaint.due_at) <= now,
            col(Complaint.overdue_for).is_distinct_from(col(Complaint.due_at)),
        )
        return session.exec(query.order_by(col(Complaint.due_at)).limit(limit)).all()
    query = select(Complaint.id).where(
        col(Complaint.state).in_(OPEN),
        col(Complaint.responded_at).is_(None),
        col(Complaint.respond_by_at) <= now,
        col(Complaint.is_response_overdue).is_(False),
    )
    return session.exec(query.order_by(col(Complaint.respond_by_at)).limit(limit)).all()


def provisional_ids(session: Session, limit: int) -> Sequence[str]:
    """Return open complaints whose dates were counted without the year's calendar."""
    provisional = col(Complaint.is_due_provisional) | col(Complaint.is_respond_provisional)
    query = select(Complaint.id).where(col(Complaint.state).in_(OPEN), provisional)
    return session.exec(query.order_by(col(Complaint.id)).limit(limit)).all()
