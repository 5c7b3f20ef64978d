"""Responsible parties with the number of people who act for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, literal, or_, true
from sqlmodel import Session, col, select

from backend.complaints.repository import parties as repository
from backend.complaints.tables import ResponsibleParty
from backend.infra.paging import Position, older_than
from backend.kernel.access import Scope


@dataclass(frozen=True, slots=True)
class PartyView:
    """A responsible party."""

    id: str
    organisation_id: str
    kind: str
    name: str
    is_active: bool
    version: int
    members: tuple[str, ...]
    created_at: datetime


def party_view(session: Session, row: ResponsibleParty) -> PartyView:
    """Return one party."""
    return _views(session, [row])[0]


def parties_in(
    session: Session, scopes: Sequence[Scope] | None, limit: int, before: Position | None
) -> Sequence[PartyView]:
    """Return the parties of some areas (None = everywhere), newest first."""
    condition: ColumnElement[bool] = true()
    if scopes is not None:
        path = col(ResponsibleParty.organisation_path)
        condition = or_(false(), *(path.like(scope.organisation_path + "%") for scope in scopes))
    return _page(session, condition, limit, before)


def parties_serving(
    session: Session, organisation_path: str, limit: int, before: Position | None
) -> Sequence[PartyView]:
    """Return the active parties to which a case of this organisation can be dispatched: its own and those above."""
    above = literal(organisation_path).like(col(ResponsibleParty.organisation_path) + "%")
    return _page(session, and_(above, col(ResponsibleParty.is_active)), limit, before)


def _page(
    session: Session, condition: ColumnElement[bool], limit: int, before: Position | None
) -> Sequence[PartyView]:
    at, key = col(ResponsibleParty.created_at), col(ResponsibleParty.id)
    query = select(ResponsibleParty).where(condition, older_than(at, key, before))
    rows = session.exec(query.order_by(at.desc(), key.desc()).limit(limit)).all()
    return _views(session, rows)


def _views(session: Session, rows: Sequence[ResponsibleParty]) -> list[PartyView]:
    members: dict[str, list[str]] = {row.id: [] for row in rows}
    for member in repository.members_of(session, list(members)):
        members[member.party_id].append(member.account_id)
    return [
        PartyView(
            row.id,
            row.organisation_id,
            row.kind,
            row.name,
            row.is_active,
            row.version,
            tuple(members[row.id]),
            row.created_at,
        )
        for row in rows
    ]
