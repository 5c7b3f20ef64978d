"""Objections to answers that staff wrote down in a household's name."""

from __future__ import annotations

from dataclasses import dataclass

from backend.infra.context import Context
from backend.kernel.errors import NotFound
from backend.notices import service as notices
from backend.notices.queries import ObjectionView
from backend.notices.rules import Subject
from backend.notices.service import RaiseObjection
from backend.surveys.repository import responses
from backend.surveys.rules.outcomes import BY_HAND
from backend.surveys.service.answering import own_household


@dataclass(frozen=True, slots=True)
class ObjectToAnswers:
    """From which own dwelling, in which words."""

    survey_id: str
    dwelling_id: str
    text: str
    idempotency_key: str


def object_to_answers(ctx: Context, command: ObjectToAnswers) -> ObjectionView:
    """Object to what was entered at the door, on the telephone or from paper; also after the survey's end.

    Names the household, never the response: beside the texts its id would tell who wrote them. Raises NotFound
    where home or survey is not the caller's, or nobody wrote anything down for it. Upheld, it strikes what was
    written down (``striking``). While the survey is open the household's own answer takes its place anyway.
    """
    _, household = own_household(ctx, command.survey_id, command.dwelling_id)
    if not responses.has_entered(ctx.session, household.id, sorted(BY_HAND)):
        raise NotFound
    raised = RaiseObjection(
        subject_kind=Subject.SURVEY,
        subject_id=household.id,
        dwelling_id=command.dwelling_id,
        text=command.text,
        idempotency_key=command.idempotency_key,
    )
    return notices.raise_objection(ctx, raised)
