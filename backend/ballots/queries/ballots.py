"""Ballots as lists and pages show them; results only as far as their state allows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from backend.ballots.repository import ballots as repository
from backend.ballots.rules.kinds import casting_relations
from backend.ballots.rules.meta import BallotMeta
from backend.ballots.rules.parameters import waiting_hours_of
from backend.ballots.tables import Ballot, BallotDocument, Motion, ProxyMandate, RollEntry, Vote
from backend.kernel.access import Home


@dataclass(frozen=True, slots=True)
class OwnEntry:
    """A voter's own line of the roll, whether it has a standing vote, by which channel and since when."""

    entry_id: str
    dwelling_id: str
    label: str
    area_centi: int
    is_household: bool
    voted_at: datetime | None
    channel: str | None


def find_public(session: Session, ballot_id: str, estate_ids: Iterable[str]) -> Ballot | None:
    """Return an announced ballot of one of these estates."""
    chosen = select(Ballot).where(
        Ballot.id == ballot_id, col(Ballot.estate_id).in_(list(estate_ids)), Ballot.state != "draft"
    )
    return session.exec(chosen).one_or_none()


def find_for_voter(
    session: Session, ballot_id: str, estate_ids: Iterable[str], account_id: str
) -> Ballot | None:
    """Return an announced ballot of one of these estates, or one for which the account holds a mandate."""
    found = find_public(session, ballot_id, estate_ids)
    if found is not None or not mandated_homes(session, ballot_id, account_id):
        return found
    return find_announced(session, ballot_id)


def mandated_homes(session: Session, ballot_id: str, account_id: str) -> list[str]:
    """Return the dwellings for which the account holds a confirmed, unrevoked mandate in a ballot."""
    chosen = (
        select(RollEntry.dwelling_id)
        .join(ProxyMandate, col(ProxyMandate.roll_entry_id) == RollEntry.id)
        .where(
            ProxyMandate.ballot_id == ballot_id,
            ProxyMandate.proxy_account_id == account_id,
            col(ProxyMandate.confirmed_at).is_not(None),
            col(ProxyMandate.revoked_at).is_(None),
        )
    )
    return list(session.exec(chosen))


def find_any(session: Session, ballot_id: str) -> Ballot | None:
    """Return a ballot in any state; the caller checks whose it is."""
    return repository.find_ballot(session, ballot_id)


def find_announced(session: Session, ballot_id: str) -> Ballot | None:
    """Return a ballot that is no draft; the caller checks whose it is."""
    return session.exec(select(Ballot).where(Ballot.id == ballot_id, Ballot.state != "draft")).one_or_none()


def list_public(
    session: Session, estate_ids: Iterable[str], *, before: tuple[datetime, str] | None, limit: int
) -> list[Ballot]:
    """Return announced ballots of these estates, newest first."""
    chosen = select(Ballot).where(col(Ballot.estate_id).in_(list(estate_ids)), Ballot.state != "draft")
    return _page(session, chosen, before, limit)


