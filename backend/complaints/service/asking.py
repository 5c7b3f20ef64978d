"""The question after the work as a text message carries it: code and phone, opened for sending and for nothing else."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

from backend.complaints.repository import complaints as repository
from backend.complaints.repository import proceedings
from backend.infra.context import Context


@dataclass(frozen=True, slots=True)
class TextQuestion:
    """What a text message with the question needs; no phone where the reporter left none, or was forgotten."""

    code: str = field(repr=False)
    phone: str | None = field(repr=False)


def text_questions(ctx: Context, complaint_ids: Collection[str]) -> dict[str, TextQuestion]:
    """Return id → code and phone of the questions that wait for an answer now; never stored, never logged."""
    found, now = {}, ctx.clock.now()
    for complaint_id in sorted(complaint_ids):
        asked = proceedings.waiting_question(ctx.session, complaint_id)
        if asked is None or asked.expires_at <= now:
            continue
        reporter = repository.reporter_of(ctx.session, complaint_id)
        sealed = None if reporter is None else reporter.phone_sealed
        found[complaint_id] = TextQuestion(
            ctx.vault.open(asked.token_sealed, "complaint_follow_up.token"),
            None if sealed is None else ctx.vault.open(sealed, "complaint_reporter.phone"),
        )
    return found
