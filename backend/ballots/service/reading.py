"""What staff may see of a ballot: participation by place, the daily consensus snapshot, results when they are due."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from backend.ballots.queries import ballots as queries
from backend.ballots.queries.tally import participation
from backend.ballots.repository import tally as grouped
from backend.ballots.repository.tally import PlaceCount
from backend.ballots.rules.periods import publication_due
from backend.ballots.rules.states import PUBLISHED
from backend.ballots.rules.sums import Pattern
from backend.ballots.service.loading import load_for, require_state, scope_of, tell
from backend.ballots.tables import Ballot, ConsensusSnapshot
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, Scope, can
from backend.kernel.clock import local_date
from backend.kernel.errors import Conflict, Forbidden, NotFound
from backend.registry import queries as registry

# A snapshot tells sums only when the households of at least so many owners voted since the last one (threats.md), and
# leaves the newest so many out: else the final result less the last snapshot would be the choice of one or two
# latecomers. Owners, not entries: five shops are in no household sum, and five flats of one owner are one choice.
SNAPSHOT_STEP = 5


def list_ballots(
    ctx: Context, estate_id: str, *, state: str | None, before: Position | None, limit: int
) -> list[Ballot]:
    """List an estate's ballots, drafts included."""
    scope = registry.scope_of_estate(ctx.session, estate_id)
    if not _may_read_inside(ctx, scope):
        raise NotFound
    return queries.list_of_estates(ctx.session, [estate_id], state=state, before=before, limit=limit)


def _may_read_inside(ctx: Context, scope: Scope) -> bool:
    """A steward's grant on one building is enough to see that the estate has a ballot."""
    return can(ctx.actor, Permission.BALLOT_READ, scope) or any(
        grant.scope.estate_id == scope.estate_id
        and scope.organisation_path.startswith(grant.scope.organisation_path)
        for grant in ctx.actor.grants
    )


def show_ballot(ctx: Context, ballot_id: str) -> Ballot:
    """Return a ballot to staff who may read it (a steward: of the estate of their building)."""
    ballot = queries.find_any(ctx.session, ballot_id)
    if ballot is None or not _may_read_inside(ctx, scope_of(ctx, ballot)):
        raise NotFound
    return ballot


def may_see_result(ctx: Context, ballot: Ballot) -> bool:
    """Published results are everybody's; from sealing to publication only those who publish see them.

    So a 业委会 member sees no sums on its own election or contract (domain §8).
    """
    if ballot.state in PUBLISHED:
        return True
    return ballot.state == "sealed" and can(ctx.actor, Permission.BALLOT_PUBLISH, scope_of(ctx, ballot))


def participation_by_place(
    ctx: Context, ballot_id: str, building_id: str | None, level: str
) -> list[PlaceCount]:
    """Return participation (never choices) by building, entrance or dwelling.

    Dwelling by dwelling only to those who hold the permission over that building: the worklist of its steward.
    """
    ballot = show_ballot(ctx, ballot_id)
    place = scope_of(ctx, ballot)
    wanted = Scope(place.organisation_path, place.estate_id, building_id or place.building_id)
    # Door by door is the worklist of those who knock there; nobody else needs to know which home has voted.
    needed = (Permission.PARTICIPATION_READ, *((Permission.PAPER_ENTER,) if level == "door" else ()))
    if not all(can(ctx.actor, permission, wanted) for permission in needed):
        raise Forbidden
    if level == "door" and wanted.building_id is None:
        raise Conflict("building_needed", "逐户名单请先选定楼栋。")
    return grouped.participation_by_place(ctx.session, ballot.id, wanted.building_id, level)


def ballot_participation(ctx: Context, ballot_id: str) -> dict[str, Any]:
    """Return participation of the whole electorate with its tests."""
    ballot = load_for(ctx, ballot_id, Permission.PARTICIPATION_READ)
    return participation(ctx.session, ballot)


def take_snapshot(ctx: Context, ballot_id: str) -> ConsensusSnapshot:
    """Return today's consensus snapshot of a canvass or plan vote: once a day, whole electorate, households only.

    Raises Forbidden where the notice did not state it, Conflict when households of fewer than five
    owners voted since the last.
    """
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_PREPARE)
    require_state(ballot, "open", doing="查看同意户数")
    if not ballot.parameters["track_consensus"] or not can(
        ctx.actor, Permission.PAPER_CONFIRM, scope_of(ctx, ballot)
    ):
        raise Forbidden("no_tracking", "本次表决的公告没有规定社区可以在投票期间查看同意户数。")
    today = local_date(ctx.clock.now())
    last = _last_snapshot(ctx, ballot.id)
    if last is not None and last.taken_on == today:
        return last
    before = grouped.newest_owners(ctx.session, ballot.id, SNAPSHOT_STEP)
    owners = grouped.count_owners(ctx.session, ballot.id, before) if before else 0
    if before is None or owners - (last.owners_voted if last else 0) < SNAPSHOT_STEP:
        raise Conflict("too_few", f"距上次查看新增不足 {SNAPSHOT_STEP} 户，为保护每户的选择，暂不显示。")
    snapshot = ConsensusSnapshot(
        ballot_id=ballot.id,
        taken_on=today,
        owners_voted=owners,
        sums=_household_sums(ctx, ballot, grouped.patterns(ctx.session, ballot.id, before=before)),
        taken_at=ctx.clock.now(),
    )
    ctx.session.add(snapshot)
    ctx.session.flush()
    tell(ctx, ballot, "ballot.snapshot_taken", {"owners": owners})
    return snapshot


def _last_snapshot(ctx: Context, ballot_id: str) -> ConsensusSnapshot | None:
    chosen = select(ConsensusSnapshot).where(ConsensusSnapshot.ballot_id == ballot_id)
    return ctx.session.exec(chosen.order_by(col(ConsensusSnapshot.taken_on).desc()).limit(1)).one_or_none()


def _household_sums(ctx: Context, ballot: Ballot, patterns: list[Pattern]) -> list[dict[str, str]]:
    return [
        {
            "motion": motion.id,
            "households": str(ballot.roll_households),
            "participating": str(_households(patterns, motion.position, "fab")),
            "for": str(_households(patterns, motion.position, "f")),
        }
        for motion in queries.motions_of(ctx.session, ballot.id)
    ]


def _households(patterns: list[Pattern], position: int, letters: str) -> int:
    return sum(pattern.households for pattern in patterns if pattern.letters[position] in letters)


def due_at(ballot: Ballot) -> datetime | None:
    """Return the next instant at which something is due on this ballot."""
    return {
        "notice": ballot.opens_at,
        "open": ballot.closes_at,
        "counting": ballot.counting_until,
        "sealed": publication_due(ballot.sealed_at, ballot.parameters["publish_days"])
        if ballot.sealed_at
        else None,
        "preliminary": ballot.objections_until,
    }.get(ballot.state)
