"""What a community's rooms read without an event: digests, checkpoints, the end of the objection days."""

from __future__ import annotations

from datetime import timedelta

from backend.ballots.queries.turnout import (
    BallotFacts,
    ballots_in,
    facts_of,
    participation_shortfall,
    turnout_by_building,
)
from backend.ballots.service.sealing import tree_of
from backend.infra.context import Context
from backend.kernel.clock import SHANGHAI, local_date
from backend.ledger import queries as ledger
from backend.notifications.rules import rooms
from backend.notifications.service.writing import parameters_of, post_to_rooms

_HOUR = timedelta(hours=1)


def post_digest(ctx: Context, ballot_id: str) -> int:
    """Post an open ballot's participation to its community's rooms, once a day after the chosen hour."""
    ballot = _open(ctx, ballot_id)
    now = ctx.clock.now()
    if ballot is None or ballot.closes_at is None:
        return 0
    chosen = parameters_of(ctx.session, [ballot.organisation_id])[ballot.organisation_id]
    if now.astimezone(SHANGHAI).hour < chosen.digest_hour:
        return 0
    lacks = [
        rooms.Shortfall(row.basis, row.missing, row.denominator)
        for row in participation_shortfall(ctx.session, ballot_id)
    ]
    buildings = [
        rooms.Turnout(row.building, row.entries, row.voted)
        for row in turnout_by_building(ctx.session, ballot_id)
    ]
    text = rooms.digest_text(ballot.title, ballot.closes_at, buildings, lacks)
    day = local_date(now).isoformat()
    return _post(ctx, ballot, "room_digest", day, text)


def post_checkpoint(ctx: Context, ballot_id: str) -> int:
    """Post the newest checkpoint of a ballot's tree to its community's rooms: a witness outside the database."""
    ballot = facts_of(ctx.session, [ballot_id]).get(ballot_id)
    point = ledger.last_checkpoint(ctx.session, tree_of(ballot_id))
    if ballot is None or point is None or ctx.clock.now() - point.at > 48 * _HOUR:
        return 0
    text = rooms.checkpoint_text(ballot.title, point.number, point.size, point.root, point.at)
    return _post(ctx, ballot, "room_checkpoint", str(point.number), text)


def post_objections_over(ctx: Context, ballot_id: str) -> int:
    """Tell the rooms once that a ballot's objection days are over."""
    ballot = facts_of(ctx.session, [ballot_id]).get(ballot_id)
    if ballot is None or ballot.state != "preliminary" or ballot.objections_until is None:
        return 0
    if ctx.clock.now() < ballot.objections_until:
        return 0
    text = rooms.stage_text("room_objections_over", ballot.title, ballot.objections_until)
    return _post(ctx, ballot, "room_objections_over", ballot.objections_until.isoformat(), text)


def post_publication_due(ctx: Context, ballot_id: str) -> int:
    """Remind the rooms of a sealed result that is not published: on the last day, and once when it is late."""
    ballot = facts_of(ctx.session, [ballot_id]).get(ballot_id)
    if ballot is None or ballot.state != "sealed" or ballot.publish_until is None:
        return 0
    now = ctx.clock.now()
    if now < ballot.publish_until - 24 * _HOUR:
        return 0
    kind = "room_publication_late" if now >= ballot.publish_until else "room_publication_due"
    text = rooms.stage_text(kind, ballot.title, ballot.publish_until)
    return _post(ctx, ballot, kind, ballot.publish_until.isoformat(), text)


def ballots_of_state(ctx: Context, state: str) -> list[str]:
    """Return every ballot in a state."""
    return ballots_in(ctx.session, state)


def _open(ctx: Context, ballot_id: str) -> BallotFacts | None:
    ballot = facts_of(ctx.session, [ballot_id]).get(ballot_id)
    is_running = ballot is not None and ballot.state == "open" and ballot.closes_at is not None
    if not is_running or ballot is None or ballot.closes_at is None or ctx.clock.now() >= ballot.closes_at:
        return None
    return ballot


def _post(ctx: Context, ballot: BallotFacts, kind: str, occasion: str, text: str) -> int:
    return post_to_rooms(
        ctx,
        organisation_id=ballot.organisation_id,
        topic=f"ballot:{ballot.id}",
        kind=kind,
        occasion=occasion,
        text=text,
        at=ctx.clock.now(),
    )
