"""What came of a try, and what happens to the delivery next."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from backend.notifications.rules.timing import MOST_TRIES, retry_at

_MENDING = timedelta(minutes=10)
# A person has to correct a template: looked at again when they have, or after this.
_TEMPLATE_REST = timedelta(hours=1)
# WeChat's codes for an unknown template, an unknown page, a banned template.
_OF_ONE_PURPOSE = frozenset({"40037", "41030", "43107"})


class Came(StrEnum):
    """How a try ended."""

    SENT = "sent"
    PASSING = "passing"
    QUOTA = "quota"
    # One reader has had as much as they may have for now: it holds up nobody else.
    READER = "reader"
    REFUSED = "refused"
    PERMANENT = "permanent"
    CONFIGURATION = "configuration"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A try's end; ``reason`` is a short code for people who look after the bot, never a person's detail."""

    came: Came
    reason: str = ""
    retry_after: timedelta | None = None


class Consent(StrEnum):
    """What the outcome does to the one-message consent that was taken before the request left."""

    USED = "used"
    BACK = "back"
    GONE = "gone"


@dataclass(frozen=True, slots=True)
class Next:
    """Where the delivery goes: a state, or on to the following channel (``advance``)."""

    state: str
    consent: Consent
    advance: bool = False
    try_at: datetime | None = None
    counts_try: bool = False


def decide(outcome: Outcome, tries: int, now: datetime) -> Next:
    """Return what follows from a try; ``tries`` are the passing failures before it on this channel.

    Nothing that may have arrived is ever tried again: ``unknown`` is an end.
    """
    match outcome.came:
        case Came.SENT:
            return Next("delivered", Consent.USED)
        case Came.UNKNOWN:
            return Next("unknown", Consent.USED)
        case Came.REFUSED:
            return Next("permanent_failure", Consent.GONE, advance=True)
        case Came.PERMANENT:
            return Next("permanent_failure", Consent.BACK, advance=True)
        case Came.QUOTA | Came.READER | Came.CONFIGURATION:
            # Not this message's fault: it waits without using up its tries.
            wait = template_rest_of(outcome) or outcome.retry_after or _MENDING
            return Next("passing_failure", Consent.BACK, try_at=now + wait)
        case Came.PASSING:
            if tries + 1 >= MOST_TRIES:
                return Next("technical_failure", Consent.BACK, advance=True)
            return Next("passing_failure", Consent.BACK, try_at=retry_at(now, tries + 1), counts_try=True)


def template_rest_of(outcome: Outcome) -> timedelta | None:
    """Return how long a channel carries no message of this purpose: its template or page is wrong."""
    is_template = outcome.came is Came.CONFIGURATION and outcome.reason in _OF_ONE_PURPOSE
    return _TEMPLATE_REST if is_template else None


def pause_of(outcome: Outcome) -> timedelta | None:
    """Return how long the whole channel rests because of this outcome alone.

    A wrong template or page is one purpose's trouble: what must be told at once does not wait for it.
    """
    if template_rest_of(outcome) is not None:
        return None
    if outcome.came in (Came.QUOTA, Came.CONFIGURATION):
        return outcome.retry_after or _MENDING
    return None


ACCOUNT_ROUTE = ("subscribe", "official_account", "sms")
ACCOUNT_ROUTE_FREE = ("subscribe", "official_account")
PHONE_ROUTE = ("sms",)
ROOM_ROUTE = ("robot",)
CHAT_ROUTE = ("official_account",)


def channel_after(route: str, channel: str) -> str | None:
    """Return the channel that follows on a route (``subscribe,official_account,sms``), or None at its end."""
    names = route.split(",")
    following = names[names.index(channel) + 1 :]
    return following[0] if following else None
