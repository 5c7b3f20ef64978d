"""Whether a report repeats an earlier one, found as it comes in: a fact for the figures, shown for no single report."""

from __future__ import annotations

from backend.complaints.repository import complaints as repository
from backend.complaints.rules.statistics import REPEAT_WITHIN
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.tables import Complaint, ComplaintReporter
from backend.infra.context import Context


def repeats_place(ctx: Context, row: Complaint, category: str) -> bool:
    """Tell whether this place had a report of the category shortly before; what is restricted is no such report."""
    if row.estate_id is None or row.is_restricted:
        return False
    since = row.registered_at - REPEAT_WITHIN
    return repository.has_like(ctx.session, row, category, since)


def repeats_reporter(ctx: Context, row: Complaint, reporter: ComplaintReporter | None) -> bool:
    """Tell whether a named reporter reported under their name shortly before.

    Confidential and anonymous reports are neither asked about nor found: nothing links them to anybody.
    """
    if reporter is None or row.disclosure != Disclosure.NAMED or row.is_restricted:
        return False
    indexes: tuple[str, ...] = ()
    if reporter.phone_sealed is not None:
        phone = ctx.vault.open(reporter.phone_sealed, "complaint_reporter.phone")
        indexes = ctx.vault.indexes(phone, "phone")
    known = repository.Known(reporter.account_id, indexes)
    return repository.has_named(ctx.session, row, known, row.registered_at - REPEAT_WITHIN)
