"""Paper for staff: sealed batches, sheets, tables, printed ballots, the auditor's look."""

from __future__ import annotations

from flask import Blueprint, Response, request

from backend.ballots import printing
from backend.ballots.service import batches, codes, paper, paper_audit, paper_files
from backend.infra.web import current_context, endpoint, idempotency_key, staff
from backend.kernel.access import Permission
from backend.kernel.errors import Invalid, NotFound
from backend.ledger.rules.receipt import parse_receipt
from backend.staff_api.schemas import paper as schemas

door = Blueprint("staff_paper", __name__, url_prefix="/api/v1/staff")

_TAGS = ["staff paper"]
_ENTER = Permission.PAPER_ENTER
_CONFIRM = Permission.PAPER_CONFIRM


def receipt_of(text: str) -> str:
    """Return the receipt in a path; anything that is none names nothing."""
    receipt = parse_receipt(text)
    if receipt is None:
        raise NotFound
    return receipt


@door.get("/ballots/<id:ballot_id>/paper-batches")
@endpoint(staff(_ENTER), {200: schemas.PaperBatchListOut}, tags=_TAGS)
def list_batches(ballot_id: str, query: schemas.NumberQuery) -> schemas.PaperBatchListOut:
    """List a ballot's batches by number."""
    views = batches.list_batches(current_context(), ballot_id, query.cursor, query.limit)
    following = views[-1].batch.number if len(views) == query.limit else None
    return schemas.PaperBatchListOut(
        items=[schemas.PaperBatchOut.of_view(view) for view in views], next=following
    )


@door.post("/ballots/<id:ballot_id>/paper-batches")
@endpoint(staff(_ENTER, needs_idempotency_key=True), {201: schemas.PaperBatchOut}, tags=_TAGS)
def register_batch(ballot_id: str, json: schemas.BatchIn) -> tuple[schemas.PaperBatchOut, int]:
    """Register a sealed batch while voting runs."""
    command = batches.RegisterBatch(
        ballot_id, json.paper_count, json.photo, idempotency_key(), json.channel, json.note
    )
    return schemas.PaperBatchOut.of(batches.register_batch(current_context(), command)), 201


@door.post("/paper-batches/<id:batch_id>/witness")
@endpoint(staff(_CONFIRM), {200: schemas.PaperBatchOut}, tags=_TAGS)
def witness_batch(batch_id: str, json: schemas.WitnessIn) -> schemas.PaperBatchOut:
    """Confirm a batch's count as a second person, before the deadline."""
    return schemas.PaperBatchOut.of(batches.witness_batch(current_context(), batch_id, json.paper_count))


@door.get("/paper-batches/<id:batch_id>/sheets")
@endpoint(staff(_ENTER), {200: schemas.PaperSheetListOut}, tags=_TAGS)
def list_sheets(batch_id: str, query: schemas.SheetQuery) -> schemas.PaperSheetListOut:
    """List a batch's sheets: no room and no mark, so that the second reading is blind."""
    number, _, receipt = (query.cursor or "0-").partition("-")
    after = (int(number), receipt)
    rows = paper.list_sheets(current_context(), batch_id, query.state, after, query.limit)
    following = f"{rows[-1].sheet_no}-{rows[-1].receipt}" if len(rows) == query.limit else None
    return schemas.PaperSheetListOut(items=[schemas.PaperSheetOut.of(row) for row in rows], next=following)


@door.post("/paper-batches/<id:batch_id>/sheets")
@endpoint(staff(_ENTER), {201: schemas.PaperSheetOut}, tags=_TAGS)
def enter_sheet(batch_id: str, json: schemas.SheetIn) -> tuple[schemas.PaperSheetOut, int]:
    """Enter one sheet; sent again unchanged it gives the same receipt."""
    command = paper.EnterSheet(batch_id, json.sheet_no, json.entry, json.marks, json.photo)
    return schemas.PaperSheetOut.of(paper.enter_sheet(current_context(), command)), 201


@door.post("/paper-sheets/<string:receipt>/confirm")
@endpoint(staff(_CONFIRM), {200: schemas.PaperSheetOut}, tags=_TAGS)
def confirm_sheet(receipt: str, json: schemas.ReadingIn) -> schemas.PaperSheetOut:
    """Confirm a sheet by one's own reading."""
    command = paper.ConfirmSheet(receipt_of(receipt), json.entry, json.marks)
    return schemas.PaperSheetOut.of(paper.confirm_sheet(current_context(), command))


