"""Import runs: claimed by a conditional update, given up when a worker falls silent."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import CursorResult, or_, update
from sqlmodel import Session, col, select

from backend.infra.database import db_now
from backend.registry.tables import Estate, ImportRun

STALE_AFTER = timedelta(minutes=10)
MOST_ATTEMPTS = 3


@dataclass(slots=True)
class Claim:
    """A run this worker holds; ``held_since`` moves with every sign of life and must still match."""

    run: ImportRun
    held_since: datetime


def next_run_id(session: Session) -> str | None:
    """Return the oldest run that waits, or whose worker has fallen silent."""
    silent = db_now(session) - STALE_AFTER
    waiting = or_(
        col(ImportRun.state) == "queued",
        (col(ImportRun.state) == "running") & (col(ImportRun.claimed_at) < silent),
    )
    return session.exec(
        select(ImportRun.id).where(waiting).order_by(col(ImportRun.created_at), ImportRun.id).limit(1)
    ).first()


def claim(session: Session, run_id: str) -> Claim | None:
    """Take the run, or return None when another worker did or it is finished."""
    run = session.get(ImportRun, run_id, populate_existing=True)
    if run is None or run.state not in ("queued", "running"):
        return None
    now = db_now(session)
    if run.state == "running" and run.claimed_at is not None and run.claimed_at > now - STALE_AFTER:
        return None
    state = "failed" if run.attempts >= MOST_ATTEMPTS else "running"
    values: dict[str, Any] = {"state": state, "claimed_at": now, "attempts": run.attempts + 1}
    if state == "failed":
        values |= {"finished_at": now, "report": {"message": "多次处理都没有完成，请联系管理员。"}}
    taken = _change(session, run, values, run.claimed_at)
    if not taken or state == "failed":
        return None
    session.expunge(run)
    return Claim(run, now)


def keep(session: Session, held: Claim, done: int, total: int) -> bool:
    """Write progress and a sign of life; False when the run is no longer ours."""
    now = db_now(session)
    values = {"progress_done": done, "progress_total": total, "claimed_at": now}
    if not _change(session, held.run, values, held.held_since, state="running"):
        return False
    held.held_since = now
    return True


def finish(session: Session, held: Claim, state: str, report: dict[str, Any]) -> bool:
    """Write the end; False when the run is no longer ours, and then nothing may be committed."""
    values = {"state": state, "report": report, "finished_at": db_now(session)}
    if state == "done":
        total = held.run.progress_total or 1
        values |= {"progress_done": total, "progress_total": total}
    return _change(session, held.run, values, held.held_since, state="running")


def _change(
    session: Session,
    run: ImportRun,
    values: dict[str, Any],
    held_since: datetime | None,
    *,
    state: str | None = None,
) -> bool:
    statement = update(ImportRun).where(
        col(ImportRun.id) == run.id,
        col(ImportRun.state) == (state or run.state),
        col(ImportRun.claimed_at).is_(None)
        if held_since is None
        else col(ImportRun.claimed_at) == held_since,
    )
    result = session.connection().execute(statement.values(**values))
    return isinstance(result, CursorResult) and result.rowcount == 1


def codes_of_estates(session: Session, run: ImportRun) -> tuple[dict[str, str], str | None]:
    """Return code → id of the estates this run may touch, and the one code chosen, if any."""
    statement = select(Estate.code, Estate.id).where(Estate.organisation_id == run.organisation_id)
    if run.estate_id is not None:
        statement = statement.where(Estate.id == run.estate_id)
    estates = {str(code): str(identifier) for code, identifier in session.exec(statement)}
    return estates, (next(iter(estates), "") if run.estate_id is not None else None)
