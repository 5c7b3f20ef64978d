"""What a gate may ask of surveys, and what a person may take along."""

from __future__ import annotations

from typing import Any

import orjson
from sqlalchemy import func
from sqlmodel import Session, col, select

from backend.infra.crypto import Vault
from backend.surveys.repository import surveys
from backend.surveys.repository.responses import TEXTS
from backend.surveys.rules.satisfaction import SurveyEvidence
from backend.surveys.tables import Survey, SurveyEstate, SurveyResponse


def survey_evidence(session: Session, survey_id: str, estate_id: str) -> SurveyEvidence | None:
    """Return a survey as it was held in one estate; its counts only after the close."""
    row = surveys.find_survey(session, survey_id)
    estate = surveys.find_estate(session, survey_id, estate_id)
    if row is None or estate is None:
        return None
    is_closed = row.state == "closed" and estate.result is not None
    return SurveyEvidence(
        survey_id=row.id,
        estate_id=estate_id,
        title=row.title,
        state=row.state,
        rule_id=row.rule_id,
        households=estate.households,
        form_sha256=row.form_sha256,
        census_sha256=estate.census_sha256,
        parameters=dict(estate.parameters or {}),
        counts=dict(estate.result["overall"]) if is_closed else None,
        responses_sha256=estate.responses_sha256,
        closes_at=row.closes_at,
        closed_at=row.closed_at,
        others=_others(session, row, estate_id),
    )


def _others(session: Session, row: Survey, estate_id: str) -> int:
    query = (
        select(func.count())
        .select_from(Survey)
        .join(SurveyEstate, col(SurveyEstate.survey_id) == col(Survey.id))
        .where(
            SurveyEstate.estate_id == estate_id,
            Survey.rule_id == row.rule_id,
            col(Survey.state).in_(("open", "closed", "cancelled")),
            Survey.id != row.id,
            col(Survey.opened_at).is_not(None),
        )
    )
    return session.exec(query).one()


def responses_of_account(session: Session, vault: Vault, account_id: str, limit: int) -> list[dict[str, Any]]:
    """Return what an account itself answered, newest first, with its texts opened: for that person's own export."""
    query = (
        select(SurveyResponse, Survey)
        .join(Survey, col(Survey.id) == col(SurveyResponse.survey_id))
        .where(SurveyResponse.entered_by == account_id, SurveyResponse.channel == "online")
        .order_by(col(SurveyResponse.arrived_at).desc(), col(SurveyResponse.id).desc())
        .limit(limit)
    )
    return [
        {
            "survey": survey.title,
            "at": row.arrived_at.isoformat(),
            "state": row.state,
            "answers": row.answers | _texts(vault, row.texts_sealed),
        }
        for row, survey in session.exec(query)
    ]


def _texts(vault: Vault, sealed: str | None) -> dict[str, Any]:
    return {} if sealed is None else dict(orjson.loads(vault.open(sealed, TEXTS)))
