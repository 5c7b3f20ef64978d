"""The notification rules as data: which event becomes which message for whom."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from backend.notifications.rules.outcomes import (
    ACCOUNT_ROUTE,
    ACCOUNT_ROUTE_FREE,
    CHAT_ROUTE,
    PHONE_ROUTE,
    ROOM_ROUTE,
)


class Purpose(StrEnum):
    """What a consent is asked for: one template each, at most three in one popup."""

    REMINDER = "reminder"
    RECORD = "record"
    RESULT = "result"
    ROOM = "room"
    CHAT = "chat"
    # By text message alone: the question after the work, to who left a phone and nothing else.
    FOLLOW_UP = "follow_up"


class Asks(StrEnum):
    """What a message asks its reader to do: once that is done, it is not sent."""

    NOTHING = "nothing"
    VOTE = "vote"
    ANSWERS = "answers"
    RESULT = "result"


class Audience(StrEnum):
    """Who is told."""

    HOUSEHOLD = "household"
    ELECTORATE = "electorate"
    ROOM = "room"
    # Whoever reported a complaint, and those whose duplicates went into it.
    REPORTER = "reporter"
    # Of these only who is asked after the work, by account or by the phone they left, and those who are not.
    ASKED = "asked"
    ASKED_BY_PHONE = "asked_by_phone"
    FOLLOWERS = "followers"
    # The rooms, once a day with everything of the day.
    ROOM_DIGEST = "room_digest"
    # The rooms one level up: a missed deadline is heard of above.
    ROOM_ABOVE = "room_above"
    # The rooms of those who may see restricted complaints.
    ROOM_TRUSTED = "room_trusted"
    # Who received a complaint first and answers for it (首接负责).
    RECEIVER = "receiver"


# Told of what happens in their household's name: owners and adult family. Tenants live there, but what an owner
# does with their vote is none of their business; a proxy acts from outside.
TOLD_RELATIONS = ("owner", "co_owner", "representative", "family")


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of message travels. ``useful``: how long it is worth sending."""

    purpose: Purpose
    route: tuple[str, ...]
    useful: timedelta
    is_urgent: bool = False
    is_reminder: bool = False
    to_doorstep: bool = False
    asks: Asks = Asks.NOTHING

    @property
    def priority(self) -> int:
        """Return the place in the queue: told-at-once first, rooms next, news last."""
        if self.is_urgent and self.purpose is not Purpose.ROOM:
            return 0
        if self.purpose is Purpose.ROOM:
            return 1
        return 2 if self.is_reminder else 3


_AT_ONCE = Kind(Purpose.RECORD, ACCOUNT_ROUTE, timedelta(days=7), is_urgent=True, to_doorstep=True)
_REMINDER = Kind(
    Purpose.REMINDER,
    ACCOUNT_ROUTE,
    timedelta(days=1),
    is_reminder=True,
    to_doorstep=True,
    asks=Asks.VOTE,
)
# Stewards have the survey's own worklist; text messages cost more than an answer is worth.
_SURVEY = Kind(Purpose.REMINDER, ACCOUNT_ROUTE_FREE, timedelta(days=1), is_reminder=True, asks=Asks.ANSWERS)
_NEWS = Kind(Purpose.RESULT, ACCOUNT_ROUTE_FREE, timedelta(days=7))
# Of use as long as the question can be answered, which its own end says.
_QUESTION = Kind(Purpose.RESULT, ACCOUNT_ROUTE_FREE, timedelta(days=60), asks=Asks.RESULT)
_QUESTION_BY_PHONE = Kind(Purpose.FOLLOW_UP, PHONE_ROUTE, timedelta(days=60), asks=Asks.RESULT)
# A room is no household: quiet hours protect beds, and a witness that waits until morning is none.
_ROOM = Kind(Purpose.ROOM, ROOM_ROUTE, timedelta(days=2), is_urgent=True)
# Somebody asked and waits: no quiet hours. WeChat takes it for 48 hours only, and it is stale long before.
_CHAT = Kind(Purpose.CHAT, CHAT_ROUTE, timedelta(hours=2), is_urgent=True)

KINDS: Mapping[str, Kind] = {
    "chat_answer": _CHAT,
    "binding_asked": _AT_ONCE,
    "binding_made": _AT_ONCE,
    "binding_ended": _AT_ONCE,
    "binding_left": _AT_ONCE,
    "binding_sold": _AT_ONCE,
    "vote_recorded": _AT_ONCE,
    "vote_decided": _AT_ONCE,
    "mandate_confirmed": _AT_ONCE,
    "survey_recorded": _AT_ONCE,
    "reminder": _REMINDER,
    "near_quorum": _REMINDER,
    "survey_opened": _SURVEY,
    "survey_reminder": _SURVEY,
    "result_shown": _NEWS,
    "result_final": _NEWS,
    "ballot_stopped": _NEWS,
    "complaint_moved": _NEWS,
    "complaint_received": _NEWS,
    "complaint_question": _QUESTION,
    "complaint_question_sms": _QUESTION_BY_PHONE,
    "room_complaint": _ROOM,
    "room_complaint_above": _ROOM,
    "room_opened": _ROOM,
    "room_near": _ROOM,
    "room_closed": _ROOM,
    "room_sealed": _ROOM,
    "room_preliminary": _ROOM,
    "room_objections_over": _ROOM,
    "room_publication_due": _ROOM,
    "room_publication_late": _ROOM,
    "room_final": _ROOM,
    "room_stopped": _ROOM,
    "room_gate": _ROOM,
    "room_register": _ROOM,
    "room_digest": _ROOM,
    "room_checkpoint": _ROOM,
}


