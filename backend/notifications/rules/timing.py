"""When something may be sent: quiet hours, reminder days, backoff. Days and hours are Asia/Shanghai."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from backend.kernel.clock import SHANGHAI, end_of_day, local_date, start_of_day
from backend.notifications.rules.parameters import Parameters

LEASE = timedelta(minutes=3)
MOST_TRIES = 8
OPENED = "opened"
_FIRST_WAIT = timedelta(seconds=30)
_LONGEST_WAIT = timedelta(hours=1)
_INSTANT = timedelta(microseconds=1)
_DIGEST_CLOSES = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours of a night: from ``starts`` o'clock until ``ends`` o'clock of the next morning."""

    starts: int = 21
    ends: int = 8


def sendable_at(now: datetime, quiet: Quiet, *, is_urgent: bool) -> datetime:
    """Return ``now``, or the end of the quiet hours in which it lies; urgent messages never wait."""
    local = now.astimezone(SHANGHAI)
    if is_urgent or quiet.ends <= local.hour < quiet.starts:
        return now
    day = local.date() + timedelta(days=1 if local.hour >= quiet.starts else 0)
    return start_of_day(day) + timedelta(hours=quiet.ends)


@dataclass(frozen=True, slots=True)
class Occasion:
    """A reminder that is due: its name, when it may go, the day it then counts for, and its end of use."""

    name: str
    day: date
    send_at: datetime
    expires_at: datetime


def reminder_due(
    now: datetime, opens_at: datetime, closes_at: datetime, chosen: Parameters
) -> Occasion | None:
    """Return the reminder that is due in a ballot's window, or None: T−7, T−3 and the last day.

    T is the last day of voting. A reminder is due from its day's midnight until the next one's, so that a bot
    that slept sends it late rather than never; not on the day of opening, which is news enough, except when
    the last day is that day.
    """
    if not opens_at <= now < closes_at:
        return None
    return _occasion(now, closes_at, reminder_days(opens_at, closes_at, chosen), chosen)


def reminder_days(opens_at: datetime, closes_at: datetime, chosen: Parameters) -> list[tuple[str, date]]:
    """Return a ballot's planned reminders with their days, in order."""
    last, first = local_date(closes_at - _INSTANT), local_date(opens_at)
    before = [
        (f"T-{days}", last - timedelta(days=days)) for days in (chosen.first_reminder, chosen.second_reminder)
    ]
    return [(name, day) for name, day in before if day > first] + [("last", last)]


def survey_due(
    now: datetime, opened_at: datetime, closes_at: datetime, chosen: Parameters
) -> Occasion | None:
    """Return the message about a survey that is due, or None: its opening, T−3 and the last day.

    The opening stays due day after day until the next one: who had a reminder that day, or had no phone bound
    yet, hears of it later, and nobody twice.
    """
    if not opened_at <= now < closes_at:
        return None
    last, first = local_date(closes_at - _INSTANT), local_date(opened_at)
    days = chosen.second_reminder
    later = ((f"T-{days}", last - timedelta(days=days)), ("last", last))
    plan = [(OPENED, first), *((name, day) for name, day in later if day > first)]
    return _occasion(now, closes_at, plan, chosen)


def _occasion(
    now: datetime, closes_at: datetime, plan: Sequence[tuple[str, date]], chosen: Parameters
) -> Occasion | None:
    """Return what is begun last of a plan of days, unless the quiet hours leave no time for it."""
    today = local_date(now)
    begun = [index for index, (_, day) in enumerate(plan) if day <= today]
    if not begun:
        return None
    send_at = sendable_at(now, Quiet(chosen.quiet_from, chosen.quiet_until), is_urgent=False)
    day = local_date(send_at)
    following = plan[begun[-1] + 1 :]
    until = min(start_of_day(following[0][1]) if following else closes_at, end_of_day(day))
    # In the evening's quiet hours nothing is planned that the morning could no longer use.
    return Occasion(plan[begun[-1]][0], day, send_at, until) if send_at < until else None


def reminders_to_come(now: datetime, closes_at: datetime, chosen: Parameters) -> int:
    """Return how many of the planned reminders lie ahead: a reminder leaves room for the later ones.

    So a push near the quorum, which leaves room for none, takes the place of the next reminder and of no other.
    """
    last, today = local_date(closes_at - _INSTANT), local_date(now)
    planned = [last - timedelta(days=days) for days in (chosen.first_reminder, chosen.second_reminder, 0)]
    return sum(day > today for day in planned)


def next_digest(now: datetime, hour: int) -> datetime:
    """Return when a digest of what is known by now goes out: today at the hour, or tomorrow.

    Not today any more from a little before the hour on: what is on its way then is complete.
    """
    today = start_of_day(local_date(now)) + timedelta(hours=hour)
    return today if now < today - _DIGEST_CLOSES else today + timedelta(days=1)


def retry_at(now: datetime, tries: int) -> datetime:
    """Return when to try again after ``tries`` passing failures: half a minute, doubling up to an hour."""
    return now + min(_FIRST_WAIT * (1 << min(max(tries - 1, 0), 10)), _LONGEST_WAIT)


def breaker_pause(failures: int) -> timedelta | None:
    """Return how long a whole channel rests after so many failures in a row; None while it may go on.

    An outage then costs a handful of calls per pause, not one per message.
    """
    if failures < 8:
        return None
    return min(timedelta(seconds=15) * (1 << min((failures - 8) // 8, 5)), timedelta(minutes=2))
