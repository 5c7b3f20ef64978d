"""The rectification register for staff: items, evidence, verification, counts, ledger files."""

from __future__ import annotations

from flask import Blueprint, Response

from backend.infra.paging import decode_cursor
from backend.infra.web import current_context, endpoint, expected_version, idempotency_key, staff
from backend.kernel.access import Permission
from backend.rectification import service
from backend.rectification.service import AddEvidence
from backend.staff_api.schemas import rectification as schemas

door = Blueprint("staff_rectification", __name__, url_prefix="/api/v1/staff/rectification")

_TAGS = ["staff rectification"]
_READ = staff(Permission.RECTIFICATION_READ)
_READ_VERSION = staff(Permission.RECTIFICATION_READ, needs_version=True)
_WRITE_KEY = staff(Permission.RECTIFICATION_WRITE, needs_idempotency_key=True)
_WRITE_VERSION = staff(Permission.RECTIFICATION_WRITE, needs_version=True)
_VERIFY_VERSION = staff(Permission.RECTIFICATION_VERIFY, needs_version=True)
_FILE = staff(Permission.RECTIFICATION_WRITE, limit="30/minute")
_EXPORT = staff(Permission.RECTIFICATION_READ, limit="30/minute")
_ITEM = "/items/<id:item_id>"
_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@door.get("/items")
@endpoint(_READ, {200: schemas.ItemListOut}, tags=_TAGS)
def list_rectification_items(query: schemas.ItemQuery) -> schemas.ItemListOut:
    """List the items in the caller's area, newest first; ``overdue`` gives the overdue list."""
    before, size = decode_cursor(query.cursor), query.limit + 1
    ctx = current_context()
    found = service.list_items(ctx, query.wanted(), size, before, is_overdue=query.overdue)
    return schemas.ItemListOut.of(found, query.limit)


@door.post("/items")
@endpoint(_WRITE_KEY, {201: schemas.ItemOut}, tags=_TAGS)
def open_rectification_item(json: schemas.OpenItemIn) -> tuple[schemas.ItemOut, int]:
    """Open an item under the estate's next number."""
    card = service.open_item(current_context(), json.command(idempotency_key()))
    return schemas.ItemOut.of(card), 201


@door.get(_ITEM)
@endpoint(_READ, {200: schemas.ItemPageOut}, tags=_TAGS)
def show_rectification_item(item_id: str) -> schemas.ItemPageOut:
    """Show an item with evidence and history."""
    return schemas.ItemPageOut.of(service.show_item(current_context(), item_id))


@door.put(_ITEM)
@endpoint(_WRITE_VERSION, {200: schemas.ItemOut}, tags=_TAGS)
def revise_rectification_item(item_id: str, json: schemas.ReviseItemIn) -> schemas.ItemOut:
    """Change what an item says while it is worked on; ``If-Match`` carries its version."""
    command = json.command(item_id, expected_version())
    return schemas.ItemOut.of(service.revise_item(current_context(), command))


@door.post(f"{_ITEM}/evidence")
@endpoint(_READ, {201: schemas.ItemPageOut}, tags=_TAGS)
def add_rectification_evidence(item_id: str, json: schemas.EvidenceIn) -> tuple[schemas.ItemPageOut, int]:
    """Attach evidence: a keeper of the register or the responsible person."""
    command = AddEvidence(item_id, json.phase, json.media)
    return schemas.ItemPageOut.of(service.add_evidence(current_context(), command)), 201


@door.delete("/evidence/<id:evidence_id>")
@endpoint(_READ, {200: schemas.ItemPageOut}, tags=_TAGS)
def withdraw_rectification_evidence(evidence_id: str) -> schemas.ItemPageOut:
    """Withdraw evidence while the item is worked on: a keeper of the register or whoever added it."""
    return schemas.ItemPageOut.of(service.withdraw_evidence(current_context(), evidence_id))


@door.post(f"{_ITEM}/progress")
@endpoint(_READ_VERSION, {200: schemas.ItemPageOut}, tags=_TAGS)
def take_rectification_step(item_id: str, json: schemas.ProgressIn) -> schemas.ItemPageOut:
    """Start or submit the work: a keeper of the register or the responsible person."""
    command = json.command(item_id, expected_version())
    return schemas.ItemPageOut.of(service.take_step(current_context(), command))


@door.post(f"{_ITEM}/verification")
@endpoint(_VERIFY_VERSION, {200: schemas.ItemPageOut}, tags=_TAGS)
def verify_rectification_item(item_id: str, json: schemas.VerificationIn) -> schemas.ItemPageOut:
    """Return, verify, close out or reopen: never by whoever is responsible or submitted the work."""
    command = json.command(item_id, expected_version())
    return schemas.ItemPageOut.of(service.take_step(current_context(), command))


@door.get("/units")
@endpoint(_READ, {200: schemas.UnitListOut}, tags=_TAGS)
def count_rectification_units(query: schemas.UnitQuery) -> schemas.UnitListOut:
    """Count items per estate and responsible unit, the most overdue first."""
    found = service.count_units(current_context(), query.organisation, query.estate)
    return schemas.UnitListOut.of(found)


@door.get("/template")
@endpoint(_FILE, {200: None}, tags=_TAGS, responses_raw=_XLSX)
def download_ledger_template() -> Response:
    """Download an empty ledger."""
    return _workbook(service.write_ledger_template(), "rectification-template.xlsx")


@door.post("/imports")
@endpoint(_FILE, {200: schemas.ImportLedgerOut}, tags=_TAGS)
def import_ledger(json: schemas.ImportLedgerIn) -> schemas.ImportLedgerOut:
    """Import an uploaded ledger whole, or report every fault and store nothing; the same file again changes nothing."""
    return schemas.ImportLedgerOut.of(service.import_ledger(current_context(), json.command()))


@door.post("/exports")
@endpoint(_EXPORT, {200: None}, tags=_TAGS, responses_raw=_XLSX)
def export_ledger(json: schemas.ExportLedgerIn) -> Response:
    """Export an estate's register as a ledger; logged, people masked for whoever may not know them."""
    return _workbook(service.export_ledger(current_context(), json.estate), "rectification.xlsx")


def _workbook(content: bytes, name: str) -> Response:
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, mimetype=_XLSX)
