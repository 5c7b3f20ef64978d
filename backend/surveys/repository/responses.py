"""Responses, their texts, drafts, and the sums they join."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, text, update
from sqlmodel import Session, col, select

from backend.surveys.tables import SurveyDraft, SurveyResponse, SurveyText

# What the sealed texts of a response are bound to.
TEXTS = "survey_response.texts"
# The pool under which the sums of a whole estate stand.
WHOLE = ""
_ADD = text(
    "INSERT INTO survey_sum (survey_id, estate_id, pool, question, code, number)"
    " VALUES (:survey_id, :estate_id, :pool, :question, :code, :number)"
    " ON CONFLICT (survey_id, estate_id, question, pool, code)"
    " DO UPDATE SET number = survey_sum.number + excluded.number"
)


def response_by_key(session: Session, account_id: str, key: str) -> SurveyResponse | None:
    """Return the response an account sent under an idempotency key."""
    return session.exec(
        select(SurveyResponse).where(
            SurveyResponse.entered_by == account_id, SurveyResponse.idempotency_key == key
        )
    ).first()


def standing(session: Session, survey_id: str, respondent: str) -> SurveyResponse | None:
    """Return what a respondent says now."""
    return session.exec(
        select(SurveyResponse)
        .where(
            SurveyResponse.survey_id == survey_id,
            SurveyResponse.respondent == respondent,
            SurveyResponse.state == "standing",
        )
        .execution_options(populate_existing=True)
    ).first()


def has_entered(session: Session, household_id: str, channels: Sequence[str]) -> bool:
    """Tell whether answers came for a household by any of these channels, standing or replaced."""
    found = select(SurveyResponse.id).where(
        SurveyResponse.household_id == household_id, col(SurveyResponse.channel).in_(channels)
    )
    return session.exec(found.limit(1)).first() is not None


def replace(session: Session, row: SurveyResponse, at: datetime) -> None:
    """Let a later response take the place of this one."""
    session.execute(
        update(SurveyResponse)
        .where(col(SurveyResponse.id) == row.id)
        .values(state="replaced", replaced_at=at)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(SurveyText)
        .where(col(SurveyText.response_id) == row.id)
        .values(is_standing=False)
        .execution_options(synchronize_session=False)
    )


def pending(session: Session, survey_id: str, pool: str) -> Sequence[SurveyResponse]:
    """Return the responses of a pool whose counts wait for others, oldest first."""
    return session.exec(
        select(SurveyResponse)
        .where(
            SurveyResponse.survey_id == survey_id,
            SurveyResponse.pool == pool,
            SurveyResponse.state == "standing",
            col(SurveyResponse.released_at).is_(None),
        )
        .order_by(col(SurveyResponse.arrived_at), col(SurveyResponse.id))
        .execution_options(populate_existing=True)
    ).all()


def responses_by_id(session: Session, ids: Sequence[str]) -> Sequence[SurveyResponse]:
    """Return responses by their ids."""
    return session.exec(select(SurveyResponse).where(col(SurveyResponse.id).in_(ids))).all()


def mark_released(session: Session, ids: Sequence[str], at: datetime) -> None:
    """Write down that the counts of these responses are in the sums."""
    session.execute(
        update(SurveyResponse)
        .where(col(SurveyResponse.id).in_(ids))
        .values(released_at=at)
        .execution_options(synchronize_session=False)
    )


def add_sums(session: Session, at: tuple[str, str, str], change: Mapping[tuple[str, str], int]) -> None:
    """Add to the sums of (survey, estate, pool) and of the whole estate.

    Always in one order, so that two writers never wait in a ring.
    """
    survey_id, estate_id, pool = at
    where = {"survey_id": survey_id, "estate_id": estate_id}
    rows = [
        {**where, "pool": place, "question": question, "code": code, "number": number}
        for place in (pool, WHOLE)
        for (question, code), number in sorted(change.items())
    ]
    if rows:
        session.connection().execute(_ADD, rows)


def standing_in(session: Session, survey_id: str, estate_id: str) -> Iterator[SurveyResponse]:
    """Yield every standing response of an estate, by id: what a result is recounted from."""
    query = select(SurveyResponse).where(
        SurveyResponse.survey_id == survey_id,
        SurveyResponse.estate_id == estate_id,
        SurveyResponse.state == "standing",
    )
    yield from session.exec(
        query.order_by(col(SurveyResponse.id)).execution_options(yield_per=1000, populate_existing=True)
    )


def find_draft(session: Session, household_id: str, account_id: str) -> SurveyDraft | None:
    """Return what an account has begun to answer for a household."""
    return session.exec(
        select(SurveyDraft)
        .where(SurveyDraft.household_id == household_id, SurveyDraft.account_id == account_id)
        .execution_options(populate_existing=True)
    ).first()


def forget_draft(session: Session, household_id: str, account_id: str) -> None:
    """Delete a draft; absent is fine."""
    session.execute(
        delete(SurveyDraft).where(
            col(SurveyDraft.household_id) == household_id, col(SurveyDraft.account_id) == account_id
        )
    )