@door.post("/paper-sheets/<string:receipt>/return")
@endpoint(staff(_CONFIRM), {200: schemas.PaperSheetOut}, tags=_TAGS)
def return_sheet(receipt: str, json: schemas.ReturnIn) -> schemas.PaperSheetOut:
    """Send a wrongly entered sheet back; its number is free again."""
    return schemas.PaperSheetOut.of(paper.return_sheet(current_context(), receipt_of(receipt), json.reason))


@door.post("/paper-sheets/<string:receipt>/photo-views")
@endpoint(staff(_CONFIRM), {200: None}, tags=_TAGS, responses_raw="application/octet-stream")
def show_photo(receipt: str) -> Response:
    """Show a sheet's photo to who may confirm it; every look is recorded."""
    content = paper.show_photo(current_context(), receipt_of(receipt))
    return Response(content, mimetype="application/octet-stream")


@door.post("/paper-batches/<id:batch_id>/table")
@endpoint(staff(_ENTER, is_upload=True, limit="30/minute"), {201: schemas.FileEnteredOut}, tags=_TAGS)
def enter_table(batch_id: str) -> tuple[schemas.FileEnteredOut, int]:
    """Enter a whole batch from a CSV table sent as the raw body, all or nothing."""
    sheets = paper_files.enter_file(current_context(), batch_id, request.get_data())
    return schemas.FileEnteredOut(sheets=sheets), 201


@door.post("/paper-batches/<id:batch_id>/table/confirm")
@endpoint(staff(_CONFIRM, is_upload=True, limit="30/minute"), {200: schemas.FileConfirmedOut}, tags=_TAGS)
def confirm_table(batch_id: str) -> schemas.FileConfirmedOut:
    """Confirm a batch by a second person's own CSV table."""
    return schemas.FileConfirmedOut.of(
        paper_files.confirm_file(current_context(), batch_id, request.get_data())
    )


@door.get("/ballots/<id:ballot_id>/roll-entry")
@endpoint(staff(_ENTER), {200: schemas.FoundEntryOut}, tags=_TAGS)
def find_entry(ballot_id: str, query: schemas.EntryQuery) -> schemas.FoundEntryOut:
    """Find a roll entry by door or by printed code."""
    if (query.code is None) == (query.door is None):
        raise Invalid("entry_query", "请给出房号（door）或二维码内容（code）中的一项。")
    found = codes.find_entry(current_context(), ballot_id, code=query.code, door=query.door or "")
    return schemas.FoundEntryOut.of(found)


@door.post("/ballots/<id:ballot_id>/prints")
@endpoint(staff(_ENTER, limit="30/minute"), {200: None}, tags=_TAGS, responses_raw="application/pdf")
def print_ballots(ballot_id: str, json: schemas.PrintIn) -> Response:
    """Print the ballots of a building (PDF); ``X-Parts`` says in how many parts the building comes."""
    command = printing.PrintBallots(ballot_id, json.building, json.part, json.large)
    made = printing.print_ballots(current_context(), command)
    return Response(made.content, mimetype="application/pdf", headers={"X-Parts": str(made.parts)})


@door.get("/ballots/<id:ballot_id>/paper-rates")
@endpoint(staff(Permission.AUDIT_READ), {200: schemas.RateListOut}, tags=_TAGS)
def show_rates(ballot_id: str) -> schemas.RateListOut:
    """Show how much and how fast each person entered paper."""
    rates = paper_audit.show_rates(current_context(), ballot_id)
    return schemas.RateListOut(items=[schemas.RateOut.of(rate) for rate in rates])


@door.post("/ballots/<id:ballot_id>/paper-samples")
@endpoint(staff(Permission.AUDIT_READ), {201: schemas.SampleOut}, tags=_TAGS)
def draw_sample(ballot_id: str, json: schemas.SampleIn) -> tuple[schemas.SampleOut, int]:
    """Draw paper votes to call back by a published seed; the draw is recorded."""
    drawn = paper_audit.draw_recall(current_context(), ballot_id, json.seed, json.size)
    return schemas.SampleOut(items=[schemas.RecallOut.of(row) for row in drawn]), 201