def list_of_estates(
    session: Session,
    estate_ids: Iterable[str],
    *,
    state: str | None,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[Ballot]:
    """Return ballots of these estates, drafts included, newest first: for staff."""
    chosen = select(Ballot).where(col(Ballot.estate_id).in_(list(estate_ids)))
    return _page(session, chosen.where(Ballot.state == state) if state else chosen, before, limit)


def _page(session: Session, chosen: Any, before: tuple[datetime, str] | None, limit: int) -> list[Ballot]:
    if before is not None:
        chosen = chosen.where(
            or_(
                col(Ballot.created_at) < before[0],
                (col(Ballot.created_at) == before[0]) & (col(Ballot.id) < before[1]),
            )
        )
    return list(
        session.exec(chosen.order_by(col(Ballot.created_at).desc(), col(Ballot.id).desc()).limit(limit))
    )


def motions_of(session: Session, ballot_id: str) -> list[Motion]:
    """Return the motions in their order on the paper."""
    return repository.motions_of(session, ballot_id)


def documents_of(session: Session, ballot_id: str) -> list[BallotDocument]:
    """Return the documents the vote is bound to."""
    return repository.documents_of(session, ballot_id)


def own_entries(session: Session, ballot_id: str, dwelling_ids: Iterable[str]) -> list[OwnEntry]:
    """Return the roll lines of some dwellings with what is recorded for them; never a choice."""
    rows = session.exec(
        select(RollEntry, Vote)
        .join(
            Vote,
            (col(Vote.ballot_id) == RollEntry.ballot_id)
            & (col(Vote.roll_entry_id) == RollEntry.id)
            & (col(Vote.state) == "standing"),
            isouter=True,
        )
        .where(
            RollEntry.ballot_id == ballot_id,
            col(RollEntry.dwelling_id).in_(list(dwelling_ids)),
            col(RollEntry.is_removed).is_(False),
        )
        .order_by(col(RollEntry.building_label), col(RollEntry.entrance_label), col(RollEntry.door_label))
    ).all()
    return [
        OwnEntry(
            entry.id,
            entry.dwelling_id,
            label_of(entry),
            entry.area_centi,
            entry.is_household,
            vote.cast_at if vote else None,
            vote.channel if vote else None,
        )
        for entry, vote in rows
    ]


def label_of(entry: RollEntry) -> str:
    """Return an entry's address within the estate, for its own household and for staff."""
    return f"{entry.building_label}{entry.entrance_label}{entry.door_label}"


def ballot_meta(session: Session, ballot_id: str) -> BallotMeta | None:
    """Return what the vote's path must know; None for a draft or no ballot, whose motions may still change."""
    ballot = session.get(Ballot, ballot_id)
    if ballot is None or ballot.state == "draft":
        return None
    motion_ids = tuple(motion.id for motion in repository.motions_of(session, ballot_id))
    relations = _relations_of(ballot)
    return BallotMeta(ballot.id, ballot.estate_id, motion_ids, ballot.max_choices, relations)


def casting_homes(ballot: Ballot, homes: Iterable[Home]) -> list[str]:
    """Return the dwellings among a resident's homes for which their relation lets them cast in this ballot."""
    relations = _relations_of(ballot)
    return [home.dwelling_id for home in homes if home.relation in relations]


def _relations_of(ballot: Ballot) -> tuple[str, ...]:
    settings = ballot.parameters
    return casting_relations(
        ballot.electorate,
        tenants_vote=bool(settings["tenants_vote"]),
        public_tenants_vote=bool(settings["public_tenants_vote"]),
    )


def waiting_hours(session: Session, estate_id: str, *, is_letter: bool, has_owner: bool) -> int:
    """Return how long a new binding must wait in an estate: the longest of its running ballots' rules, else 0."""
    running = col(Ballot.state).in_(("open", "suspended"))
    chosen = select(Ballot.parameters).where(Ballot.estate_id == estate_id, running)
    hours = (
        waiting_hours_of(settings, is_letter=is_letter, has_owner=has_owner)
        for settings in session.exec(chosen)
    )
    return max(hours, default=0)


def due_ballots(session: Session, state: str, now: datetime) -> list[str]:
    """Return ballots to close (``open`` past their deadline) or to look at for sealing (``counting``).

    All of them: those that wait for paper must not hold up the ones behind them.
    """
    chosen = select(Ballot.id).where(Ballot.state == state)
    if state == "open":
        chosen = chosen.where(col(Ballot.closes_at) <= now)
    return list(session.exec(chosen.order_by(col(Ballot.closes_at))))


def active_ballots(session: Session) -> list[str]:
    """Return all ballots whose trees may grow: their votes are numbered and checkpointed as they come."""
    chosen = select(Ballot.id).where(col(Ballot.state).in_(("open", "counting", "preliminary", "suspended")))
    return list(session.exec(chosen.order_by(col(Ballot.id))))


def count_by_state(session: Session, estate_ids: Iterable[str]) -> dict[str, int]:
    """Return how many ballots are in which state."""
    chosen = select(Ballot.state, func.count()).where(col(Ballot.estate_id).in_(list(estate_ids)))
    return {state: int(number) for state, number in session.exec(chosen.group_by(col(Ballot.state)))}
