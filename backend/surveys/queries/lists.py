"""Surveys, responses and texts in lists: page by page, each a range of one index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import and_, func
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from backend.infra.paging import Position, older_than
from backend.media.service import MediaView
from backend.surveys.repository import surveys
from backend.surveys.tables import (
    Survey,
    SurveyArea,
    SurveyEstate,
    SurveyHousehold,
    SurveyResponse,
    SurveyText,
)


@dataclass(frozen=True, slots=True)
class SurveyCard:
    """A survey with those of its estates that the reader may know of."""

    survey: Survey
    estates: tuple[SurveyEstate, ...]


@dataclass(frozen=True, slots=True)
class ResponseLine:
    """One arrival in a list: who entered it and how; never what was said."""

    id: str
    label: str
    household_id: str
    channel: str
    entered_by: str
    arrived_at: datetime
    state: str
    photo_sha256: str | None


@dataclass(frozen=True, slots=True)
class TextLine:
    """A free text with personal data masked, or photos; ``personal``: the kinds that were found. Nobody's household."""

    id: str
    response_id: str
    question: str
    words: str
    personal: tuple[str, ...]
    photo_ids: tuple[str, ...]
    photos: tuple[MediaView, ...] = ()


def surveys_under(
    session: Session, organisation_ids: Collection[str], limit: int, before: Position | None
) -> list[Survey]:
    """Return the surveys held anywhere under some organisations, newest first."""
    at, key = col(SurveyArea.created_at), col(SurveyArea.survey_id)
    query = (
        sa_select(key, at)
        .where(col(SurveyArea.organisation_id).in_(organisation_ids), older_than(at, key, before))
        .order_by(at.desc(), key.desc())
        .limit(limit)
    )
    if len(organisation_ids) > 1:  # a survey may lie under several of them
        query = query.distinct()
    ids = [survey_id for survey_id, _ in session.execute(query)]
    return _in_order(session, ids)


def surveys_of_estates(
    session: Session, estate_ids: Collection[str], limit: int, before: Position | None, *states: str
) -> list[Survey]:
    """Return the surveys held in some estates, newest first, in any state or in some."""
    at, key = col(Survey.created_at), col(Survey.id)
    there = select(SurveyEstate.survey_id).where(col(SurveyEstate.estate_id).in_(estate_ids))
    query = select(Survey).where(key.in_(there), older_than(at, key, before))
    if states:
        query = query.where(col(Survey.state).in_(states))
    return list(session.exec(query.order_by(at.desc(), key.desc()).limit(limit)))


def cards(session: Session, rows: Sequence[Survey]) -> list[SurveyCard]:
    """Return surveys with their estates, in one more query."""
    found: dict[str, list[SurveyEstate]] = defaultdict(list)
    for estate in surveys.estates_of(session, [row.id for row in rows]):
        found[estate.survey_id].append(estate)
    return [SurveyCard(row, tuple(found[row.id])) for row in rows]


def responses_of(
    session: Session, survey_id: str, estate_id: str, limit: int, before: Position | None
) -> list[ResponseLine]:
    """Return the arrivals of an estate, newest first, replaced ones included."""
    at, key = col(SurveyResponse.arrived_at), col(SurveyResponse.id)
    query = (
        select(SurveyResponse, SurveyHousehold)
        .join(SurveyHousehold, col(SurveyHousehold.id) == col(SurveyResponse.household_id))
        .where(SurveyResponse.survey_id == survey_id, SurveyResponse.estate_id == estate_id)
        .where(older_than(at, key, before))
        .order_by(at.desc(), key.desc())
        .limit(limit)
    )
    return [_line(row, home) for row, home in session.exec(query)]


@dataclass(frozen=True, slots=True)
class TextFilter:
    """Which texts of an estate: of one question, holding some words, or with personal data in them."""

    survey_id: str
    estate_id: str
    question: str | None = None
    words: str | None = None
    is_personal: bool | None = None


