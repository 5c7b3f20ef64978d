"""What was recorded in a household's name: channel and time for all its members, the choice only for its caster."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy
from sqlalchemy import or_
from sqlmodel import Session, col, select

from backend.ballots.queries.ballots import label_of, motions_of
from backend.ballots.rules.papers import decode
from backend.ballots.rules.proxies import OWNER_RELATIONS
from backend.ballots.tables import Ballot, ProxyMandate, RollEntry, Vote
from backend.identity.queries import active_binding
from backend.ledger.rules.receipt import format_receipt

_MOST = 1000


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who looks: the account, and the dwellings whose votes it may contest (``MAY_CONTEST``)."""

    account_id: str
    contesting: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class HouseholdVote:
    """One recorded vote of a dwelling; ``receipt`` only for those who may look for it in the count."""

    ballot_id: str
    ballot_title: str
    dwelling_id: str
    label: str
    channel: str
    state: str
    cast_at: datetime
    is_mine: bool
    receipt: str | None
    reference: str


def votes_of_dwellings(
    session: Session,
    dwelling_ids: Iterable[str],
    viewer: Viewer,
    *,
    before: tuple[datetime, str] | None,
    limit: int,
) -> list[HouseholdVote]:
    """Return what was recorded for these dwellings, newest first, by whatever channel.

    What was handed in on paper or by a proxy has no account of the household behind it: those who may contest it have
    its receipt, or nobody could find that vote in.
    """
    chosen = (
        select(Vote, RollEntry, Ballot.title)
        .join(
            RollEntry,
            (col(RollEntry.id) == Vote.roll_entry_id) & (col(RollEntry.ballot_id) == Vote.ballot_id),
        )
        .join(Ballot, col(Ballot.id) == Vote.ballot_id)
        .where(col(RollEntry.dwelling_id).in_(list(dwelling_ids)))
        # Both arms together are everything; apart, each has its partial index.
        .where(or_(col(Vote.state) == "standing", col(Vote.state) != "standing"))
    )
    if before is not None:
        earlier = (col(Vote.cast_at) == before[0]) & (col(Vote.roll_entry_id) < before[1])
        chosen = chosen.where(or_(col(Vote.cast_at) < before[0], earlier))
    ordered = chosen.order_by(col(Vote.cast_at).desc(), col(Vote.roll_entry_id).desc()).limit(limit)
    return [_household_vote(*row, viewer) for row in session.exec(ordered)]


def _household_vote(vote: Vote, entry: RollEntry, title: str, viewer: Viewer) -> HouseholdVote:
    is_mine = vote.account_id == viewer.account_id
    is_ours = vote.channel != "online" and entry.dwelling_id in viewer.contesting
    return HouseholdVote(
        ballot_id=vote.ballot_id,
        ballot_title=title,
        dwelling_id=entry.dwelling_id,
        label=label_of(entry),
        channel=vote.channel,
        state=vote.state,
        cast_at=vote.cast_at,
        is_mine=is_mine,
        receipt=format_receipt(vote.receipt) if is_mine or is_ours else None,
        reference=entry.id,
    )


def mandates_of_account(session: Session, account_id: str) -> list[dict[str, Any]]:
    """Return the mandates given to a person, and those of their own homes, for the export (newest 1,000)."""
    binding = active_binding()
    owned = sqlalchemy.select(binding.c.dwelling_id).where(
        binding.c.account_id == account_id, binding.c.relation.in_(OWNER_RELATIONS)
    )
    chosen = (
        select(ProxyMandate, RollEntry, Ballot.title)
        .join(RollEntry, col(RollEntry.id) == ProxyMandate.roll_entry_id)
        .join(Ballot, col(Ballot.id) == ProxyMandate.ballot_id)
        .where(or_(col(ProxyMandate.proxy_account_id) == account_id, col(RollEntry.dwelling_id).in_(owned)))
        .order_by(col(ProxyMandate.registered_at).desc(), col(ProxyMandate.id).desc())
        .limit(_MOST)
    )
    return [
        {
            "ballot": title,
            "home": label_of(entry),
            "side": "proxy" if mandate.proxy_account_id == account_id else "owner",
            "powers": mandate.powers,
            "valid_from": mandate.valid_from.isoformat(),
            "valid_until": mandate.valid_until.isoformat(),
            "confirmed_at": mandate.confirmed_at.isoformat() if mandate.confirmed_at else None,
            "revoked_at": mandate.revoked_at.isoformat() if mandate.revoked_at else None,
        }
        for mandate, entry, title in session.exec(chosen)
    ]


def votes_of_account(session: Session, account_id: str) -> list[dict[str, Any]]:
    """Return everything one person cast, choices included, for the export of their own data (newest 1,000)."""
    chosen = (
        select(Vote, RollEntry, Ballot.title)
        .join(RollEntry, col(RollEntry.id) == Vote.roll_entry_id)
        .join(Ballot, col(Ballot.id) == Vote.ballot_id)
        .where(Vote.account_id == account_id)
        .order_by(col(Vote.cast_at).desc(), col(Vote.receipt))
        .limit(_MOST)
    )
    rows = session.exec(chosen).all()
    titles = {
        ballot_id: {motion.id: motion.title for motion in motions_of(session, ballot_id)}
        for ballot_id in {vote.ballot_id for vote, _, _ in rows}
    }
    return [
        {
            "ballot": title,
            "home": label_of(entry),
            "channel": vote.channel,
            "state": vote.state,
            "cast_at": vote.cast_at.isoformat(),
            "receipt": format_receipt(vote.receipt),
            "choices": {
                titles[vote.ballot_id][motion]: choice
                for motion, choice in decode(list(titles[vote.ballot_id]), vote.choices).items()
            },
        }
        for vote, entry, title in rows
    ]
