"""Ballots for staff: draft, announce, open, stop, publish."""

from __future__ import annotations

from typing import Literal

from flask import Blueprint

from backend.ballots import queries
from backend.ballots.service import closing, corrections, opening, preparing, reading
from backend.ballots.service.preparing import AddMotion, CreateBallot
from backend.infra.context import Context
from backend.infra.paging import decode_cursor, encode_cursor
from backend.infra.web import current_context, endpoint, expected_version, staff
from backend.kernel.access import Permission
from backend.kernel.errors import NotFound
from backend.ledger.rules.receipt import parse_receipt
from backend.staff_api.schemas import ballots as schemas

door = Blueprint("staff_ballots", __name__, url_prefix="/api/v1/staff/ballots")

_TAGS = ["staff ballots"]


def _page(ctx: Context, ballot_id: str) -> schemas.BallotPageOut:
    ballot = reading.show_ballot(ctx, ballot_id)
    return schemas.BallotPageOut(
        **schemas.BallotOut.of(ballot).model_dump(),
        motions=[schemas.MotionOut.of(row) for row in queries.motions_of(ctx.session, ballot.id)],
        documents=[schemas.DocumentOut.of(row) for row in queries.documents_of(ctx.session, ballot.id)],
        result=ballot.result if reading.may_see_result(ctx, ballot) else None,
    )


@door.get("")
@endpoint(staff(Permission.BALLOT_READ), {200: schemas.BallotListOut}, tags=_TAGS)
def list_ballots(query: schemas.BallotQuery) -> schemas.BallotListOut:
    """List an estate's ballots, newest first."""
    before, wanted = decode_cursor(query.cursor), query.limit + 1
    rows = reading.list_ballots(
        current_context(), query.estate, state=query.state, before=before, limit=wanted
    )
    page, rest = rows[: query.limit], rows[query.limit :]
    position = (page[-1].created_at, page[-1].id) if rest else None
    return schemas.BallotListOut(
        items=[schemas.BallotOut.of(row) for row in page], next=encode_cursor(position)
    )


@door.post("")
@endpoint(staff(Permission.BALLOT_PREPARE), {201: schemas.BallotOut}, tags=_TAGS)
def create_ballot(json: schemas.CreateBallotIn) -> tuple[schemas.BallotOut, int]:
    """Create a draft."""
    command = CreateBallot(
        estate_id=json.estate,
        kind=json.kind,
        title=json.title,
        building_id=json.building,
        entrance_id=json.entrance,
        electorate=json.electorate,
        re_vote=json.re_vote,
        max_choices=json.max_choices,
        parameters=json.parameters,
        parking_rule=json.parking_rule,
        parking_document=json.parking_document,
        project_id=json.project,
        rerun_of=json.rerun_of,
    )
    return schemas.BallotOut.of(preparing.create_ballot(current_context(), command)), 201


@door.get("/<id:ballot_id>")
@endpoint(staff(Permission.BALLOT_READ), {200: schemas.BallotPageOut}, tags=_TAGS)
def show_ballot(ballot_id: str) -> schemas.BallotPageOut:
    """Show a ballot."""
    return _page(current_context(), ballot_id)


@door.put("/<id:ballot_id>/window")
@endpoint(staff(Permission.BALLOT_PREPARE, needs_version=True), {200: schemas.BallotPageOut}, tags=_TAGS)
def set_window(ballot_id: str, json: schemas.WindowIn) -> schemas.BallotPageOut:
    """Set the window of a draft; ``If-Match`` carries the version read."""
    ctx = current_context()
    preparing.set_window(ctx, ballot_id, (json.opens_at, json.closes_at), expected_version())
    return _page(ctx, ballot_id)


