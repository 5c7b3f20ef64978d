"""Responsible parties and their members."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col, select

from backend.complaints.tables import PartyMember, ResponsibleParty


def find(session: Session, party_id: str) -> ResponsibleParty | None:
    """Return a party."""
    return session.get(ResponsibleParty, party_id, populate_existing=True)


def by_name(session: Session, organisation_id: str, name: str) -> ResponsibleParty | None:
    """Return an organisation's party of this name."""
    wanted = select(ResponsibleParty).where(
        ResponsibleParty.organisation_id == organisation_id, ResponsibleParty.name == name
    )
    return session.exec(wanted).first()


def change(session: Session, row: ResponsibleParty, version: int, values: Mapping[str, Any]) -> bool:
    """Change a party that still has this version."""
    done = session.execute(
        update(ResponsibleParty)
        .where(col(ResponsibleParty.id) == row.id, col(ResponsibleParty.version) == version)
        .values(version=version + 1, **values)
        .execution_options(synchronize_session=False)
    )
    if cast("CursorResult[Any]", done).rowcount != 1:
        return False
    session.refresh(row)
    return True


def parties_of(session: Session, account_id: str) -> frozenset[str]:
    """Return the parties for which an account acts now."""
    wanted = select(PartyMember.party_id).where(
        PartyMember.account_id == account_id, col(PartyMember.ended_at).is_(None)
    )
    return frozenset(session.exec(wanted).all())


def member(session: Session, party_id: str, account_id: str) -> PartyMember | None:
    """Return the membership in force."""
    wanted = select(PartyMember).where(
        PartyMember.party_id == party_id,
        PartyMember.account_id == account_id,
        col(PartyMember.ended_at).is_(None),
    )
    return session.exec(wanted).first()


def members_of(session: Session, party_ids: Collection[str]) -> Sequence[PartyMember]:
    """Return the memberships in force of some parties."""
    wanted = select(PartyMember).where(
        col(PartyMember.party_id).in_(party_ids), col(PartyMember.ended_at).is_(None)
    )
    return session.exec(wanted.order_by(col(PartyMember.added_at), col(PartyMember.id))).all()


def end_member(session: Session, member_id: str, at: datetime) -> bool:
    """End a membership that is in force."""
    done = session.execute(
        update(PartyMember)
        .where(col(PartyMember.id) == member_id, col(PartyMember.ended_at).is_(None))
        .values(ended_at=at)
        .execution_options(synchronize_session=False)
    )
    return cast("CursorResult[Any]", done).rowcount == 1


def names_of(session: Session, party_ids: Collection[str]) -> dict[str, str]:
    """Return id → name of some parties."""
    if not party_ids:
        return {}
    wanted = select(ResponsibleParty.id, ResponsibleParty.name).where(
        col(ResponsibleParty.id).in_(set(party_ids))
    )
    return dict(session.exec(wanted).all())
