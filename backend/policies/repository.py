"""Adoptions and local numbers in the database."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from backend.policies.tables import CalendarYear, LocalNumber, ProfileAdoption


def standing_adoptions(session: Session, organisation_ids: Sequence[str]) -> Sequence[ProfileAdoption]:
    """Return the adoptions in force of these organisations."""
    return session.exec(
        select(ProfileAdoption).where(
            col(ProfileAdoption.organisation_id).in_(organisation_ids),
            col(ProfileAdoption.ended_at).is_(None),
        )
    ).all()


def standing_numbers(
    session: Session, organisation_ids: Sequence[str], rule_ids: Sequence[str]
) -> Sequence[LocalNumber]:
    """Return the numbers in force of these organisations for these rules."""
    return session.exec(
        select(LocalNumber).where(
            col(LocalNumber.organisation_id).in_(organisation_ids),
            col(LocalNumber.rule_id).in_(rule_ids),
            col(LocalNumber.ended_at).is_(None),
        )
    ).all()


def end_row(
    session: Session, table: type[ProfileAdoption] | type[LocalNumber], identifier: str, at: datetime
) -> bool:
    """End an adoption or number that is still in force; False when somebody else was first."""
    done = session.execute(
        update(table).where(col(table.id) == identifier, col(table.ended_at).is_(None)).values(ended_at=at)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def calendar_years(session: Session) -> Sequence[CalendarYear]:
    """Return the years entered here; a handful at most."""
    return session.exec(select(CalendarYear).order_by(col(CalendarYear.year))).all()