@door.post("/<id:ballot_id>/motions")
@endpoint(staff(Permission.BALLOT_PREPARE), {201: schemas.MotionOut}, tags=_TAGS)
def add_motion(ballot_id: str, json: schemas.MotionIn) -> tuple[schemas.MotionOut, int]:
    """Add a motion to a draft."""
    command = AddMotion(
        ballot_id, json.title, json.body, json.rule, json.rule_reason, tuple(json.joined_rules)
    )
    return schemas.MotionOut.of(preparing.add_motion(current_context(), command)), 201


@door.post("/<id:ballot_id>/documents")
@endpoint(staff(Permission.BALLOT_PREPARE), {201: schemas.DocumentOut}, tags=_TAGS)
def add_document(ballot_id: str, json: schemas.DocumentIn) -> tuple[schemas.DocumentOut, int]:
    """Attach an uploaded file to a draft."""
    row = preparing.add_document(current_context(), ballot_id, json.sha256, json.title, json.media_type)
    return schemas.DocumentOut.of(row), 201


@door.post("/<id:ballot_id>/checks")
@endpoint(staff(Permission.BALLOT_PREPARE), {200: schemas.PreflightOut}, tags=_TAGS)
def state_check(ballot_id: str, json: schemas.CheckIn) -> schemas.PreflightOut:
    """Record a pre-flight statement."""
    preparing.state_check(current_context(), ballot_id, json.name, json.note, json.evidence)
    return _preflight(ballot_id)


@door.get("/<id:ballot_id>/preflight")
@endpoint(staff(Permission.BALLOT_READ), {200: schemas.PreflightOut}, tags=_TAGS)
def preflight(ballot_id: str) -> schemas.PreflightOut:
    """Show what the next step still needs."""
    return _preflight(ballot_id)


def _preflight(ballot_id: str) -> schemas.PreflightOut:
    conditions = opening.preflight(current_context(), ballot_id)
    return schemas.PreflightOut(
        is_ready=all(condition.is_met for condition in conditions),
        conditions=[schemas.ConditionOut.of(condition) for condition in conditions],
    )


@door.post("/<id:ballot_id>/publish-notice")
@endpoint(staff(Permission.BALLOT_PREPARE, needs_version=True), {200: schemas.BallotPageOut}, tags=_TAGS)
def publish_notice(ballot_id: str) -> schemas.BallotPageOut:
    """Publish the voting notice; everything shown is fixed from here on. ``If-Match`` carries the version read."""
    ctx = current_context()
    opening.publish_notice(ctx, ballot_id, expected_version())
    return _page(ctx, ballot_id)


@door.post("/<id:ballot_id>/open")
@endpoint(staff(Permission.BALLOT_OPEN), {200: schemas.BallotPageOut}, tags=_TAGS)
def open_ballot(ballot_id: str) -> schemas.BallotPageOut:
    """Freeze the roll and open; votes count from ``opens_at``."""
    ctx = current_context()
    opening.open_ballot(ctx, ballot_id)
    return _page(ctx, ballot_id)


@door.post("/<id:ballot_id>/extend")
@endpoint(staff(Permission.BALLOT_STOP), {200: schemas.BallotPageOut}, tags=_TAGS)
def extend(ballot_id: str, json: schemas.ExtendIn) -> schemas.BallotPageOut:
    """Extend the window once, with a reason."""
    ctx = current_context()
    opening.extend(ctx, ballot_id, json.closes_at, json.reason)
    return _page(ctx, ballot_id)


def _stop(
    ballot_id: str, step: Literal["suspend", "resume", "void", "cancel"], reason: str
) -> schemas.BallotPageOut:
    ctx = current_context()
    opening.stop(ctx, ballot_id, step, reason)
    return _page(ctx, ballot_id)


@door.post("/<id:ballot_id>/suspend")
@endpoint(staff(Permission.BALLOT_STOP), {200: schemas.BallotPageOut}, tags=_TAGS)
def suspend(ballot_id: str, json: schemas.ReasonIn) -> schemas.BallotPageOut:
    """Suspend voting, with a reason and a notice."""
    return _stop(ballot_id, "suspend", json.reason)


