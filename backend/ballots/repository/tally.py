"""Grouped sums of standing votes: two queries, whatever the number of votes or motions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Integer, cast, distinct, func, literal_column, select
from sqlmodel import Session, col

from backend.ballots.rules.sums import BITS, Heads, Pattern
from backend.ballots.tables import RollEntry, Vote
from backend.tally.weight import Weights


def _standing(ballot_id: str) -> Any:
    return (
        Vote.ballot_id == ballot_id,
        Vote.state == "standing",
        RollEntry.id == Vote.roll_entry_id,
        col(RollEntry.is_removed).is_(False),
    )


def roll_weights(session: Session, ballot_id: str) -> Weights:
    """Return the denominators of the roll as amended."""
    row = session.connection().execute(
        select(
            func.coalesce(func.sum(col(RollEntry.area_centi)), 0),
            func.count(distinct(col(RollEntry.head_no))),
            func.coalesce(func.sum(cast(col(RollEntry.is_household), Integer)), 0),
        ).where(col(RollEntry.ballot_id) == ballot_id, col(RollEntry.is_removed).is_(False))
    )
    area, heads, households = row.one()
    return Weights(int(area), int(heads), int(households))


def turnout(session: Session, ballot_id: str) -> Weights:
    """Return area, heads and households of the entries with a standing vote, whatever it says, in one pass."""
    row = session.connection().execute(
        select(
            func.coalesce(func.sum(col(RollEntry.area_centi)), 0),
            func.count(distinct(col(RollEntry.head_no))),
            func.coalesce(func.sum(cast(col(RollEntry.is_household), Integer)), 0),
        ).where(*_standing(ballot_id))
    )
    area, heads, households = row.one()
    return Weights(int(area), int(heads), int(households))


def votes_by_channel(session: Session, ballot_id: str) -> list[tuple[str, str, int]]:
    """Return ``(channel, state, votes)`` in order: how papers came and where they are, never what they say."""
    rows = session.connection().execute(
        select(col(Vote.channel), col(Vote.state), func.count())
        .where(col(Vote.ballot_id) == ballot_id)
        .group_by(col(Vote.channel), col(Vote.state))
        .order_by(col(Vote.channel), col(Vote.state))
    )
    return [(channel, state, int(count)) for channel, state, count in rows]


def votes_by_state(session: Session, ballot_id: str) -> dict[str, int]:
    """Return how many votes are in each state.

    Votes are never deleted and their states only move forward, so equal answers mean that nothing happened in between.
    """
    rows = session.connection().execute(
        select(col(Vote.state), func.count())
        .where(col(Vote.ballot_id) == ballot_id)
        .group_by(col(Vote.state))
    )
    return {state: int(count) for state, count in rows}


def patterns(session: Session, ballot_id: str, *, before: datetime | None = None) -> list[Pattern]:
    """Return area, households and entries per set of letters, of all standing votes or of those cast before."""
    older = (col(Vote.cast_at) < before,) if before else ()
    rows = session.connection().execute(
        select(
            col(Vote.choices),
            func.sum(col(RollEntry.area_centi)),
            func.sum(cast(col(RollEntry.is_household), Integer)),
            func.count(),
        )
        .where(*_standing(ballot_id), *older)
        .group_by(col(Vote.choices))
    )
    return [
        Pattern(letters, int(area), int(households), int(entries))
        for letters, area, households, entries in rows
    ]


def _hidden_in_sums(ballot_id: str) -> Any:
    """Votes that stand in every household sum: of a household, valid on every motion."""
    return (*_standing(ballot_id), col(RollEntry.is_household).is_(True), ~col(Vote.choices).contains("i"))


def newest_owners(session: Session, ballot_id: str, owners: int) -> datetime | None:
    """Return the moment from which on that many owners' households voted, the newest; None when fewer did."""
    last = func.max(col(Vote.cast_at)).label("last")
    per_owner = select(last).where(*_hidden_in_sums(ballot_id)).group_by(col(RollEntry.head_no))
    chosen = per_owner.order_by(last.desc()).offset(owners - 1).limit(1)
    found: datetime | None = session.connection().execute(chosen).scalar_one_or_none()
    return found


def count_owners(session: Session, ballot_id: str, before: datetime) -> int:
    """Return how many owners' households voted before a moment, each valid on every motion."""
    chosen = select(func.count(distinct(col(RollEntry.head_no)))).where(
        *_hidden_in_sums(ballot_id), col(Vote.cast_at) < before
    )
    return int(session.connection().execute(chosen).scalar_one())


def heads(session: Session, ballot_id: str, motions: int) -> list[Heads]:
    """Return how many owners said which set of things to each motion.

    Owners are grouped in the database: the answer is as small as the number of distinct sets.
    """
    if motions == 0:
        return []
    letters = [func.substr(col(Vote.choices), position + 1, 1) for position in range(motions)]
    said: list[Any] = [
        sum((_has(letter, name) * bit for name, bit in BITS.items()), start=literal_column("0")).label(
            f"m{position}"
        )
        for position, letter in enumerate(letters)
    ]
    per_head = select(*said).where(*_standing(ballot_id)).group_by(col(RollEntry.head_no)).subquery()
    columns = [per_head.c[f"m{position}"] for position in range(motions)]
    rows = session.connection().execute(select(*columns, func.count()).group_by(*columns))
    return [Heads(tuple(int(value) for value in row[:-1]), int(row[-1])) for row in rows]


def _has(letter: Any, name: str) -> Any:
    """1 when any of the owner's papers has this letter, else 0."""
    return func.max(cast(letter == name, Integer))


@dataclass(frozen=True, slots=True)
class PlaceCount:
    """Participation of one building, entrance or dwelling: entries on the roll and entries that voted."""

    building: str
    entrance: str
    door: str
    entries: int
    voted: int


def participation_by_place(
    session: Session, ballot_id: str, building_id: str | None, level: str
) -> list[PlaceCount]:
    """Return participation by ``building``, ``entrance`` or ``door``; never a choice.

    A paper whose every mark is invalid was given too: left out here, its door would tell what it says.
    """
    names = ("building_label", "entrance_label", "door_label")[
        : {"building": 1, "entrance": 2, "door": 3}[level]
    ]
    columns = [col(getattr(RollEntry, name)) for name in names]
    votes = (
        select(col(Vote.roll_entry_id))
        .where(col(Vote.ballot_id) == ballot_id, col(Vote.state) == "standing")
        .subquery()
    )
    chosen = (
        select(*columns, func.count(), func.count(votes.c.roll_entry_id))
        .select_from(RollEntry)
        .join(votes, votes.c.roll_entry_id == col(RollEntry.id), isouter=True)
        .where(col(RollEntry.ballot_id) == ballot_id, col(RollEntry.is_removed).is_(False))
        .group_by(*columns)
        .order_by(*columns)
    )
    if building_id is not None:
        chosen = chosen.where(col(RollEntry.building_id) == building_id)
    blanks = ("",) * (3 - len(names))
    found = []
    for row in session.connection().execute(chosen):
        labels: list[str] = [*row[: len(names)], *blanks]
        found.append(PlaceCount(labels[0], labels[1], labels[2], int(row[-2]), int(row[-1])))
    return found
