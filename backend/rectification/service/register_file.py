"""A register out of and into a file: all lines or none, by their numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from backend.identity.queries import staff_names
from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, require
from backend.kernel.clock import local_date, start_of_day
from backend.kernel.errors import NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.rectification import errors, repository
from backend.rectification.queries.items import ItemCard, evidence_counts, to_card, without_reporter
from backend.rectification.rules.description import Description
from backend.rectification.rules.ledger_file import (
    Difference,
    LedgerFile,
    LedgerRow,
    Outcome,
    StoredLine,
    check_ledger,
    compare,
)
from backend.rectification.rules.ledger_sheet import LedgerLine, write_ledger
from backend.rectification.rules.numbering import highest
from backend.rectification.rules.progress import State
from backend.rectification.rules.wording import Source, split_place
from backend.rectification.service.loading import (
    Noted,
    acting_account,
    note_step,
    seal,
    sees_people,
    today_of,
)
from backend.rectification.tables import RectificationItem
from backend.registry.queries import EstateCard, estate_card, scope_of_estate

_DONE = (State.VERIFIED, State.CLOSED_OUT)
_LISTED = 100


@dataclass(frozen=True, slots=True)
class ImportLedger:
    """An uploaded ledger for one estate; a dry run stores nothing."""

    estate_id: str
    file_sha256: str
    is_dry_run: bool


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did or would do; with errors it did nothing."""

    is_dry_run: bool
    is_applied: bool
    rows: int
    added: int
    changed: int
    unchanged: int
    error_count: int
    errors: tuple[Mapping[str, Any], ...]
    numbers: tuple[str, ...]


def import_ledger(ctx: Context, command: ImportLedger) -> ImportReport:
    """Check a ledger and, unless it is a dry run or has errors, store all of it; the same file again changes nothing."""
    scope = scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.RECTIFICATION_WRITE, scope)
    try:
        content = ctx.storage.get(command.file_sha256)
    except NotFound as error:
        raise errors.wrong_field("file_sha256", "没有找到上传的文件，请重新上传") from error
    checked = check_ledger(content, today_of(ctx))
    if not command.is_dry_run:
        repository.keep_number_at_least(ctx.session, command.estate_id, highest(checked.rows))
    rows = {row.number: row for row in repository.items_of_estate(ctx.session, command.estate_id)}
    difference = compare(checked, _stored(ctx, rows))
    if checked.errors.count:
        return _report(command, checked, Difference())
    if any(row.outcome and row.outcome.state in _DONE for row in (*difference.added, *difference.changed)):
        require(ctx.actor, Permission.RECTIFICATION_VERIFY, scope)
    report = _report(command, checked, difference)
    if report.is_applied:
        _apply(ctx, scope, command, (difference, rows))
    return report


def export_ledger(ctx: Context, estate_id: str) -> bytes:
    """Return an estate's register as .xlsx; people and doors only for whoever may know them, and logged."""
    scope = scope_of_estate(ctx.session, estate_id)
    require(ctx.actor, Permission.RECTIFICATION_READ, scope)
    knows, today = sees_people(ctx, scope), today_of(ctx)
    rows = repository.items_of_estate(ctx.session, estate_id)
    names = _verifiers(ctx, rows)
    counts = evidence_counts(ctx.session, estate_id)
    lines = []
    for row in rows:
        card = to_card(row, ctx.vault, today, sees_people=knows)
        card = card if knows else without_reporter(card)
        before, after = (counts.get((row.id, phase), 0) for phase in ("before", "after"))
        lines.append(LedgerLine(_line(card, names if knows else {}), card.is_overdue, before, after))
    estate = estate_card(ctx.session, estate_id)
    payload = {"rows": len(rows), "with_people": knows}
    ledger.append(ctx, Event("rectification.exported", estate.organisation_id, "estate", estate_id, payload))
    return write_ledger(f"{estate.name}整改台账", today, lines)


def _verifiers(ctx: Context, rows: Iterable[RectificationItem]) -> dict[str, str]:
    return staff_names(ctx.session, ctx.vault, {row.verified_by for row in rows if row.verified_by})


def _stored(ctx: Context, rows: Mapping[str, RectificationItem]) -> dict[str, StoredLine]:
    live = repository.live_item_ids(ctx.session, [row.id for row in rows.values()])
    names, today = _verifiers(ctx, rows.values()), today_of(ctx)
    return {
        number: StoredLine(_line(to_card(row, ctx.vault, today, sees_people=True), names), row.id in live)
        for number, row in rows.items()
    }


