"""Surveys and their estates."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, delete, update
from sqlmodel import Session, col, select

from backend.surveys.tables import Survey, SurveyDraft, SurveyEstate


def find_survey(session: Session, survey_id: str) -> Survey | None:
    """Return a survey."""
    return session.get(Survey, survey_id, populate_existing=True)


def hold_survey(session: Session, survey_id: str, *, to_close: bool = False) -> Survey | None:
    """Return a survey and keep it as it is: many may hold it while answers arrive, one alone closes it.

    On SQLite the writer's transaction is alone anyway.
    """
    return session.exec(
        select(Survey)
        .where(Survey.id == survey_id)
        .with_for_update(read=not to_close)
        .execution_options(populate_existing=True)
    ).first()


def survey_by_key(session: Session, account_id: str, key: str) -> Survey | None:
    """Return the survey an account created under an idempotency key."""
    return session.exec(
        select(Survey).where(Survey.created_by == account_id, Survey.idempotency_key == key)
    ).first()


def estates_of(session: Session, survey_ids: Sequence[str]) -> Sequence[SurveyEstate]:
    """Return the estates of some surveys, in the order they were named."""
    return session.exec(
        select(SurveyEstate)
        .where(col(SurveyEstate.survey_id).in_(survey_ids))
        .order_by(col(SurveyEstate.survey_id), col(SurveyEstate.position))
        .execution_options(populate_existing=True)
    ).all()


def find_estate(session: Session, survey_id: str, estate_id: str) -> SurveyEstate | None:
    """Return one estate of a survey."""
    return session.get(SurveyEstate, (survey_id, estate_id), populate_existing=True)


def hold_estate(session: Session, survey_id: str, estate_id: str) -> None:
    """Hold one estate of a survey, after household, pool and building."""
    session.exec(
        select(SurveyEstate.estate_id)
        .where(SurveyEstate.survey_id == survey_id, SurveyEstate.estate_id == estate_id)
        .with_for_update()
    ).one()


def change_survey(session: Session, row: Survey, version: int, **values: Any) -> bool:
    """Change a survey that is still in the state and at the version that were read."""
    done = session.execute(
        update(Survey)
        .where(col(Survey.id) == row.id, col(Survey.version) == version, col(Survey.state) == row.state)
        .values(version=version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    session.expire(row)
    return cast("CursorResult[Any]", done).rowcount == 1


def change_estate(session: Session, row: SurveyEstate, **values: Any) -> None:
    """Write what freezes with the opening, or with the close."""
    session.execute(
        update(SurveyEstate)
        .where(col(SurveyEstate.survey_id) == row.survey_id, col(SurveyEstate.estate_id) == row.estate_id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.expire(row)


def due_surveys(session: Session, now: datetime, limit: int) -> list[str]:
    """Return open surveys whose deadline has passed."""
    query = select(Survey.id).where(Survey.state == "open", col(Survey.closes_at) <= now)
    return list(session.exec(query.order_by(col(Survey.closes_at), col(Survey.id)).limit(limit)))


def forget_drafts(session: Session, survey_id: str) -> None:
    """Delete the drafts of a survey that has ended."""
    session.execute(delete(SurveyDraft).where(col(SurveyDraft.survey_id) == survey_id))
