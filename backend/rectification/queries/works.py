"""Works items with their warranties, and what the register's reminders are due for."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, false, func, or_, true
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from backend.infra.database import db_now
from backend.infra.paging import Position, older_than
from backend.kernel.access import Scope
from backend.kernel.clock import local_date
from backend.policies.queries import parameters_for
from backend.policies.rules.warranties import REMINDER_RULE, load_warranties
from backend.rectification.rules.progress import State
from backend.rectification.rules.timing import (
    LONGEST_DUE_SOON,
    LONGEST_WARRANTY_NOTICE,
    is_due_soon,
    is_overdue,
    warranty_stage,
)
from backend.rectification.tables import RectificationItem, WarrantyReminder, WorksItem

_MOST = 10_000


@dataclass(frozen=True, slots=True)
class WorksCard:
    """A works item; ``terms`` says how long the warranty is, by which clause and documents."""

    id: str
    estate_id: str
    estate_name: str
    code: str
    category: str
    name: str
    contractor: str
    accepted_on: date | None
    warranty_kind: str
    agreed_number: int | None
    agreed_document: str | None
    warranty_ends_on: date | None
    terms: Mapping[str, Any] | None
    is_under_warranty: bool
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class ReminderDays:
    """How many days before an end somebody is told."""

    warranty: tuple[int, ...]
    due_soon: int


def to_works_card(row: WorksItem, today: date) -> WorksCard:
    """Return the plain value of a row; the last day of a warranty is under warranty."""
    return WorksCard(
        row.id,
        row.estate_id,
        row.estate_name,
        row.code,
        row.category,
        row.name,
        row.contractor,
        row.accepted_on,
        row.warranty_kind,
        row.agreed_number,
        row.agreed_document,
        row.warranty_ends_on,
        row.terms,
        row.warranty_ends_on is not None and today <= row.warranty_ends_on,
        row.version,
        row.created_at,
    )


@dataclass(frozen=True, slots=True)
class WorksFilter:
    """Which works items are wanted; ``expires_by`` = warranties that end from ``today`` to that day."""

    estate_ids: frozenset[str] | None = None
    category: str | None = None
    expires: tuple[date, date] | None = None


def works_rows(
    session: Session,
    scopes: Sequence[Scope] | None,
    wanted: WorksFilter,
    limit: int,
    before: Position | None = None,
) -> Sequence[WorksItem]:
    """Return a page of works items under some scopes (None = everywhere), newest first, in one query."""
    at, key = col(WorksItem.created_at), col(WorksItem.id)
    chosen = select(WorksItem).where(_seen(scopes), older_than(at, key, before))
    if wanted.estate_ids is not None:
        chosen = chosen.where(col(WorksItem.estate_id).in_(wanted.estate_ids))
    if wanted.category is not None:
        chosen = chosen.where(WorksItem.category == wanted.category)
    if wanted.expires is not None:
        chosen = chosen.where(col(WorksItem.warranty_ends_on).between(*wanted.expires))
    return session.exec(chosen.order_by(at.desc(), key.desc()).limit(limit)).all()


def _seen(scopes: Sequence[Scope] | None) -> ColumnElement[bool]:
    return true() if scopes is None else or_(false(), *(_within(scope) for scope in scopes))


def _within(scope: Scope) -> ColumnElement[bool]:
    if scope.building_id is not None:
        return false()
    inside = col(WorksItem.organisation_path).like(scope.organisation_path + "%")
    return and_(inside, true() if scope.estate_id is None else col(WorksItem.estate_id) == scope.estate_id)


def reminder_days(session: Session, organisation_id: str) -> ReminderDays:
    """Return the days in force for an organisation: the nearest setting, else the default."""
    local = parameters_for(session, organisation_id, REMINDER_RULE)
    defaults: Mapping[str, Any] = load_warranties().parameters[REMINDER_RULE]
    found = {name: int(local.get(name, parameter.default)) for name, parameter in defaults.items()}
    stages = (found["warranty_first_days"], found["warranty_second_days"])
    return ReminderDays(tuple(sorted(stages)), found["due_soon_days"])


def items_to_tell(session: Session) -> list[str]:
    """Return the unfinished items that are overdue or soon due and of which nobody was told yet."""
    today = local_date(db_now(session))
    state, due_on = col(RectificationItem.state), col(RectificationItem.due_on)
    soon = and_(due_on >= today, col(RectificationItem.due_soon_told).is_distinct_from(due_on))
    late = and_(due_on < today, col(RectificationItem.overdue_told).is_distinct_from(due_on))
    rows = session.execute(
        sa_select(
            col(RectificationItem.id), col(RectificationItem.organisation_id), col(RectificationItem.due_on)
        )
        .where(state != "closed_out", due_on <= today + timedelta(days=LONGEST_DUE_SOON), or_(soon, late))
        .order_by(due_on, col(RectificationItem.id))
        .limit(_MOST)
    ).all()
    days = _days_by_organisation(session, (organisation for _, organisation, _ in rows))
    return [
        item
        for item, organisation, due in rows
        if is_overdue(State.OPEN, due, today)
        or is_due_soon(State.OPEN, due, today, days[organisation].due_soon)
    ]


def warranties_to_tell(session: Session) -> list[str]:
    """Return the works items of whose warranty a reminder is due that did not go out yet."""
    today = local_date(db_now(session))
    rows = session.execute(
        sa_select(col(WorksItem.id), col(WorksItem.organisation_id), col(WorksItem.warranty_ends_on))
        .where(
            col(WorksItem.warranty_ends_on).between(today, today + timedelta(days=LONGEST_WARRANTY_NOTICE))
        )
        .order_by(col(WorksItem.warranty_ends_on), col(WorksItem.id))
        .limit(_MOST)
    ).all()
    days = _days_by_organisation(session, (organisation for _, organisation, _ in rows))
    told = _told(session, [works for works, _, _ in rows])
    found = []
    for works, organisation, ends_on in rows:
        stage = warranty_stage(ends_on, today, days[organisation].warranty)
        if stage is not None and told.get((works, ends_on), stage + 1) > stage:
            found.append(works)
    return found


def _told(session: Session, works_item_ids: Collection[str]) -> dict[tuple[str, date], int]:
    """Return the nearest reminder that went out per works item and end date."""
    keys = (col(WarrantyReminder.works_item_id), col(WarrantyReminder.ends_on))
    rows = session.execute(
        sa_select(*keys, func.min(WarrantyReminder.days_before))
        .where(keys[0].in_(works_item_ids))
        .group_by(*keys)
    )
    return {(works, ends_on): days for works, ends_on, days in rows}


def _days_by_organisation(session: Session, organisation_ids: Iterable[str]) -> dict[str, ReminderDays]:
    return {key: reminder_days(session, key) for key in set(organisation_ids)}
