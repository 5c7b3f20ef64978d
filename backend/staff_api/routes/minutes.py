"""The minutes of count day: who counted, the sheet to print and sign, the signed sheet by its hash."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.ballots.printing.minutes import print_minutes as make_print
from backend.ballots.service import minutes
from backend.infra.web import current_context, endpoint, expected_version, idempotency_key, staff
from backend.kernel.access import Permission
from backend.staff_api.schemas import minutes as schemas
from backend.staff_api.schemas.paper import NumberQuery

door = Blueprint("staff_minutes", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff minutes"]
_KEEP = Permission.BALLOT_PUBLISH


@door.get("/ballots/<id:ballot_id>/minutes")
@endpoint(staff(Permission.BALLOT_READ), {200: schemas.MinutesListOut}, tags=_TAGS)
def list_minutes(ballot_id: str, query: NumberQuery) -> schemas.MinutesListOut:
    """List the editions of a ballot's minutes by number; without names."""
    rows = minutes.list_minutes(current_context(), ballot_id, query.cursor, query.limit)
    following = rows[-1].edition if len(rows) == query.limit else None
    return schemas.MinutesListOut(items=[schemas.MinutesLineOut.of(row) for row in rows], next=following)


@door.post("/ballots/<id:ballot_id>/minutes")
@endpoint(staff(_KEEP, needs_idempotency_key=True), {201: schemas.MinutesOut}, tags=_TAGS)
def record_minutes(ballot_id: str, json: schemas.RecordMinutesIn) -> tuple[schemas.MinutesOut, int]:
    """Record the minutes as a draft, after the close; with a reason a correction of signed ones."""
    command = minutes.RecordMinutes(ballot_id, json.content(), idempotency_key(), json.reason)
    return schemas.MinutesOut.of(minutes.record_minutes(current_context(), command)), 201


@door.get("/minutes/<id:minutes_id>")
@endpoint(staff(_KEEP), {200: schemas.MinutesOut}, tags=_TAGS)
def show_minutes(minutes_id: str) -> schemas.MinutesOut:
    """Show an edition with its names."""
    return schemas.MinutesOut.of(minutes.show_minutes(current_context(), minutes_id))


@door.put("/minutes/<id:minutes_id>")
@endpoint(staff(_KEEP, needs_version=True), {200: schemas.MinutesOut}, tags=_TAGS)
def change_minutes(minutes_id: str, json: schemas.MinutesIn) -> schemas.MinutesOut:
    """Change a draft; ``If-Match`` carries the version read."""
    command = minutes.ChangeMinutes(minutes_id, expected_version(), json.content())
    return schemas.MinutesOut.of(minutes.change_minutes(current_context(), command))


@door.post("/minutes/<id:minutes_id>/print")
@endpoint(staff(_KEEP, limit="30/minute"), {200: None}, tags=_TAGS, responses_raw="application/pdf")
def print_minutes(minutes_id: str) -> Response:
    """Print the minutes to be signed (PDF); the result stands on them from the seal on."""
    return Response(make_print(current_context(), minutes_id), mimetype="application/pdf")


@door.post("/minutes/<id:minutes_id>/sign")
@endpoint(staff(_KEEP, needs_version=True), {200: schemas.MinutesOut}, tags=_TAGS)
def sign_minutes(minutes_id: str, json: schemas.SignedIn) -> schemas.MinutesOut:
    """Bind the uploaded signed sheet to the version it was printed from (``If-Match``)."""
    ctx = current_context()
    return schemas.MinutesOut.of(minutes.sign_minutes(ctx, minutes_id, expected_version(), json.document))


@door.get("/minutes/<id:minutes_id>/document")
@endpoint(staff(Permission.BALLOT_READ), {200: None}, tags=_TAGS, responses_raw="*/*")
def read_signed_sheet(minutes_id: str) -> Response:
    """Download the signed sheet."""
    found = minutes.read_signed_sheet(current_context(), minutes_id)
    return Response(found.content, mimetype=found.media_type, headers={"Content-Disposition": "attachment"})
