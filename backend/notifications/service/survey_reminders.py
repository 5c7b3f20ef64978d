"""Surveys told to households that have not answered: at the opening, three days before the end, on the last day."""

from __future__ import annotations

from datetime import datetime

from backend.infra.context import Context
from backend.notifications.repository import messages as repository
from backend.notifications.repository.electorate import Page
from backend.notifications.rules import surveys as rules
from backend.notifications.rules.kinds import KINDS
from backend.notifications.rules.parameters import Parameters
from backend.notifications.rules.timing import OPENED, Quiet, sendable_at, survey_due
from backend.notifications.service.writing import Draft, message_row, parameters_of
from backend.notifications.tables import Message
from backend.surveys import queries as surveys
from backend.surveys.queries import SurveyFacts

_PAGE = 200


def plan_survey_messages(ctx: Context, after: tuple[str, str] = ("", "")) -> tuple[str, str] | None:
    """Write what is due for each open survey in each estate of a page; returns the last pair, None at the end."""
    now = ctx.clock.now()
    page = surveys.open_surveys(ctx.session, after, _PAGE)
    chosen = parameters_of(ctx.session, [held.organisation_id for held in page])
    for held in page:
        _plan(ctx, held, chosen[held.organisation_id], now)
    return (page[-1].id, page[-1].estate_id) if page else None


def _plan(ctx: Context, held: SurveyFacts, chosen: Parameters, now: datetime) -> None:
    if held.opened_at is None or held.closes_at is None:
        return
    due = survey_due(now, held.opened_at, held.closes_at, chosen)
    if due is None:
        return
    about = rules.for_home(due.name, held.title, held.closes_at, held.id)
    draft = Draft(
        rules.topic_of(held.id),
        "survey_opened" if due.name == OPENED else "survey_reminder",
        rules.occasion_of(due, held.estate_id),
        held.organisation_id,
        about.payload,
        about.page,
        now,
        expires_at=due.expires_at,
        day=due.day,
        is_enqueued=False,
    )
    repository.add_message(ctx.session, message_row(draft, chosen, now))


def survey_page(ctx: Context, message: Message, now: datetime) -> Page | None:
    """Return whom a message about a survey may still be given to, None when the survey has ended.

    The opening is for those whom no message about the survey was meant for yet.
    """
    survey_id, estate_id = rules.asked_in(message.topic, message.occasion)
    held = surveys.facts_of(ctx.session, [survey_id]).get((survey_id, estate_id))
    if held is None or held.state != "open":
        return None
    chosen = parameters_of(ctx.session, [held.organisation_id])[held.organisation_id]
    quiet = Quiet(message.quiet_from, message.quiet_until)
    return Page(
        message,
        surveys.unanswered_homes(survey_id, estate_id),
        held.relations,
        KINDS[message.kind].priority,
        sendable_at(now, quiet, is_urgent=False),
        now,
        chosen.reminders_a_day,
        1 if message.kind == "survey_opened" else chosen.reminders_a_ballot,
    )
