"""Responses and drafts."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime

from sqlalchemy import delete, update
from sqlmodel import Session, col, select

from backend.surveys.tables import SurveyDraft, SurveyResponse, SurveyText

# What the sealed texts of a response are bound to.
TEXTS = "survey_response.texts"


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
    """Tell whether answers came for a household by any of these channels, whatever became of them."""
    found = select(SurveyResponse.id).where(
        SurveyResponse.household_id == household_id, col(SurveyResponse.channel).in_(channels)
    )
    return session.exec(found.limit(1)).first() is not None


def replace(session: Session, row: SurveyResponse, at: datetime) -> None:
    """Let a later response take the place of this one.

    A text of it that is shown stays until others come and go with it: alone, its end would tell whose it was.
    """
    session.execute(
        update(SurveyResponse)
        .where(col(SurveyResponse.id) == row.id)
        .values(state="replaced", replaced_at=at)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(SurveyText)
        .where(col(SurveyText.response_id) == row.id, ~col(SurveyText.is_shown))
        .values(is_standing=False)
        .execution_options(synchronize_session=False)
    )


def entered_for(
    session: Session, household_id: str, channels: Sequence[str], until: datetime
) -> Sequence[SurveyResponse]:
    """Return what came for a household by these channels up to an instant, in any state, oldest first."""
    return session.exec(
        select(SurveyResponse)
        .where(
            SurveyResponse.household_id == household_id,
            col(SurveyResponse.channel).in_(channels),
            col(SurveyResponse.arrived_at) <= until,
        )
        .order_by(col(SurveyResponse.arrived_at), col(SurveyResponse.id))
        .execution_options(populate_existing=True)
    ).all()


def standing_of_household(session: Session, household_id: str) -> Sequence[SurveyResponse]:
    """Return what stands for a household; more than one where every person answers."""
    return session.exec(
        select(SurveyResponse)
        .where(SurveyResponse.household_id == household_id, SurveyResponse.state == "standing")
        .execution_options(populate_existing=True)
    ).all()


def strike(session: Session, row: SurveyResponse, at: datetime, objection_id: str) -> None:
    """Let an answer count no more; what the sums hold of it leaves them with the next five or more."""
    is_settled = row.released_at is None and row.subtracts_id is None
    session.execute(
        update(SurveyResponse)
        .where(col(SurveyResponse.id) == row.id, col(SurveyResponse.state) == "standing")
        .values(state="struck", struck_at=at, struck_for=objection_id, settled_at=at if is_settled else None)
        .execution_options(synchronize_session=False)
    )
    session.execute(
        update(SurveyText)
        .where(col(SurveyText.response_id) == row.id)
        .values(is_standing=False)
        .execution_options(synchronize_session=False)
    )
    session.expire(row)


def unsettled(
    session: Session, survey_id: str, estate_id: str, pool: str | None = None
) -> Sequence[SurveyResponse]:
    """Return struck answers of an estate, or of one of its pools, of which the sums still hold something."""
    query = select(SurveyResponse).where(
        SurveyResponse.survey_id == survey_id,
        SurveyResponse.estate_id == estate_id,
        SurveyResponse.state == "struck",
        col(SurveyResponse.settled_at).is_(None),
    )
    if pool is not None:
        query = query.where(SurveyResponse.pool == pool)
    return session.exec(
        query.order_by(col(SurveyResponse.id)).execution_options(populate_existing=True)
    ).all()


def mark_settled(session: Session, ids: Sequence[str], at: datetime) -> None:
    """Write down that the sums hold nothing more of these struck answers."""
    session.execute(
        update(SurveyResponse)
        .where(col(SurveyResponse.id).in_(ids))
        .values(settled_at=at)
        .execution_options(synchronize_session=False)
    )


def release_rest(session: Session, survey_id: str, estate_id: str, at: datetime) -> None:
    """Write down that what waited in an estate is in its result."""
    session.execute(
        update(SurveyResponse)
        .where(
            col(SurveyResponse.survey_id) == survey_id,
            col(SurveyResponse.estate_id) == estate_id,
            col(SurveyResponse.state) == "standing",
            col(SurveyResponse.released_at).is_(None),
        )
        .values(released_at=at)
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


def pending_pools(session: Session, survey_id: str, estate_id: str) -> list[str]:
    """Return the pools of an estate in which answers wait."""
    query = select(SurveyResponse.pool).where(
        SurveyResponse.survey_id == survey_id,
        SurveyResponse.estate_id == estate_id,
        SurveyResponse.state == "standing",
        col(SurveyResponse.released_at).is_(None),
    )
    return sorted(session.exec(query.distinct()))


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
