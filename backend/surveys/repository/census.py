"""The frozen census: buildings and households, how far they are reached, and tries."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import insert, update
from sqlmodel import Session, col, select

from backend.surveys.tables import SurveyContact, SurveyHousehold, SurveyPlace


def freeze_census(
    session: Session, places: Sequence[dict[str, Any]], households: Sequence[dict[str, Any]]
) -> None:
    """Write the buildings and households of a survey that opens."""
    session.execute(insert(SurveyPlace), places)
    session.execute(insert(SurveyHousehold), households)


def find_household(session: Session, household_id: str) -> SurveyHousehold | None:
    """Return a household of a census."""
    return session.get(SurveyHousehold, household_id, populate_existing=True)


def household_of_dwelling(session: Session, survey_id: str, dwelling_id: str) -> SurveyHousehold | None:
    """Return a dwelling's household in a survey's census."""
    return session.exec(
        select(SurveyHousehold).where(
            SurveyHousehold.survey_id == survey_id, SurveyHousehold.dwelling_id == dwelling_id
        )
    ).first()


def hold_household(session: Session, household_id: str) -> SurveyHousehold:
    """Return a household and hold it: whoever else answers for it now waits."""
    return session.exec(
        select(SurveyHousehold)
        .where(SurveyHousehold.id == household_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def hold_place(session: Session, survey_id: str, building_id: str) -> SurveyPlace:
    """Return a building of a survey and hold it; the name of a pool is one of its buildings."""
    return session.exec(
        select(SurveyPlace)
        .where(SurveyPlace.survey_id == survey_id, SurveyPlace.building_id == building_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()


def hold_building(session: Session, survey_id: str, pool: str, building_id: str) -> SurveyPlace:
    """Return a building and hold it, its pool first: two answers from one pool never wait for each other in a ring."""
    hold_place(session, survey_id, pool)
    return hold_place(session, survey_id, building_id)


def find_place(session: Session, survey_id: str, building_id: str) -> SurveyPlace | None:
    """Return a building of a survey."""
    return session.get(SurveyPlace, (survey_id, building_id), populate_existing=True)


def places_of(session: Session, survey_id: str, estate_id: str) -> Sequence[SurveyPlace]:
    """Return the buildings of an estate in a survey, in order."""
    return session.exec(
        select(SurveyPlace)
        .where(SurveyPlace.survey_id == survey_id, SurveyPlace.estate_id == estate_id)
        .order_by(col(SurveyPlace.position))
        .execution_options(populate_existing=True)
    ).all()


def places_in(session: Session, survey_id: str, estate_ids: Collection[str]) -> dict[str, list[SurveyPlace]]:
    """Return estate → its buildings in a survey, in order, in one query."""
    query = select(SurveyPlace).where(
        SurveyPlace.survey_id == survey_id, col(SurveyPlace.estate_id).in_(estate_ids)
    )
    found: dict[str, list[SurveyPlace]] = {estate_id: [] for estate_id in estate_ids}
    for place in session.exec(query.order_by(col(SurveyPlace.position))):
        found[place.estate_id].append(place)
    return found


def move_place(session: Session, place: SurveyPlace, answered: int, covered: int, contacted: int) -> None:
    """Add to a building's numbers; the caller holds the household that changed."""
    if not (answered or covered or contacted):
        return
    session.execute(
        update(SurveyPlace)
        .where(
            col(SurveyPlace.survey_id) == place.survey_id, col(SurveyPlace.building_id) == place.building_id
        )
        .values(
            answered=SurveyPlace.answered + answered,
            covered=SurveyPlace.covered + covered,
            contacted=SurveyPlace.contacted + contacted,
        )
        .execution_options(synchronize_session=False)
    )
    session.expire(place)


def change_household(session: Session, row: SurveyHousehold, **values: Any) -> None:
    """Write how far a household is reached; the caller holds it."""
    session.execute(
        update(SurveyHousehold)
        .where(col(SurveyHousehold.id) == row.id)
        .values(**values)
        .execution_options(synchronize_session=False)
    )
    session.expire(row)


def contact_by_key(session: Session, account_id: str, key: str) -> SurveyContact | None:
    """Return the try an account noted under an idempotency key."""
    return session.exec(
        select(SurveyContact).where(SurveyContact.made_by == account_id, SurveyContact.idempotency_key == key)
    ).first()


def contacts_of(session: Session, household_id: str) -> Sequence[SurveyContact]:
    """Return the tries at a household, newest first; at most 100."""
    return session.exec(
        select(SurveyContact)
        .where(SurveyContact.household_id == household_id)
        .order_by(col(SurveyContact.made_at).desc(), col(SurveyContact.id).desc())
        .limit(100)
    ).all()


def todo(
    session: Session, at: tuple[str, str, str | None], limit: int, after: int, outcome: str | None
) -> list[SurveyHousehold]:
    """Return households not yet covered of (survey, estate, building or None), in walking order after a position."""
    survey_id, estate_id, building_id = at
    query = select(SurveyHousehold).where(
        SurveyHousehold.survey_id == survey_id,
        col(SurveyHousehold.covered_at).is_(None),
        SurveyHousehold.position > after,
    )
    if building_id is None:
        query = query.where(SurveyHousehold.estate_id == estate_id)
    else:
        query = query.where(SurveyHousehold.building_id == building_id)
    if outcome == "none":
        query = query.where(SurveyHousehold.tries == 0)
    elif outcome is not None:
        query = query.where(SurveyHousehold.last_outcome == outcome)
    return list(session.exec(query.order_by(col(SurveyHousehold.position)).limit(limit)))


def households_of_dwellings(
    session: Session, survey_ids: Sequence[str], dwelling_ids: Sequence[str]
) -> Sequence[SurveyHousehold]:
    """Return the census rows of some dwellings in some surveys, in walking order, in one query."""
    return session.exec(
        select(SurveyHousehold)
        .where(
            col(SurveyHousehold.dwelling_id).in_(dwelling_ids), col(SurveyHousehold.survey_id).in_(survey_ids)
        )
        .order_by(
            col(SurveyHousehold.survey_id), col(SurveyHousehold.estate_id), col(SurveyHousehold.position)
        )
    ).all()


def try_values(row: SurveyHousehold, outcome: str, at: datetime) -> dict[str, Any]:
    """Return what a further try changes in a household's row."""
    return {"tries": row.tries + 1, "last_outcome": outcome, "last_try_at": at}
