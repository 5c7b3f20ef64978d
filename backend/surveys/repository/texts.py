"""When texts join the list that staff read, and when they leave it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sqlalchemy import select as sa_select
from sqlalchemy import update
from sqlmodel import Session, col, select

from backend.surveys.tables import SurveyResponse, SurveyText


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose text waits to be shown."""

    response_id: str
    respondent: str


def waiting_writers(session: Session, survey_id: str, estate_id: str) -> list[Writer]:
    """Return whose texts of an estate wait to be shown, oldest first."""
    waiting = select(SurveyText.response_id).where(
        SurveyText.survey_id == survey_id,
        SurveyText.estate_id == estate_id,
        col(SurveyText.is_standing),
        ~col(SurveyText.is_shown),
    )
    query = (
        sa_select(col(SurveyResponse.id), col(SurveyResponse.respondent))
        .where(col(SurveyResponse.id).in_(waiting))
        .order_by(col(SurveyResponse.arrived_at), col(SurveyResponse.id))
    )
    return [Writer(*row) for row in session.execute(query)]


def shown_writers(session: Session, survey_id: str, estate_id: str, respondents: Collection[str]) -> set[str]:
    """Return which of these respondents have ever had a text shown."""
    query = (
        select(SurveyResponse.respondent)
        .join(SurveyText, col(SurveyText.response_id) == col(SurveyResponse.id))
        .where(
            SurveyResponse.survey_id == survey_id,
            SurveyResponse.estate_id == estate_id,
            col(SurveyResponse.respondent).in_(respondents),
            col(SurveyText.is_shown),
        )
    )
    return set(session.exec(query.distinct()))


def show_texts(session: Session, response_ids: Sequence[str]) -> None:
    """Let the texts of some responses be read."""
    session.execute(
        update(SurveyText)
        .where(col(SurveyText.response_id).in_(response_ids))
        .values(is_shown=True)
        .execution_options(synchronize_session=False)
    )


def hide_replaced_texts(session: Session, survey_id: str, estate_id: str) -> None:
    """Let the texts of an estate vanish whose responses stand no more."""
    gone = select(SurveyResponse.id).where(
        SurveyResponse.id == SurveyText.response_id, SurveyResponse.state != "standing"
    )
    session.execute(
        update(SurveyText)
        .where(
            col(SurveyText.survey_id) == survey_id,
            col(SurveyText.estate_id) == estate_id,
            col(SurveyText.is_standing),
            gone.exists(),
        )
        .values(is_standing=False)
        .execution_options(synchronize_session=False)
    )