def _line(card: ItemCard, names: Mapping[str, str]) -> LedgerRow:
    said = Description(
        card.problem,
        card.place_detail or card.place,
        card.responsible_party,
        card.measures,
        card.found_on,
        card.due_on,
        card.responsible_person,
    )
    verified_on = local_date(card.verified_at) if card.verified_at else None
    verifier = names.get(card.verified_by, "（已停用账号）") if card.verified_by else card.verifier
    outcome = Outcome(card.state, verifier, verified_on, card.closed_out_on)
    return LedgerRow(card.number, Source(card.source), card.source_reference or "", said, outcome)


def _report(command: ImportLedger, checked: LedgerFile, difference: Difference) -> ImportReport:
    count = checked.errors.count
    rows = (*difference.added, *difference.changed)
    return ImportReport(
        command.is_dry_run,
        not count and not command.is_dry_run,
        len(checked.rows),
        len(difference.added),
        len(difference.changed),
        difference.unchanged,
        count,
        tuple(checked.errors.to_json()),
        tuple(row.number for row in rows[:_LISTED]),
    )


def _apply(
    ctx: Context,
    scope: Scope,
    command: ImportLedger,
    work: tuple[Difference, Mapping[str, RectificationItem]],
) -> None:
    difference, rows = work
    estate, now = estate_card(ctx.session, command.estate_id), ctx.clock.now()
    for place, row in enumerate(difference.added):
        # A microsecond apart, so that lists keep the ledger's order.
        _add(ctx, (scope, estate), row, now + timedelta(microseconds=place))
    for row in difference.changed:
        stored = rows[row.number]
        # What somebody has worked on here comes this far only with the outcome it has.
        values = _said(ctx, row) | _reached(ctx, row.outcome, now)
        if not repository.change_item(ctx.session, stored, stored.version, **values):
            raise errors.changed()
        ctx.session.refresh(stored)
        note_step(ctx, stored, Noted("imported"), now)
    states = Counter(str(row.outcome.state) if row.outcome else "open" for row in difference.added)
    payload = {
        "file_sha256": command.file_sha256,
        "added": len(difference.added),
        "changed": len(difference.changed),
        "closed_out": states["closed_out"],
    }
    ledger.append(ctx, Event("rectification.imported", estate.organisation_id, "estate", estate.id, payload))


def _add(ctx: Context, at: tuple[Scope, EstateCard], row: LedgerRow, created_at: datetime) -> None:
    scope, estate = at
    item = RectificationItem(
        id=new_id(),
        estate_id=estate.id,
        organisation_id=estate.organisation_id,
        organisation_path=scope.organisation_path,
        estate_name=estate.name,
        number=row.number,
        is_imported=True,
        # Whoever brings an old ledger knows what is overdue in it.
        overdue_told=row.description.due_on if row.description.due_on < local_date(created_at) else None,
        created_by=acting_account(ctx),
        created_at=created_at,
        **_said(ctx, row),
        **_reached(ctx, row.outcome, created_at),
    )
    ctx.session.add(item)
    note_step(ctx, item, Noted("imported"), created_at)


def _said(ctx: Context, row: LedgerRow) -> dict[str, Any]:
    said = row.description
    place, detail = split_place(said.place)
    return {
        "source": str(row.source),
        "source_reference": row.source_reference or None,
        "problem": said.problem,
        "place": place,
        "place_sealed": seal(ctx, detail, "place"),
        "responsible_party": said.responsible_party,
        "responsible_person_sealed": seal(ctx, said.responsible_person, "responsible_person"),
        "measures": said.measures,
        "found_on": said.found_on,
        "due_on": said.due_on,
    }


def _reached(ctx: Context, outcome: Outcome | None, now: datetime) -> dict[str, Any]:
    found = outcome or Outcome()
    at = start_of_day(found.verified_on) if found.verified_on else None
    is_submitted = found.state in (State.SUBMITTED, *_DONE)
    return {
        "state": str(found.state),
        "submitted_by": None,
        "submitted_at": (at or now) if is_submitted else None,
        "verified_by": None,
        "verifier_sealed": seal(ctx, found.verifier, "verifier"),
        "verified_at": at if found.state in _DONE else None,
        "closed_out_on": found.closed_out_on,
    }