def texts_of(session: Session, wanted: TextFilter, limit: int, before: Position | None) -> list[TextLine]:
    """Return what was written, in no order that tells anything: by random ids, of ``before`` the id alone.

    The search looks for the words as they stand.
    """
    key = col(SurveyText.id)
    query = select(SurveyText).where(
        SurveyText.survey_id == wanted.survey_id,
        SurveyText.estate_id == wanted.estate_id,
        col(SurveyText.is_standing),
        col(SurveyText.is_shown),
    )
    if before is not None:
        query = query.where(key < before[1])
    if wanted.question is not None:
        query = query.where(SurveyText.question == wanted.question)
    if wanted.words is not None:
        query = query.where(col(SurveyText.words).contains(wanted.words, autoescape=True))
    if wanted.is_personal is not None:
        is_clean = col(SurveyText.personal) == []
        query = query.where(~is_clean if wanted.is_personal else is_clean)
    rows = session.exec(query.order_by(key.desc()).limit(limit))
    return [_text(row) for row in rows]


def has_enough_writers(session: Session, wanted: TextFilter, fewest: int) -> bool:
    """Tell whether so many have written in an estate, to the chosen question if one is chosen.

    Writers are counted, not texts: one household may answer several text and photo questions.
    """
    query = select(SurveyText.response_id).where(
        SurveyText.survey_id == wanted.survey_id,
        SurveyText.estate_id == wanted.estate_id,
        col(SurveyText.is_standing),
        col(SurveyText.is_shown),
    )
    if wanted.question is not None:
        query = query.where(SurveyText.question == wanted.question)
    return len(session.exec(query.distinct().limit(fewest)).all()) >= fewest


def texts_for_export(
    session: Session, survey_id: str, estate_ids: Collection[str], fewest: int, limit: int
) -> Iterator[tuple[str, TextLine]]:
    """Yield (estate, text) of the estates in which so many have written, in their order, at most ``limit``."""
    there = (
        SurveyText.survey_id == survey_id,
        col(SurveyText.estate_id).in_(estate_ids),
        col(SurveyText.is_standing),
        col(SurveyText.is_shown),
    )
    writers = func.count(col(SurveyText.response_id).distinct())
    known = (
        select(SurveyText.estate_id).where(*there).group_by(SurveyText.estate_id).having(writers >= fewest)
    )
    query = (
        select(SurveyText)
        .join(
            SurveyEstate,
            and_(
                col(SurveyEstate.survey_id) == col(SurveyText.survey_id),
                col(SurveyEstate.estate_id) == col(SurveyText.estate_id),
            ),
        )
        .where(*there, col(SurveyText.estate_id).in_(session.exec(known).all()), col(SurveyText.words) != "")
        .order_by(
            col(SurveyEstate.position),
            col(SurveyText.estate_id),
            col(SurveyText.id).desc(),
        )
        .limit(limit)
    )
    for row in session.exec(query.execution_options(yield_per=1000)):
        yield row.estate_id, _text(row)


def label_of(home: SurveyHousehold) -> str:
    """Return a household's door as the census knows it."""
    return f"{home.building_label}{home.entrance_label}{home.door_label}"


def _text(row: SurveyText) -> TextLine:
    return TextLine(
        row.id,
        row.response_id,
        row.question,
        row.words,
        tuple(row.personal),
        tuple(row.photos),
    )


def _line(row: SurveyResponse, home: SurveyHousehold) -> ResponseLine:
    return ResponseLine(
        row.id,
        label_of(home),
        home.id,
        row.channel,
        row.entered_by,
        row.arrived_at,
        row.state,
        row.photo_sha256,
    )


def _in_order(session: Session, ids: Sequence[str]) -> list[Survey]:
    rows = {row.id: row for row in session.exec(select(Survey).where(col(Survey.id).in_(ids)))}
    return [rows[survey_id] for survey_id in ids]
