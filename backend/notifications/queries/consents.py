"""What is left of one-message consents."""

from __future__ import annotations

from sqlmodel import Session, col, select

from backend.notifications.tables import ConsentBalance


def consents_left(session: Session, limit: int = 10_000) -> list[tuple[str, str, int]]:
    """Return (account, purpose, remaining) of every consent left, by account."""
    chosen = select(ConsentBalance.account_id, ConsentBalance.purpose, ConsentBalance.remaining)
    rows = session.exec(
        chosen.where(col(ConsentBalance.remaining) > 0)
        .order_by(col(ConsentBalance.account_id), col(ConsentBalance.purpose))
        .limit(limit)
    )
    return list(rows)
