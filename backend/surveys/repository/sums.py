"""The sums that responses join, and what waits beside them."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from sqlalchemy import func, text
from sqlalchemy import select as sa_select
from sqlmodel import Session, col

from backend.surveys.tables import SurveySum

# The pool under which the sums of a whole estate stand.
WHOLE = ""
# Before the name of a question: what waits beside the sums of a pool until enough have answered it.
HELD = "~"
_ADD = text(
    "INSERT INTO survey_sum (survey_id, estate_id, pool, question, code, number)"
    " VALUES (:survey_id, :estate_id, :pool, :question, :code, :number)"
    " ON CONFLICT (survey_id, estate_id, question, pool, code)"
    " DO UPDATE SET number = survey_sum.number + excluded.number"
)


def add_sums(session: Session, at: tuple[str, str, str], change: Mapping[tuple[str, str], int]) -> None:
    """Add to the sums of (survey, estate, pool) and of the whole estate.

    Always in one order, so that two writers never wait in a ring.
    """
    _add(session, at, (at[2], WHOLE), change)


def hold_sums(session: Session, at: tuple[str, str, str], change: Mapping[tuple[str, str], int]) -> None:
    """Add to what waits beside the sums of (survey, estate, pool)."""
    _add(session, at, (at[2],), {(HELD + question, code): n for (question, code), n in change.items()})


def _add(
    session: Session,
    at: tuple[str, str, str],
    places: tuple[str, ...],
    change: Mapping[tuple[str, str], int],
) -> None:
    where = {"survey_id": at[0], "estate_id": at[1]}
    rows = [
        {**where, "pool": place, "question": question, "code": code, "number": number}
        for place in places
        for (question, code), number in sorted(change.items())
    ]
    if rows:
        session.connection().execute(_ADD, rows)


def held_sums(
    session: Session, at: tuple[str, str, str], questions: Collection[str]
) -> dict[tuple[str, str], int]:
    """Return what waits beside the sums of (survey, estate, pool) of some questions."""
    query = sa_select(col(SurveySum.question), col(SurveySum.code), col(SurveySum.number)).where(
        col(SurveySum.survey_id) == at[0],
        col(SurveySum.estate_id) == at[1],
        col(SurveySum.question).in_([HELD + question for question in questions]),
        col(SurveySum.pool) == at[2],
    )
    return {(question.removeprefix(HELD), code): n for question, code, n in session.execute(query)}


def held_in(session: Session, survey_id: str, estate_id: str, code: str) -> dict[str, int]:
    """Return question → number of one code in all that waits beside the sums of an estate."""
    query = (
        sa_select(col(SurveySum.question), func.sum(col(SurveySum.number)))
        .where(
            col(SurveySum.survey_id) == survey_id,
            col(SurveySum.estate_id) == estate_id,
            col(SurveySum.question).startswith(HELD),
            col(SurveySum.code) == code,
        )
        .group_by(col(SurveySum.question))
    )
    return {question.removeprefix(HELD): int(n) for question, n in session.execute(query)}


def sums_of(session: Session, survey_id: str, estate_id: str) -> dict[str, dict[str, int]]:
    """Return question → code → number as the sums of an estate stand; no zeros."""
    query = (
        sa_select(col(SurveySum.question), col(SurveySum.code), col(SurveySum.number))
        .where(
            col(SurveySum.survey_id) == survey_id,
            col(SurveySum.estate_id) == estate_id,
            col(SurveySum.pool) == WHOLE,
        )
        .order_by(col(SurveySum.question), col(SurveySum.code))
    )
    found: dict[str, dict[str, int]] = {}
    for question, code, number in session.execute(query):
        if number:
            found.setdefault(question, {})[code] = int(number)
    return found