@door.post("/<id:ballot_id>/resume")
@endpoint(staff(Permission.BALLOT_STOP), {200: schemas.BallotPageOut}, tags=_TAGS)
def resume(ballot_id: str, json: schemas.ReasonIn) -> schemas.BallotPageOut:
    """Resume a suspended ballot; its close has not moved."""
    return _stop(ballot_id, "resume", json.reason)


@door.post("/<id:ballot_id>/void")
@endpoint(staff(Permission.BALLOT_STOP), {200: schemas.BallotPageOut}, tags=_TAGS)
def void(ballot_id: str, json: schemas.ReasonIn) -> schemas.BallotPageOut:
    """Void a ballot, with a reason and a notice; its votes are kept."""
    return _stop(ballot_id, "void", json.reason)


@door.post("/<id:ballot_id>/cancel")
@endpoint(staff(Permission.BALLOT_STOP), {200: schemas.BallotPageOut}, tags=_TAGS)
def cancel(ballot_id: str, json: schemas.ReasonIn) -> schemas.BallotPageOut:
    """Cancel a ballot that has not opened."""
    return _stop(ballot_id, "cancel", json.reason)


@door.get("/<id:ballot_id>/participation")
@endpoint(staff(Permission.PARTICIPATION_READ), {200: schemas.ParticipationOut}, tags=_TAGS)
def show_participation(ballot_id: str) -> schemas.ParticipationOut:
    """Show participation of the whole electorate."""
    return schemas.ParticipationOut(**reading.ballot_participation(current_context(), ballot_id))


@door.get("/<id:ballot_id>/places")
@endpoint(staff(Permission.PARTICIPATION_READ), {200: schemas.PlacesOut}, tags=_TAGS)
def show_places(ballot_id: str, query: schemas.PlaceQuery) -> schemas.PlacesOut:
    """Show participation by building, entrance or door."""
    rows = reading.participation_by_place(current_context(), ballot_id, query.building, query.level)
    return schemas.PlacesOut(items=[schemas.PlaceOut.of(row) for row in rows])


@door.post("/<id:ballot_id>/snapshot")
@endpoint(staff(Permission.BALLOT_PREPARE), {200: schemas.SnapshotOut}, tags=_TAGS)
def take_snapshot(ballot_id: str) -> schemas.SnapshotOut:
    """Take the day's look at the consensus, where the notice allows it."""
    return schemas.SnapshotOut.of(reading.take_snapshot(current_context(), ballot_id))


@door.post("/<id:ballot_id>/publish-preliminary")
@endpoint(staff(Permission.BALLOT_PUBLISH), {200: schemas.BallotPageOut}, tags=_TAGS)
def publish_preliminary(ballot_id: str) -> schemas.BallotPageOut:
    """Publish the preliminary result and open the time for objections."""
    ctx = current_context()
    closing.publish_preliminary(ctx, ballot_id)
    return _page(ctx, ballot_id)


@door.post("/<id:ballot_id>/correct")
@endpoint(staff(Permission.BALLOT_REVIEW), {200: schemas.BallotPageOut}, tags=_TAGS)
def correct(ballot_id: str, json: schemas.CorrectIn) -> schemas.BallotPageOut:
    """Strike a vote found wrong on an upheld objection, recount, publish the correction."""
    ctx = current_context()
    receipt = parse_receipt(json.receipt)
    if receipt is None:
        raise NotFound
    corrections.correct_vote(ctx, ballot_id, receipt, json.reason)
    return _page(ctx, ballot_id)


@door.post("/<id:ballot_id>/finalise")
@endpoint(staff(Permission.BALLOT_PUBLISH), {200: schemas.BallotPageOut}, tags=_TAGS)
def finalise(ballot_id: str) -> schemas.BallotPageOut:
    """Publish the final result."""
    ctx = current_context()
    closing.finalise(ctx, ballot_id)
    return _page(ctx, ballot_id)
