"""Who has not voted yet and what participation lacks: for reminders. Never a choice, never a sum of one."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, func, select
from sqlmodel import Session, col

from backend.ballots.queries.tally import turnout_of
from backend.ballots.repository.tally import participation_by_place
from backend.ballots.rules.kinds import casting_relations
from backend.ballots.rules.periods import publication_due
from backend.ballots.tables import Ballot, RollEntry, Vote
from backend.tally.count import participation_only
from backend.tally.weight import Basis


@dataclass(frozen=True, slots=True)
class BallotFacts:
    """What notifications may know of a ballot; ``relations`` are those whose bindings may cast in it."""

    id: str
    organisation_id: str
    estate_id: str
    title: str
    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    objections_until: datetime | None
    publish_until: datetime | None
    relations: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Lack:
    """What a participation test lacks (0.01 m² or ones) of its denominator; 0 when it is met."""

    basis: Basis
    missing: int
    denominator: int


@dataclass(frozen=True, slots=True)
class BuildingTurnout:
    """Entries on the roll and entries that voted, of one building."""

    building: str
    entries: int
    voted: int


@dataclass(frozen=True, slots=True)
class PlaceTurnout:
    """Entries on the roll and entries that voted, of one entrance (or of a building without)."""

    building_id: str
    entrance_id: str | None
    entries: int
    voted: int


def facts_of(session: Session, ballot_ids: Iterable[str]) -> dict[str, BallotFacts]:
    """Return the facts of these ballots by id; drafts are left out."""
    chosen = select(Ballot).where(col(Ballot.id).in_(list(ballot_ids)), col(Ballot.state) != "draft")
    return {row.id: _facts(row) for row in session.execute(chosen).scalars()}


def deadlines_of(session: Session, ballot_ids: Iterable[str]) -> dict[str, datetime]:
    """Return until when votes are taken in these ballots."""
    wanted = set(ballot_ids)
    if not wanted:
        return {}
    chosen = select(col(Ballot.id), col(Ballot.closes_at)).where(col(Ballot.id).in_(wanted))
    return {key: closes_at for key, closes_at in session.execute(chosen) if closes_at is not None}


def ballots_in(session: Session, state: str) -> list[str]:
    """Return all ballots in a state by id; their facts are read one by one, so that none stands for all."""
    return list(
        session.execute(
            select(col(Ballot.id)).where(col(Ballot.state) == state).order_by(col(Ballot.id))
        ).scalars()
    )


def _facts(row: Ballot) -> BallotFacts:
    relations = casting_relations(
        row.electorate,
        tenants_vote=bool(row.parameters["tenants_vote"]),
        public_tenants_vote=bool(row.parameters["public_tenants_vote"]),
    )
    return BallotFacts(
        row.id,
        row.organisation_id,
        row.estate_id,
        row.title,
        row.state,
        row.opens_at,
        row.closes_at,
        row.objections_until,
        publication_due(row.sealed_at, row.parameters["publish_days"]) if row.sealed_at else None,
        relations,
    )


def _has_vote(*states: str) -> ColumnElement[bool]:
    # A vote that waits for its second person or a review has been given: its household is not asked again.
    mine = and_(col(Vote.ballot_id) == col(RollEntry.ballot_id), col(Vote.roll_entry_id) == col(RollEntry.id))
    standing = exists().where(mine, col(Vote.state) == "standing")
    waiting = exists().where(mine, col(Vote.state) != "standing", col(Vote.state).in_(states))
    return standing | waiting


def unvoted_homes(ballot_id: str) -> Select[Any]:
    """Return the dwellings on a ballot's roll that have not voted, for joining.

    Columns: ``ballot_id, dwelling_id, building_id``. An open ballot only: after the close it is empty.
    """
    return _homes(ballot_id).where(~_has_vote("pending", "held"), col(Ballot.state) == "open")


def homes_on_roll(ballot_id: str) -> Select[Any]:
    """Return all dwellings on a ballot's roll, for joining; columns as ``unvoted_homes``."""
    return _homes(ballot_id)