@dataclass(frozen=True, slots=True)
class Rule:
    """An event of this type becomes this kind of message for this audience."""

    event: str
    kind: str
    audience: Audience


RULES = (
    Rule("binding.requested", "binding_asked", Audience.HOUSEHOLD),
    Rule("binding.activated", "binding_made", Audience.HOUSEHOLD),
    Rule("binding.suspended", "binding_ended", Audience.HOUSEHOLD),
    Rule("binding.owner_changed", "binding_sold", Audience.HOUSEHOLD),
    Rule("binding.ended", "binding_left", Audience.HOUSEHOLD),
    Rule("vote.recorded", "vote_recorded", Audience.HOUSEHOLD),
    Rule("vote.reviewed", "vote_decided", Audience.HOUSEHOLD),
    Rule("proxy.confirmed", "mandate_confirmed", Audience.HOUSEHOLD),
    Rule("survey.answered", "survey_recorded", Audience.HOUSEHOLD),
    Rule("ballot.open", "room_opened", Audience.ROOM),
    Rule("ballot.close", "room_closed", Audience.ROOM),
    Rule("ballot.seal", "room_sealed", Audience.ROOM),
    Rule("ballot.publish_preliminary", "room_preliminary", Audience.ROOM),
    Rule("ballot.publish_preliminary", "result_shown", Audience.ELECTORATE),
    Rule("ballot.finalise", "room_final", Audience.ROOM),
    Rule("ballot.finalise", "result_final", Audience.ELECTORATE),
    Rule("ballot.suspend", "room_stopped", Audience.ROOM),
    Rule("ballot.resume", "room_stopped", Audience.ROOM),
    Rule("ballot.extended", "room_stopped", Audience.ROOM),
    Rule("ballot.void", "room_stopped", Audience.ROOM),
    Rule("ballot.void", "ballot_stopped", Audience.ELECTORATE),
    Rule("project.gate_decided", "room_gate", Audience.ROOM),
    Rule("project.gate_revoked", "room_gate", Audience.ROOM),
    Rule("rectification.due_soon", "room_register", Audience.ROOM_DIGEST),
    Rule("rectification.overdue", "room_register", Audience.ROOM_DIGEST),
    Rule("warranty.expiring", "room_register", Audience.ROOM_DIGEST),
    *(
        Rule(f"complaint.{what}", "complaint_moved", Audience.REPORTER)
        for what in (
            "accepted",
            "declined",
            "transferred",
            "started",
            "extended",
            "noted",
            "paused",
            "resumed",
            "mediated",
            "merged",
            "reopened",
            "closed",
        )
    ),
    Rule("complaint.resolved", "complaint_question", Audience.ASKED),
    Rule("complaint.resolved", "complaint_question_sms", Audience.ASKED_BY_PHONE),
    Rule("complaint.resolved", "complaint_moved", Audience.FOLLOWERS),
    *(
        Rule(f"complaint.{what}", "room_complaint", Audience.ROOM)
        for what in ("due_soon", "overdue", "response_overdue", "paused_long", "contested", "supervised")
    ),
    *(
        Rule(f"complaint.{what}", "room_complaint_above", Audience.ROOM_ABOVE)
        for what in ("overdue", "response_overdue", "disputed")
    ),
    *(
        Rule(f"complaint.{what}", "complaint_received", Audience.RECEIVER)
        for what in ("due_soon", "overdue", "response_overdue", "paused_long", "contested")
    ),
    *(
        Rule(f"complaint.{what}", "room_complaint", Audience.ROOM_TRUSTED)
        for what in ("registered", "handed_up", "disputed")
    ),
)


def rules_for(event_type: str) -> tuple[Rule, ...]:
    """Return the rules that an event type triggers; most trigger none."""
    return _BY_EVENT.get(event_type, ())


_BY_EVENT: dict[str, tuple[Rule, ...]] = {
    rule.event: tuple(other for other in RULES if other.event == rule.event) for rule in RULES
}

TAPS: Mapping[str, tuple[Purpose, ...]] = {
    "bind": (Purpose.RECORD, Purpose.REMINDER, Purpose.RESULT),
    "ballot": (Purpose.REMINDER, Purpose.RECORD, Purpose.RESULT),
    "vote": (Purpose.RESULT, Purpose.RECORD, Purpose.REMINDER),
    "survey": (Purpose.REMINDER, Purpose.RECORD),
    "complaint": (Purpose.RESULT,),
}
