"""Run imports: check without a lock, write all in one transaction, end with a report.

A worker is an edge of its own: it commits the claim, each sign of life, and the whole result, each by itself.
Killed at any point, nothing is applied, and the run is taken up again.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.exc import IntegrityError

from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.kernel.access import SYSTEM
from backend.kernel.errors import DomainError
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.registry.hooks import registered
from backend.registry.repository import runs
from backend.registry.repository.runs import Claim
from backend.registry.repository.stored import load_stored, lock_estates
from backend.registry.repository.writing import EstateWriter
from backend.registry.rules.check_file import check_file
from backend.registry.rules.difference import Difference, EstatePlan, StoredRoll, compare
from backend.registry.rules.roll_file import RollFile
from backend.registry.service.estates import CreateEstate, EstateFacts, create_estate
from backend.registry.tables import ImportRun

_SIGN_OF_LIFE_SECONDS = 2.0
_UNFOUNDED = "unfounded"
Watcher = Callable[[int, int], None]


class ClaimLost(Exception):
    """Another worker took the run over; this one stops and commits nothing."""


class _Progress:
    """Counts rows read and rows written; tells the database every two seconds and the watcher every time."""

    def __init__(self, ports: Ports, held: Claim, watcher: Watcher | None) -> None:
        self._ports = ports
        self._held = held
        self._watcher = watcher
        self._told_at = 0.0
        self.rows = 0
        self.is_writing = False
        self.written = 0

    def reading(self, done: int, total: int) -> None:
        """Tell how far the checking is; it is the first half of the way."""
        self.rows = max(total, 1)
        self._tell(min(done, total), 2 * self.rows)

    def writing(self, count: int) -> None:
        """Tell that ``count`` more rows are written."""
        self.written += count
        self._tell(min(self.rows + self.written, 2 * self.rows), 2 * self.rows)

    def _tell(self, done: int, total: int) -> None:
        if self._watcher:
            self._watcher(done, total)
        # SQLite has one writer: while the import writes, no second connection may.
        if self.is_writing and self._ports.settings.is_sqlite:
            return
        if time.monotonic() - self._told_at < _SIGN_OF_LIFE_SECONDS:
            return
        with open_session(self._ports.engine) as session:
            if not runs.keep(session, self._held, done, total):
                raise ClaimLost
            session.commit()
        self._held.run.progress_total = total
        self._told_at = time.monotonic()


def run_next_import(ports: Ports) -> bool:
    """Run the oldest waiting import, if any; tell whether there was one."""
    with open_session(ports.engine, read_only=True) as session:
        run_id = runs.next_run_id(session)
    if run_id is None:
        return False
    run_import(ports, run_id)
    return True


def run_import(ports: Ports, run_id: str, watcher: Watcher | None = None) -> None:
    """Run one import to its end; does nothing when another worker holds it."""
    with open_session(ports.engine) as session:
        held = runs.claim(session, run_id)
        session.commit()
    if held is None:
        return
    progress = _Progress(ports, held, watcher)
    try:
        _check_and_write(ports, held, progress)
    except ClaimLost:
        return
    except DomainError as error:
        _end(ports, held, "refused", {"message": error.message})
    except IntegrityError:
        message = "导入时这些房屋刚被别人修改过，没有任何改动，请重新导入。"
        _end(ports, held, "failed", {"message": message})


def _check_and_write(ports: Ports, held: Claim, progress: _Progress) -> None:
    content = ports.storage.get(held.run.file_sha256)
    with open_session(ports.engine, read_only=True) as session:
        estates, only = runs.codes_of_estates(session, held.run)
    if held.run.new_estate:
        only = held.run.new_estate["code"]
        estates = {only: estates.get(only, _UNFOUNDED)}
    checked = check_file(content, estates, only, progress.reading)
    del content
    if checked.errors.count:
        _end(ports, held, "refused", _report(checked))
        return
    progress.is_writing = not held.run.is_dry_run
    with open_session(ports.engine, read_only=held.run.is_dry_run) as session:
        ctx = Context(session=session, actor=SYSTEM, ports=ports, request_id=held.run.id)
        report = _write(ctx, held.run, checked, progress)
        if not held.run.is_dry_run:
            if not runs.finish(session, held, "done", report):
                raise ClaimLost
            session.commit()
    if held.run.is_dry_run:
        _end(ports, held, "done", report)


def _found(ctx: Context, run: ImportRun, checked: RollFile) -> None:
    """Add the estate inside the import's own transaction: refused or tried only, it leaves nothing behind."""
    if _UNFOUNDED not in checked.rolls:
        return
    facts = EstateFacts(run.new_estate["name"])
    card = create_estate(ctx, CreateEstate(run.organisation_id, run.new_estate["code"], facts))
    checked.rolls[card.id] = checked.rolls.pop(_UNFOUNDED)


def _write(ctx: Context, run: ImportRun, checked: RollFile, progress: _Progress) -> dict[str, Any]:
    if not run.is_dry_run:
        _found(ctx, run, checked)
        lock_estates(ctx.session, sorted(checked.rolls))
    difference = Difference()
    for estate_id in sorted(checked.rolls):
        # One estate at a time, and forgotten when written: a whole town's file stays within the memory.
        roll = checked.rolls.pop(estate_id)
        stored = load_stored(ctx.session, ctx.vault, estate_id)
        plan = compare(roll, stored, difference)
        if not run.is_dry_run:
            _apply(ctx, run, (estate_id, plan, stored), progress)
    return _report(checked) | {"difference": difference.to_json(removes_missing=run.removes_missing)}


def _apply(
    ctx: Context, run: ImportRun, work: tuple[str, EstatePlan, StoredRoll], progress: _Progress
) -> None:
    estate_id, plan, stored = work
    progress.writing(plan.unchanged)
    writer = EstateWriter(ctx.session, ctx.vault, estate_id, progress.writing)
    writer.write(plan, stored, removes_missing=run.removes_missing)
    if plan.sold:
        registered.owners_changed(ctx, plan.sold)
    payload = {
        "run": run.id,
        "by": run.created_by,
        "file_sha256": run.file_sha256,
        "added": len(plan.added),
        "changed": len(plan.changed),
        "owners_changed": len(plan.changed_owners),
        "changed_hands": len(plan.sold),
        "years_changed": len(plan.built_years),
        "removed": len(plan.missing) if run.removes_missing else 0,
    }
    ledger.append(ctx, Event("registry.imported", run.organisation_id, "estate", estate_id, payload))


def _report(checked: RollFile) -> dict[str, Any]:
    return {
        "rows": checked.row_count,
        "examples_skipped": checked.example_count,
        "error_count": checked.errors.count,
        "errors": checked.errors.to_json(),
        "warning_count": checked.warnings.count,
        "warnings": checked.warnings.to_json(),
    }


def _end(ports: Ports, held: Claim, state: str, report: dict[str, Any]) -> None:
    with open_session(ports.engine) as session:
        if runs.finish(session, held, state, report):
            session.commit()
