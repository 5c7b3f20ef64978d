"""Mandates: slots, confirmation and revocation by conditional update."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import update
from sqlmodel import Session, col, select

from backend.ballots.tables import Ballot, ProxyMandate, RollEntry

_FRESH = {"populate_existing": True}


def find_mandate(session: Session, mandate_id: str) -> ProxyMandate | None:
    """Return a mandate as it is now."""
    chosen = select(ProxyMandate).where(ProxyMandate.id == mandate_id)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def live_mandate_of(session: Session, ballot_id: str, entry_id: str) -> ProxyMandate | None:
    """Return the unrevoked mandate of an entry."""
    chosen = select(ProxyMandate).where(
        ProxyMandate.ballot_id == ballot_id,
        ProxyMandate.roll_entry_id == entry_id,
        col(ProxyMandate.revoked_at).is_(None),
    )
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def used_slots(session: Session, ballot_id: str, account_id: str) -> set[int]:
    """Return the slots of a proxy's unrevoked mandates."""
    chosen = select(ProxyMandate.slot).where(
        ProxyMandate.ballot_id == ballot_id,
        ProxyMandate.proxy_account_id == account_id,
        col(ProxyMandate.revoked_at).is_(None),
    )
    return set(session.exec(chosen))


def confirm(session: Session, mandate_id: str, account_id: str, at: datetime) -> bool:
    """Record the second person once."""
    changed = session.connection().execute(
        update(ProxyMandate)
        .where(
            col(ProxyMandate.id) == mandate_id,
            col(ProxyMandate.confirmed_by).is_(None),
            col(ProxyMandate.revoked_at).is_(None),
            col(ProxyMandate.registered_by) != account_id,
        )
        .values(confirmed_by=account_id, confirmed_at=at)
    )
    return changed.rowcount == 1


def revoke(session: Session, mandate_id: str, at: datetime) -> bool:
    """End a mandate once."""
    changed = session.connection().execute(
        update(ProxyMandate)
        .where(col(ProxyMandate.id) == mandate_id, col(ProxyMandate.revoked_at).is_(None))
        .values(revoked_at=at)
    )
    return changed.rowcount == 1


def extend_to_close(session: Session, ballot_id: str, former: datetime, closes_at: datetime) -> None:
    """Let mandates that ran until the former close run until the new one; no other period is touched."""
    session.connection().execute(
        update(ProxyMandate)
        .where(
            col(ProxyMandate.ballot_id) == ballot_id,
            col(ProxyMandate.valid_until) == former,
            col(ProxyMandate.revoked_at).is_(None),
        )
        .values(valid_until=closes_at)
    )


def live_mandates_of_dwellings(
    session: Session, dwelling_ids: Collection[str]
) -> list[tuple[ProxyMandate, RollEntry]]:
    """Return the mandates in force or waiting for some dwellings in ballots that may still take votes."""
    chosen = (
        select(ProxyMandate, RollEntry)
        .join(RollEntry, col(RollEntry.id) == ProxyMandate.roll_entry_id)
        .join(Ballot, col(Ballot.id) == ProxyMandate.ballot_id)
        .where(
            col(RollEntry.dwelling_id).in_(list(dwelling_ids)),
            col(ProxyMandate.revoked_at).is_(None),
            col(Ballot.state).in_(("notice", "open", "suspended", "counting")),
        )
        .order_by(col(ProxyMandate.id))
    )
    return [(mandate, entry) for mandate, entry in session.exec(chosen)]


def mandates_of_ballot(
    session: Session, ballot_id: str, after: str, limit: int
) -> list[tuple[ProxyMandate, RollEntry]]:
    """Return all mandates of a ballot by id, revoked ones included."""
    chosen = (
        select(ProxyMandate, RollEntry)
        .join(RollEntry, col(RollEntry.id) == ProxyMandate.roll_entry_id)
        .where(ProxyMandate.ballot_id == ballot_id, ProxyMandate.id > after)
        .order_by(col(ProxyMandate.id))
        .limit(limit)
    )
    return [(mandate, entry) for mandate, entry in session.exec(chosen)]


def mandates_held_by(session: Session, account_id: str, limit: int) -> list[tuple[ProxyMandate, RollEntry]]:
    """Return the mandates given to an account, newest first."""
    chosen = (
        select(ProxyMandate, RollEntry)
        .join(RollEntry, col(RollEntry.id) == ProxyMandate.roll_entry_id)
        .where(ProxyMandate.proxy_account_id == account_id)
        .order_by(col(ProxyMandate.registered_at).desc())
        .limit(limit)
    )
    return [(mandate, entry) for mandate, entry in session.exec(chosen)]


def mandates_of_dwellings(
    session: Session, dwelling_ids: Collection[str], limit: int
) -> list[tuple[ProxyMandate, RollEntry]]:
    """Return the mandates given for some dwellings, newest first."""
    chosen = (
        select(ProxyMandate, RollEntry)
        .join(RollEntry, col(RollEntry.id) == ProxyMandate.roll_entry_id)
        .where(col(RollEntry.dwelling_id).in_(list(dwelling_ids)))
        .order_by(col(ProxyMandate.registered_at).desc())
        .limit(limit)
    )
    return [(mandate, entry) for mandate, entry in session.exec(chosen)]
