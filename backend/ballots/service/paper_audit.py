"""The auditor's look at paper: who entered how much how fast, and whom to call back."""

from __future__ import annotations

from backend.ballots.queries.paperwork import PersonRate, Recall, entries_per_person, recall_sample
from backend.ballots.service.loading import load_for, tell
from backend.infra.context import Context
from backend.kernel.access import Permission

MAX_SAMPLE = 500


def show_rates(ctx: Context, ballot_id: str) -> list[PersonRate]:
    """Return entry rates per person, the fastest first."""
    return entries_per_person(ctx.session, load_for(ctx, ballot_id, Permission.AUDIT_READ).id)


def draw_recall(ctx: Context, ballot_id: str, seed: str, size: int) -> list[Recall]:
    """Draw paper votes to check by telephone; seed and size go into the ledger, so no draw is done in secret."""
    ballot = load_for(ctx, ballot_id, Permission.AUDIT_READ)
    drawn = recall_sample(ctx.session, ballot_id, seed, min(size, MAX_SAMPLE))
    tell(ctx, ballot, "paper.sample_drawn", {"seed": seed, "size": size, "drawn": len(drawn)})
    return drawn
