"""One's own data: what is held of a person as a reporter, and forgetting that it was them (个保法 45, 47)."""

from __future__ import annotations

from backend.complaints.queries import own_reports
from backend.complaints.repository import complaints as repository
from backend.infra.context import Context
from backend.kernel.clock import iso


def export_account(ctx: Context, account_id: str) -> object:
    """Return every complaint a person reported under their account, in their own words."""
    return [
        {
            "number": row.number,
            "words": ctx.vault.open(row.words_sealed, "complaint.words"),
            "place": f"{row.place_label} {row.place_words}".strip(),
            "category": row.category,
            "disclosure": row.disclosure,
            "state": row.state,
            "at": iso(row.registered_at),
        }
        for row in own_reports(ctx.session, account_id)
    ]


def forget_account(ctx: Context, account_id: str) -> None:
    """Forget who reported; the complaints go on, as nobody's."""
    repository.forget_reporter(ctx.session, account_id)
