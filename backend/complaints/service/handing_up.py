"""Handing a case up: who is near a report that may be about staff says so, and those further off decide."""

from __future__ import annotations

from dataclasses import dataclass, field

from backend.complaints import errors
from backend.complaints.rules.states import Action, Doer
from backend.complaints.service.loading import check_staff, is_trusted, load_for
from backend.complaints.service.steps import Step, take_step
from backend.complaints.tables import Complaint
from backend.infra.context import Context


@dataclass(frozen=True, slots=True)
class HandUpComplaint:
    """Why a case should be seen from further off only, and about whom it may be."""

    complaint_id: str
    version: int | None
    words: str = field(repr=False)
    about_account_id: str | None = None


def hand_up_complaint(ctx: Context, command: HandUpComplaint) -> Complaint:
    """Put a case on the worklist of those who decide what is restricted.

    It goes on meanwhile and is hidden from nobody: a word of those near it must not make it vanish. What is said
    here, and about whom, is read by those who decide and by nobody else.
    """
    row = load_for(ctx, command.complaint_id, Action.HAND_UP, command.version)
    if not command.words.strip():
        raise errors.wrong("words", "请写明需要甄别的理由，只有作决定的部门能看到。")
    if row.is_restricted or row.handed_up_at is not None or is_trusted(ctx, row):
        raise errors.hand_up_needless()
    check_staff(ctx, row, command.about_account_id)
    values = {"handed_up_at": ctx.clock.now(), "handed_up_about_id": command.about_account_id}
    return take_step(ctx, row, Step(Action.HAND_UP, Doer.STAFF, command.words, values=values))
