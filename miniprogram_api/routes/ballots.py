"""Ballots, votes, tally and receipts for residents."""

from __future__ import annotations

from typing import Annotated

from flask import Blueprint, Response
from pydantic import BaseModel, Field

from backend.ballots import queries
from backend.ballots.rules.parameters import local_choices
from backend.ballots.rules.states import PUBLISHED
from backend.ballots.service import documents, objections
from backend.ballots.service.desk import Paper, PollingDesk
from backend.ballots.service.objections import ObjectToBallot
from backend.ballots.service.receipts import check_receipt
from backend.infra.lean_flask import WholeAnswer
from backend.infra.paging import PageQuery, decode_cursor, encode_cursor
from backend.infra.web import (
    admit,
    bearer_token_hash,
    current_app,
    current_context,
    endpoint,
    idempotency_key,
    public,
    resident,
)
from backend.kernel.access import require_resident
from backend.kernel.errors import NotFound, Unauthenticated
from backend.notices.rules import words_of
from miniprogram_api.schemas import ballots as schemas
from miniprogram_api.schemas.notices import ObjectionOut

door = Blueprint("mini_ballots", __name__, url_prefix="/api/v1")

_TALLY = resident(transaction=False, limit="3000/minute")
_CAST = resident(transaction=False, limit="120/minute", needs_idempotency_key=True)


def _desk() -> PollingDesk:
    desk: PollingDesk = current_app().extensions["polling_desk"]
    return desk


@door.get("/ballots")
@endpoint(resident(), {200: schemas.BallotListOut}, tags=["ballots"])
def list_ballots(query: PageQuery) -> schemas.BallotListOut:
    """List the announced ballots of the caller's estates, newest first."""
    ctx = current_context()
    before = decode_cursor(query.cursor)
    rows = queries.list_public(ctx.session, ctx.actor.estate_ids(), before=before, limit=query.limit + 1)
    page, rest = rows[: query.limit], rows[query.limit :]
    position = (page[-1].created_at, page[-1].id) if rest else None
    return schemas.BallotListOut(
        items=[schemas.BallotOut.of(row) for row in page], next=encode_cursor(position)
    )


@door.get("/ballots/<id:ballot_id>")
@endpoint(resident(), {200: schemas.BallotPageOut}, tags=["ballots"])
def show_ballot(ballot_id: str) -> schemas.BallotPageOut:
    """Show a ballot with its motions, documents and the entries of the caller's homes and mandates.

    ``may_vote`` of an entry tells whether the caller may vote for it.
    """
    ctx = current_context()
    account_id = require_resident(ctx.actor)
    ballot = queries.find_for_voter(ctx.session, ballot_id, ctx.actor.estate_ids(), account_id)
    if ballot is None:
        raise NotFound
    mandated = queries.mandated_homes(ctx.session, ballot_id, account_id)
    homes = [home.dwelling_id for home in ctx.actor.homes] + mandated
    casting = {*queries.casting_homes(ballot, ctx.actor.homes), *mandated}
    own = queries.own_entries(ctx.session, ballot.id, homes)
    is_published = ballot.state in PUBLISHED
    return schemas.BallotPageOut(
        **schemas.BallotOut.of(ballot).model_dump(),
        re_vote=ballot.re_vote,
        max_choices=ballot.max_choices,
        documents_hash=ballot.documents_hash,
        roll_hash=ballot.roll_hash,
        objections_until=ballot.objections_until,
        local_choices=local_choices(ballot.parameters, kind=ballot.kind, electorate=ballot.electorate),
        parking_rule=ballot.parking_rule,
        parking_document=ballot.parking_document,
        motions=[schemas.MotionOut.of(row) for row in queries.motions_of(ctx.session, ballot.id)],
        documents=[schemas.DocumentOut.of(row) for row in queries.documents_of(ctx.session, ballot.id)],
        entries=[schemas.EntryOut.of(row, may_vote=row.dwelling_id in casting) for row in own],
        result=ballot.result if is_published else None,
        minutes=[schemas.MinutesOut.of(row) for row in queries.signed_minutes(ctx.session, ballot.id)]
        if is_published
        else [],
    )


@door.get("/ballots/<id:ballot_id>/documents/<sha256>")
@endpoint(resident(), {200: None}, tags=["ballots"], responses_raw="*/*")
def download_document(ballot_id: str, sha256: str) -> Response:
    """Download a document of a ballot."""
    found = documents.read_document(current_context(), ballot_id, sha256)
    return Response(found.content, mimetype=found.media_type, headers={"Content-Disposition": "attachment"})


@door.post("/ballots/<id:ballot_id>/votes")
@endpoint(_CAST, {201: schemas.CastVoteOut}, tags=["votes"])
def cast_vote(ballot_id: str, json: schemas.CastVoteIn) -> tuple[schemas.CastVoteOut, int]:
    """Cast a whole paper; the caller, the window, the right and the documents are judged in one statement."""
    token_hash = bearer_token_hash()
    if token_hash is None:
        raise Unauthenticated
    paper = Paper(ballot_id, json.entries, json.choices, json.documents_hash, idempotency_key(), token_hash)
    try:
        return schemas.CastVoteOut.of(*_desk().cast(paper)), 201
    except NotFound:
        # Without a session an unknown ballot gets the answer of a known one.
        admit(current_app().authenticator.cached(token_hash), _CAST)
        raise


@door.get("/ballots/<id:ballot_id>/tally")
@endpoint(_TALLY, {200: schemas.TallyOut}, tags=["ballots"])
def show_tally(ballot_id: str) -> Response:
    """Show participation while voting runs, at most a second old; never what was said."""
    token_hash = bearer_token_hash()
    actor = admit(current_app().authenticator.cached(token_hash) if token_hash else None, _TALLY)
    body, etag = _desk().tally(ballot_id, actor)
    return WholeAnswer(body, mimetype="application/json", headers={"ETag": etag})


class ReceiptQuery(BaseModel):
    """The code as its holder reads it out: digits, spaces and dashes are all right."""

    code: Annotated[str, Field(min_length=1, max_length=40)]


@door.post("/ballots/<id:ballot_id>/objections")
@endpoint(resident(limit="30/minute", needs_idempotency_key=True), {201: ObjectionOut}, tags=["notices"])
def object_to_ballot(ballot_id: str, json: schemas.ObjectToBallotIn) -> tuple[ObjectionOut, int]:
    """Object to a vote or mandate recorded in the caller's household's name, or to a result in its objection days."""
    words = words_of(json.about, json.text)
    command = ObjectToBallot(ballot_id, json.about, json.dwelling, words, idempotency_key())
    return ObjectionOut.of(objections.object_to_ballot(current_context(), command)), 201


@door.get("/receipts")
@endpoint(public(limit="20/minute"), {200: schemas.ReceiptOut}, tags=["votes"])
def show_receipt(query: ReceiptQuery) -> schemas.ReceiptOut:
    """Check a receipt: counted in this ballot, with the proof; for anybody who holds the code."""
    return schemas.ReceiptOut.of(check_receipt(current_context(), query.code))
