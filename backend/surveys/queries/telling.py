"""What messages about surveys may know: titles, deadlines, whom to ask, and which homes have not answered."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, and_, or_, select
from sqlmodel import Session, col

from backend.surveys.rules.outcomes import answering_relations
from backend.surveys.tables import Survey, SurveyEstate, SurveyHousehold


@dataclass(frozen=True, slots=True)
class SurveyFacts:
    """A survey as it is held in one estate; ``organisation_id``: the estate's community.

    ``relations`` are those whose bindings may answer.
    """

    id: str
    estate_id: str
    organisation_id: str
    title: str
    state: str
    opened_at: datetime | None
    closes_at: datetime | None
    relations: tuple[str, ...]


_HELD = select(Survey, SurveyEstate).join(SurveyEstate, col(SurveyEstate.survey_id) == col(Survey.id))


def facts_of(session: Session, survey_ids: Collection[str]) -> dict[tuple[str, str], SurveyFacts]:
    """Return (survey, estate) → facts, in one query."""
    if not survey_ids:
        return {}
    rows = session.execute(_HELD.where(col(Survey.id).in_(set(survey_ids))))
    return {(row.id, estate.estate_id): _facts(row, estate) for row, estate in rows}


def open_surveys(session: Session, after: tuple[str, str], limit: int) -> list[SurveyFacts]:
    """Return open surveys estate by estate, by ids after ``after``: a page for a job."""
    key, estate = col(Survey.id), col(SurveyEstate.estate_id)
    later = or_(key > after[0], and_(key == after[0], estate > after[1]))
    rows = session.execute(_HELD.where(col(Survey.state) == "open", later).order_by(key, estate).limit(limit))
    return [_facts(row, held) for row, held in rows]


def unanswered_homes(survey_id: str, estate_id: str) -> Select[Any]:
    """Return the census's dwellings of an estate for which nobody has answered, for joining.

    Columns: ``dwelling_id, building_id, estate_id``. An open survey only: after the close it is empty.
    """
    homes: Any = (
        select(
            col(SurveyHousehold.dwelling_id),
            col(SurveyHousehold.building_id),
            col(SurveyHousehold.estate_id),
        )
        .join(Survey, col(Survey.id) == col(SurveyHousehold.survey_id))
        .where(
            col(SurveyHousehold.survey_id) == survey_id,
            col(SurveyHousehold.estate_id) == estate_id,
            col(SurveyHousehold.answered_at).is_(None),
            col(Survey.state) == "open",
        )
    )
    published: Select[Any] = homes
    return published


def still_unanswered() -> Select[Any]:
    """Return the dwellings of all open surveys for which nobody has answered, for re-checks by key.

    Columns: ``survey_id, dwelling_id``; join on both.
    """
    pairs: Any = (
        select(col(SurveyHousehold.survey_id), col(SurveyHousehold.dwelling_id))
        .join(Survey, col(Survey.id) == col(SurveyHousehold.survey_id))
        .where(col(SurveyHousehold.answered_at).is_(None), col(Survey.state) == "open")
    )
    published: Select[Any] = pairs
    return published


def _facts(row: Survey, held: SurveyEstate) -> SurveyFacts:
    return SurveyFacts(
        row.id,
        held.estate_id,
        held.estate_path.strip("/").rsplit("/", 1)[-1],
        row.title,
        row.state,
        row.opened_at,
        row.closes_at,
        answering_relations(tenants_answer=row.tenants_answer or row.unit == "person"),
    )