def _homes(ballot_id: str) -> Select[Any]:
    homes: Any = (
        select(
            col(RollEntry.ballot_id).label("ballot_id"),
            col(RollEntry.dwelling_id).label("dwelling_id"),
            col(RollEntry.building_id).label("building_id"),
            col(Ballot.estate_id).label("estate_id"),
        )
        .join(Ballot, col(Ballot.id) == col(RollEntry.ballot_id))
        .where(col(RollEntry.ballot_id) == ballot_id, col(RollEntry.is_removed).is_(False))
    )
    published: Select[Any] = homes
    return published


def still_unvoted() -> Select[Any]:
    """Return (ballot, dwelling) pairs of all open ballots that have not voted, for re-checks by key.

    Columns: ``ballot_id, dwelling_id``; join on both.
    """
    pairs: Any = (
        select(col(RollEntry.ballot_id).label("ballot_id"), col(RollEntry.dwelling_id).label("dwelling_id"))
        .join(Ballot, col(Ballot.id) == col(RollEntry.ballot_id))
        .where(
            col(RollEntry.is_removed).is_(False),
            col(Ballot.state) == "open",
            ~_has_vote("pending", "held"),
        )
    )
    published: Select[Any] = pairs
    return published


def unvoted_dwellings(session: Session, ballot_id: str, *, after: str = "", limit: int = 500) -> list[str]:
    """Return the dwellings that have not voted, by id after ``after``: a page."""
    homes = unvoted_homes(ballot_id).where(col(RollEntry.dwelling_id) > after)
    rows = session.execute(homes.order_by(col(RollEntry.dwelling_id)).limit(limit))
    return [row.dwelling_id for row in rows]


def participation_shortfall(session: Session, ballot_id: str) -> list[Lack]:
    """Return what participation lacks, one line per basis (the worst over all motions and rules).

    From the turnout of ``participation``, never from what was said: a reading may make an abstainer absent, and a
    shortfall that did not shrink by a neighbour's paper would tell it.
    """
    ballot = session.get_one(Ballot, ballot_id)
    worst: dict[Basis, Lack] = {}
    for _, uses in turnout_of(session, ballot):
        for rule, parameters, sums in uses:
            for test in participation_only(rule, sums, parameters):
                if not test.passed and test.shortfall is None:
                    continue  # no denominator: nothing anybody could still do
                lack = Lack(test.basis, 0 if test.passed else test.shortfall or 0, test.denominator)
                if test.basis not in worst or worst[test.basis].missing < lack.missing:
                    worst[test.basis] = lack
    return [worst[basis] for basis in Basis if basis in worst]


def turnout_by_building(session: Session, ballot_id: str) -> list[BuildingTurnout]:
    """Return participation per building."""
    rows = participation_by_place(session, ballot_id, None, "building")
    return [BuildingTurnout(row.building, row.entries, row.voted) for row in rows]


def count_unvoted(session: Session, ballot_id: str) -> int:
    """Return how many dwellings have not voted."""
    homes = unvoted_homes(ballot_id).subquery()
    return int(session.execute(select(func.count()).select_from(homes)).scalar_one())


def turnout_of_ballots(session: Session, ballot_ids: Iterable[str]) -> dict[str, list[PlaceTurnout]]:
    """Return participation of several ballots by entrance, in one query; never a choice."""
    place = (col(RollEntry.building_id), col(RollEntry.entrance_id))
    given = col(Vote.state) == "standing"
    mine = (col(Vote.ballot_id) == col(RollEntry.ballot_id)) & (col(Vote.roll_entry_id) == col(RollEntry.id))
    chosen = (
        select(col(RollEntry.ballot_id), *place, func.count(), func.count(col(Vote.roll_entry_id)))
        .join(Vote, mine & given, isouter=True)
        .where(col(RollEntry.ballot_id).in_(list(ballot_ids)), col(RollEntry.is_removed).is_(False))
        .group_by(col(RollEntry.ballot_id), *place)
    )
    found: dict[str, list[PlaceTurnout]] = {}
    for ballot_id, *row in session.execute(chosen):
        found.setdefault(ballot_id, []).append(PlaceTurnout(*row))
    return found
