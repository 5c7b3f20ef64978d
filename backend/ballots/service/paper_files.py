"""A whole batch from a table: all sheets entered by one person, read again from a second table by another.

Only for consent gathered on paper before the product was adopted (channel ``legacy``): a paper of today is entered
sheet by sheet, each with its own photo (threats.md: false papers in bulk).
"""

from __future__ import annotations

from dataclasses import dataclass

from backend.ballots.repository import paper as repository
from backend.ballots.repository.ballots import motions_of
from backend.ballots.rules.paper_file import DOOR, FileRow, read_rows
from backend.ballots.service.batches import load_batch
from backend.ballots.service.paper import (
    ConfirmSheet,
    EnterSheet,
    begin_entry,
    confirm_sheet,
    enter_into,
)
from backend.ballots.tables import Ballot, PaperBatch
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict, FieldError, Unprocessable
from backend.registry import queries as registry


@dataclass(frozen=True, slots=True)
class FileConfirmed:
    """What a second table confirmed: the sheets that agree; the others by number, never by mark."""

    confirmed: int
    mismatched: list[int]
    not_entered: list[int]


def enter_file(ctx: Context, batch_id: str, content: bytes) -> int:
    """Enter every row as a sheet under the batch's own photo, all or nothing; returns how many.

    Sending the same table again enters nothing twice. Raises as ``enter_sheet``, and Unprocessable naming
    every wrong row.
    """
    work = begin_entry(ctx, batch_id)
    _require_legacy(work.batch)
    rows = read_rows(content, work.motion_ids)
    entry_ids = _entries(ctx, work.ballot, rows)
    for row in rows:
        enter_into(
            ctx,
            work,
            EnterSheet(batch_id, row.sheet_no, entry_ids[row.line], row.marks, work.batch.photo_sha256),
        )
    return len(rows)


def confirm_file(ctx: Context, batch_id: str, content: bytes) -> FileConfirmed:
    """Confirm the sheets that a second person's own table reads the same; the others stay entered."""
    batch, _ = load_batch(ctx, batch_id, Permission.PAPER_CONFIRM)
    _require_legacy(batch)
    ballot = ctx.session.get(Ballot, batch.ballot_id)
    assert ballot is not None
    rows = read_rows(content, [motion.id for motion in motions_of(ctx.session, ballot.id)])
    entry_ids = _entries(ctx, ballot, rows)
    confirmed, mismatched, not_entered = 0, [], []
    for row in rows:
        found = repository.find_sheet_at(ctx.session, batch_id, row.sheet_no)
        if found is None:
            not_entered.append(row.sheet_no)
        elif _confirm(ctx, ConfirmSheet(found[0].receipt, entry_ids[row.line], row.marks)):
            confirmed += 1
        else:
            mismatched.append(row.sheet_no)
    return FileConfirmed(confirmed, mismatched, not_entered)


def _require_legacy(batch: PaperBatch) -> None:
    if batch.channel != "legacy":
        raise Conflict(
            "sheet_by_sheet",
            "只有采用本系统以前收集的书面意见可以按表格导入；本次的纸质票须逐张拍照录入、核对。",
        )


def _confirm(ctx: Context, command: ConfirmSheet) -> bool:
    """Tell whether the readings agree; ``confirm_sheet`` writes nothing before it has compared them."""
    try:
        confirm_sheet(ctx, command)
    except Conflict as error:
        if error.code != "sheet_mismatch":
            raise
        return False
    return True


def _entries(ctx: Context, ballot: Ballot, rows: list[FileRow]) -> dict[int, str]:
    """Return line → entry id; raises Unprocessable naming the doors that are not on the roll."""
    found: dict[int, str] = {}
    problems = []
    for row in rows:
        dwelling_id = registry.find_dwelling(ctx.session, ballot.estate_id, row.door)
        entry = dwelling_id and repository.find_entry_of_dwelling(ctx.session, ballot.id, dwelling_id)
        if entry:
            found[row.line] = entry.id
        else:
            problems.append(FieldError(f"{row.line}.{DOOR}", "名册上没有这一户。"))
    if problems:
        message = f"有 {len(problems)} 行的房屋不在名册上，一张也没有录入。"
        raise Unprocessable("paper_file", message, problems[:200])
    return found
