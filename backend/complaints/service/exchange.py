"""Files in and out: imported all or nothing with a full report, exported without anybody who reported."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import sha256
from typing import Any

from backend.complaints import queries
from backend.complaints.rules.exchange import Checked, Incoming, check_complaints
from backend.complaints.rules.numbers import format_number
from backend.complaints.rules.states import STATE_TITLES, State
from backend.complaints.rules.vocabulary import (
    CATEGORIES,
    NATURE_TITLES,
    OUTCOME_TITLES,
    SOURCE_TITLES,
    Nature,
    Outcome,
    Source,
)
from backend.complaints.service.intake import RecordComplaint, Report, record_complaint
from backend.complaints.service.loading import own_parties
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, require
from backend.kernel.clock import SHANGHAI
from backend.kernel.errors import DomainError
from backend.registry.queries import estate_codes, scope_of_organisation
from backend.registry.rules.findings import Finding

_PAGE = 500


def import_complaints(ctx: Context, organisation_id: str, content: bytes) -> tuple[bool, dict[str, Any]]:
    """Take in a whole file or nothing of it; returns whether it can be kept, and the report.

    The caller commits what may be kept and rolls back the rest. A row that was taken in before is not taken in
    again: it is known by its ticket number, or by all it says.
    """
    scope = scope_of_organisation(ctx.session, organisation_id)
    require(ctx.actor, Permission.COMPLAINT_REGISTER, scope)
    checked = check_complaints(content, estate_codes(ctx.session, scope.organisation_path))
    if checked.errors.count:
        return False, _report(checked, 0, 0)
    added, known = 0, 0
    for row in checked.rows:
        try:
            made = record_complaint(ctx, _command(row))
        except DomainError as error:
            reason = "；".join([error.message, *(found.message for found in error.fields)])
            checked.errors.add(Finding(row.row, "", "", reason, "请改正这一行后重新导入"))
            continue
        added, known = added + made.is_new, known + (not made.is_new)
    return not checked.errors.count, _report(checked, added, known)


def export_complaints(
    ctx: Context, organisation_id: str, wanted: queries.ComplaintFilter
) -> Iterator[list[str]]:
    """Yield the rows of an export, newest first, as the responsible parties may read the words."""
    scope = scope_of_organisation(ctx.session, organisation_id)
    require(ctx.actor, Permission.COMPLAINT_READ, scope)
    watcher = queries.Watcher(ctx.actor, own_parties(ctx), ctx.clock.now())
    before: Position | None = None
    while True:
        rows = queries.complaints_page(ctx.session, watcher, wanted, _PAGE, before)
        names = queries.party_names(ctx.session, rows)
        for row in rows:
            if row.organisation_path.startswith(scope.organisation_path) and not row.is_restricted:
                yield _exported(row, names)
        if len(rows) < _PAGE:
            return
        before = (rows[-1].registered_at, rows[-1].id)
        ctx.session.expunge_all()


def _command(row: Incoming) -> RecordComplaint:
    said = f"{row.estate_id}\0{row.source}\0{row.category}\0{row.words}\0{row.name}\0{row.phone}"
    known_by = row.ticket_number or sha256(said.encode()).hexdigest()
    report = Report(
        category=row.category,
        words=row.words,
        disclosure=row.disclosure,
        estate_id=row.estate_id,
        place_words=row.place_words,
    )
    return RecordComplaint(
        report,
        row.source,
        f"import-{known_by}",
        ticket_number=row.ticket_number,
        reporter_name=row.name,
        reporter_phone=row.phone,
    )


def _report(checked: Checked, added: int, known: int) -> dict[str, Any]:
    return {
        "rows": checked.count,
        "added": 0 if checked.errors.count else added,
        "known": 0 if checked.errors.count else known,
        "error_count": checked.errors.count,
        "errors": checked.errors.to_json(),
    }


def _exported(row: Complaint, names: dict[str, str]) -> list[str]:
    return [
        format_number(row.number),
        row.ticket_number or "",
        STATE_TITLES[State(row.state)],
        NATURE_TITLES[Nature(row.nature)],
        CATEGORIES[row.category].title,
        SOURCE_TITLES[Source(row.source)],
        row.place_label,
        row.words_for_party,
        names.get(row.party_id or "", ""),
        _local(row.registered_at),
        _local(row.due_at),
        "是" if row.is_due_provisional else "",
        _local(row.resolved_at),
        _local(row.closed_at),
        OUTCOME_TITLES[Outcome(row.outcome)] if row.outcome else "",
        _yes(row.is_solved),
        _yes(row.is_satisfied),
        str(row.reopenings),
        "是" if row.is_supervised else "",
    ]


def _local(instant: Any) -> str:
    return "" if instant is None else instant.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


def _yes(answer: bool | None) -> str:
    return "" if answer is None else "是" if answer else "否"
