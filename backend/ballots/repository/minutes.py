"""Minutes of count day: editions as they are now, drafts changed and signed once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy import update
from sqlmodel import Session, col, select

from backend.ballots.tables import PaperBatch
from backend.ballots.tables.minutes import CountMinutes

_FRESH = {"populate_existing": True}


def find_minutes(session: Session, minutes_id: str) -> CountMinutes | None:
    """Return an edition as it is now."""
    chosen = select(CountMinutes).where(CountMinutes.id == minutes_id)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def find_by_key(session: Session, account_id: str, idempotency_key: str) -> CountMinutes | None:
    """Return what this person recorded under this key."""
    return session.exec(
        select(CountMinutes).where(
            CountMinutes.recorded_by == account_id, CountMinutes.idempotency_key == idempotency_key
        )
    ).one_or_none()


def newest(session: Session, ballot_id: str) -> CountMinutes | None:
    """Return a ballot's last edition, draft or signed."""
    chosen = select(CountMinutes).where(CountMinutes.ballot_id == ballot_id)
    chosen = chosen.order_by(col(CountMinutes.edition).desc()).limit(1)
    return session.exec(chosen.execution_options(**_FRESH)).one_or_none()


def editions(
    session: Session, ballot_id: str, *, states: Iterable[str], after: int, limit: int
) -> list[CountMinutes]:
    """Return editions in some states, after a number, in order."""
    chosen = select(CountMinutes).where(
        CountMinutes.ballot_id == ballot_id,
        col(CountMinutes.state).in_(list(states)),
        CountMinutes.edition > after,
    )
    chosen = chosen.order_by(col(CountMinutes.edition)).limit(limit)
    return list(session.exec(chosen.execution_options(**_FRESH)))


def change_draft(session: Session, minutes_id: str, version: int, **changes: Any) -> bool:
    """Change or sign a draft that nobody changed since ``version``; False otherwise."""
    changed = session.connection().execute(
        update(CountMinutes)
        .where(
            col(CountMinutes.id) == minutes_id,
            col(CountMinutes.state) == "draft",
            col(CountMinutes.version) == version,
        )
        .values(version=version + 1, **changes)
    )
    return changed.rowcount == 1


def outdate_draft(session: Session, ballot_id: str) -> None:
    """Give a ballot's draft a new version: what was printed of it says another result, or none."""
    session.connection().execute(
        update(CountMinutes)
        .where(col(CountMinutes.ballot_id) == ballot_id, col(CountMinutes.state) == "draft")
        .values(version=CountMinutes.version + 1)
    )


def has_document(session: Session, ballot_id: str, sha256: str) -> bool:
    """Tell whether a signed sheet belongs to an edition of this ballot already."""
    chosen = select(CountMinutes.id).where(
        CountMinutes.ballot_id == ballot_id, CountMinutes.document_sha256 == sha256
    )
    return session.exec(chosen.limit(1)).one_or_none() is not None


def has_paper(session: Session, ballot_id: str) -> bool:
    """Tell whether a witnessed batch of paper came in."""
    chosen = select(PaperBatch.id).where(
        PaperBatch.ballot_id == ballot_id, col(PaperBatch.witnessed_at).is_not(None)
    )
    return session.exec(chosen.limit(1)).one_or_none() is not None
