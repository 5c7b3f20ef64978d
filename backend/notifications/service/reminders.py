"""Reminders to households that have not voted, and news to a whole roll: enqueued page by page in SQL."""

from __future__ import annotations

from datetime import datetime

from backend.ballots.queries.turnout import (
    BallotFacts,
    facts_of,
    homes_on_roll,
    participation_shortfall,
    unvoted_homes,
)
from backend.infra.context import Context
from backend.kernel.clock import end_of_day, local_date
from backend.notifications.repository import electorate
from backend.notifications.repository import messages as repository
from backend.notifications.repository.electorate import Page
from backend.notifications.rules import rooms, texts
from backend.notifications.rules.kinds import KINDS, Asks
from backend.notifications.rules.parameters import Parameters
from backend.notifications.rules.timing import (
    Quiet,
    reminder_days,
    reminder_due,
    reminders_to_come,
    sendable_at,
)
from backend.notifications.service.survey_reminders import survey_page
from backend.notifications.service.writing import Draft, message_row, parameters_of, post_to_rooms
from backend.notifications.tables import Message

PAGE = 2000
ONCE = "once"


def plan_reminder(ctx: Context, ballot_id: str) -> bool:
    """Write the reminder that is due in an open ballot; tells whether one is."""
    ballot = facts_of(ctx.session, [ballot_id]).get(ballot_id)
    if ballot is None or ballot.state != "open" or ballot.opens_at is None or ballot.closes_at is None:
        return False
    now = ctx.clock.now()
    chosen = parameters_of(ctx.session, [ballot.organisation_id])[ballot.organisation_id]
    due = reminder_due(now, ballot.opens_at, ballot.closes_at, chosen)
    if due is None:
        return False
    about = texts.reminder(ballot.title, ballot.closes_at, ballot.id, due.name)
    draft = Draft(
        f"ballot:{ballot.id}",
        "reminder",
        _occasion(ctx, ballot.id, due.name, ballot.closes_at),
        ballot.organisation_id,
        about.payload,
        about.page,
        now,
        ballot.id,
        due.expires_at,
        due.day,
        is_enqueued=False,
    )
    repository.add_message(ctx.session, message_row(draft, chosen, now))
    return True


def _occasion(ctx: Context, ballot_id: str, name: str, closes_at: datetime) -> str:
    """Return the reminder's name; of one written before voting was extended by days, a name beside it."""
    former = repository.find_message(ctx.session, f"ballot:{ballot_id}", "reminder", name)
    return name if former is None or texts.is_of_day(former.payload, closes_at) else f"{name}/extended"


def plan_near_push(ctx: Context, ballot_id: str) -> bool:
    """Tell the room, and those who have not voted, once, when participation lacks little: 还差 12 户.

    To households the push is a reminder: one a day, and one of the three of a ballot. On a day with a planned
    reminder, which asks them already, it waits for the next day without one.
    """
    ballot = facts_of(ctx.session, [ballot_id]).get(ballot_id)
    topic, now = f"ballot:{ballot_id}", ctx.clock.now()
    if ballot is None or ballot.state != "open" or ballot.closes_at is None or now >= ballot.closes_at:
        return False
    if repository.find_message(ctx.session, topic, "near_quorum", ONCE) is not None:
        return False
    chosen = parameters_of(ctx.session, [ballot.organisation_id])[ballot.organisation_id]
    lacks = [
        rooms.Shortfall(row.basis, row.missing, row.denominator)
        for row in participation_shortfall(ctx.session, ballot_id)
    ]
    if not rooms.is_near(lacks, chosen.near_percent):
        return False
    missing = rooms.shortfall_text(lacks)
    posted = post_to_rooms(
        ctx,
        organisation_id=ballot.organisation_id,
        topic=topic,
        kind="room_near",
        occasion=ONCE,
        text=rooms.near_text(ballot.title, ballot.closes_at, missing),
        at=now,
    )
    return _push_homes(ctx, ballot, chosen, missing) or posted > 0


def _push_homes(ctx: Context, ballot: BallotFacts, chosen: Parameters, missing: str) -> bool:
    assert ballot.opens_at is not None and ballot.closes_at is not None
    now = ctx.clock.now()
    day = local_date(sendable_at(now, Quiet(chosen.quiet_from, chosen.quiet_until), is_urgent=False))
    if day in {planned for _, planned in reminder_days(ballot.opens_at, ballot.closes_at, chosen)}:
        return False
    about = texts.near_quorum(ballot.title, ballot.closes_at, ballot.id, missing)
    draft = Draft(
        f"ballot:{ballot.id}",
        "near_quorum",
        ONCE,
        ballot.organisation_id,
        about.payload,
        about.page,
        now,
        ballot.id,
        min(ballot.closes_at, end_of_day(day)),
        day,
        is_enqueued=False,
    )
    repository.add_message(ctx.session, message_row(draft, chosen, now))
    return True


def messages_to_enqueue(ctx: Context, limit: int = 100) -> list[str]:
    """Return messages whose electorate is not wholly enqueued."""
    return repository.unfinished_messages(ctx.session, limit)


def enqueue_next_page(ctx: Context, message_id: str, after: str = "") -> str | None:
    """Enqueue one page of a message's households; returns the last dwelling done, None when all are.

    Begins anew harmlessly after a crash: households that are covered already are passed over.
    """
    message = repository.lock_message(ctx.session, message_id)
    now = ctx.clock.now()
    is_over = message.is_enqueued or message.expires_at <= now
    page = None if is_over else _page(ctx, message, now)
    last = None if page is None else electorate.last_of_page(ctx.session, page.homes, after, PAGE)
    if page is None or last is None:
        repository.finish_message(ctx.session, message_id)
        return None
    electorate.enqueue_page(ctx.session, page, after, last)
    if message.to_doorstep:
        electorate.list_unbound(ctx.session, page, after, last)
    return last


def _page(ctx: Context, message: Message, now: datetime) -> Page | None:
    if KINDS[message.kind].asks is Asks.ANSWERS:
        return survey_page(ctx, message, now)
    ballot = facts_of(ctx.session, [message.ballot_id or ""]).get(message.ballot_id or "")
    return None if ballot is None else _ballot_page(ctx, message, ballot, now)


def _ballot_page(ctx: Context, message: Message, ballot: BallotFacts, now: datetime) -> Page:
    kind = KINDS[message.kind]
    quiet = Quiet(message.quiet_from, message.quiet_until)
    send_at = sendable_at(now, quiet, is_urgent=message.is_urgent)
    if not message.is_reminder:
        return Page(message, homes_on_roll(ballot.id), ballot.relations, kind.priority, send_at, now)
    chosen = parameters_of(ctx.session, [ballot.organisation_id])[ballot.organisation_id]
    most = chosen.reminders_a_ballot
    if message.kind == "reminder" and ballot.closes_at is not None:
        most -= reminders_to_come(now, ballot.closes_at, chosen)
    homes = unvoted_homes(ballot.id)
    return Page(message, homes, ballot.relations, kind.priority, send_at, now, chosen.reminders_a_day, most)
