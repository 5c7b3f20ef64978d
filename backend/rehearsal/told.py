"""What people were told: per ballot how many were to be reminded, were, and why the others were not."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from backend.notifications.queries import LogRow
from backend.rehearsal.cast import EstatePlay
from backend.rehearsal.message_checks import Checked, check_messages
from backend.rehearsal.messages import Facts, Held, gather, is_quiet
from backend.rehearsal.moments import reminder_days
from backend.rehearsal.theatre import Theatre

Json = dict[str, Any]
NEAR = "near"
_AT_ONCE = ("vote_recorded", "vote_decided", "mandate_confirmed")
_NEWS = ("result_shown", "result_final")
_SENT, _FAILED, _WITHDRAWN = "delivered", "permanent_failure", "cancelled"


@dataclass(frozen=True, slots=True)
class Reminded:
    """One reminder of a ballot, in households; ``due`` is the sum of all others but ``deferred``.

    ``voted``: voted while it waited; ``no_consent``: nobody who may be written to; ``unbound``: nobody bound;
    ``limit``: reminded that day or often enough already. ``deferred``: planned at night, waited until morning.
    """

    due: int = 0
    sent: int = 0
    voted: int = 0
    no_consent: int = 0
    unbound: int = 0
    limit: int = 0
    deferred: int = 0

    def __add__(self, other: Reminded) -> Reminded:
        """Add up two, column by column."""
        return Reminded(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))

    def to_json(self) -> Json:
        """Return the columns by name."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class BallotMessages:
    """All messages about one ballot; at once and news as (recipients, sent), rooms by kind."""

    estate: str
    kind: str
    households: int
    reminders: Mapping[str, Reminded]
    doorstep: int
    at_once: tuple[int, int]
    news: tuple[int, int]
    rooms: Mapping[str, int]

    def to_json(self) -> Json:
        """Return the object of ``--json``."""
        return {
            "estate": self.estate,
            "ballot": self.kind,
            "households": self.households,
            "reminders": {name: found.to_json() for name, found in self.reminders.items()},
            "doorstep": self.doorstep,
            "told_at_once": dict(zip(("to", "sent"), self.at_once, strict=True)),
            "news": dict(zip(("to", "sent"), self.news, strict=True)),
            "rooms": dict(sorted(self.rooms.items())),
        }


@dataclass(frozen=True, slots=True)
class Told:
    """The messages of a play: phones and consents, every ballot, bindings, gates, and what was checked.

    ``topics``: what messages were about and the purpose they were allowed for → (deliveries, sent); together they
    are all deliveries. Not every kind by itself: of two at once the first to leave takes the last consent.
    """

    phones: Mapping[str, int]
    ballots: tuple[BallotMessages, ...]
    bindings: tuple[int, int]
    gates: int
    topics: Mapping[str, tuple[int, int]]
    checks: tuple[Checked, ...]

    def to_json(self) -> Json:
        """Return the object of ``--json``."""
        return {
            "phones": dict(self.phones),
            "reminders": {name: found.to_json() for name, found in self.reminders().items()},
            "bindings": dict(zip(("to", "sent"), self.bindings, strict=True)),
            "gates": self.gates,
            "topics": {
                name: dict(zip(("to", "sent"), found, strict=True)) for name, found in self.topics.items()
            },
            "ballots": [ballot.to_json() for ballot in self.ballots],
            "checks": [{"name": check.name, "figure": check.figure} for check in self.checks],
        }

    def reminders(self) -> dict[str, Reminded]:
        """Return the sums over all ballots by occasion."""
        sums: dict[str, Reminded] = {}
        for ballot in self.ballots:
            for name, found in ballot.reminders.items():
                sums[name] = sums.get(name, Reminded()) + found
        return sums


def account_for_messages(theatre: Theatre, estates: list[EstatePlay]) -> Told:
    """Count every message and hold it against phones, rooms and diary; raises Unexpected."""
    facts = gather(theatre, estates)
    checks = check_messages(facts)
    diary = theatre.diary
    phones = {
        "bound": len(diary.bound),
        "allowed": sum(sum(allowed.values()) for allowed in diary.accepts.values()),
        "refused": sum(diary.rejects.values()),
        "gave_number": len(diary.gave_number),
        "never_asked": len(diary.bound) - len(diary.accepts),
    }
    about_bindings = [row for row in facts.rows if row.kind.startswith("binding_")]
    gates = sum(row.kind == "room_gate" and row.state == _SENT for row in facts.rows)
    ballots = tuple(_count(facts, ballot) for ballot in facts.ballots)
    topics = {name: _share(list(rows)) for name, rows in groupby(sorted(facts.rows, key=_topic), key=_topic)}
    return Told(phones, ballots, _share(about_bindings), gates, topics, checks)


def _topic(row: LogRow) -> str:
    return row.kind if row.recipient_kind == "room" else f"{row.kind.partition('_')[0]}/{row.purpose}"


def _share(rows: list[LogRow]) -> tuple[int, int]:
    return len(rows), sum(row.state == _SENT for row in rows)


def _count(facts: Facts, ballot: Held) -> BallotMessages:
    entries = facts.doorstep[ballot.estate.world.number]
    rooms = [row for row in facts.rows if row.ballot_id == ballot.id and row.recipient_kind == "room"]
    return BallotMessages(
        ballot.estate.world.script.name,
        ballot.script.kind,
        len(ballot.estate.dwelling_ids),
        _reminders(facts, ballot),
        len({row.dwelling_id for row in entries if row.ballot_id == ballot.id and row.is_reminder}),
        _share(list(facts.rows_about(ballot, *_AT_ONCE))),
        _share(list(facts.rows_about(ballot, *_NEWS))),
        Counter(row.kind for row in rooms if row.state == _SENT),
    )


def _reminders(facts: Facts, ballot: Held) -> dict[str, Reminded]:
    found = {}
    for name, day in reminder_days(ballot.script.opens, ballot.script.closes).items():
        rows = [row for row in facts.rows_about(ballot, "reminder") if row.occasion == name]
        found[name] = _one(facts, ballot, rows, facts.look_after(day))
    rows = list(facts.rows_about(ballot, "near_quorum"))
    told = [row.created_at for row in facts.rows_about(ballot, "near_quorum", "room_near")]
    found[NEAR] = _one(facts, ballot, rows, min(told)) if told else Reminded()
    return found


def _one(facts: Facts, ballot: Held, rows: list[LogRow], planned_at: datetime) -> Reminded:
    due = facts.unvoted(ballot, planned_at)
    states: Counter[str] = Counter()
    for row in rows:
        states[row.state] += len(facts.homes[row.id])
    unbound = sum(facts.person_of(ballot.script, place, planned_at) is None for place in due.values())
    return Reminded(
        len(due),
        states[_SENT],
        states[_WITHDRAWN],
        states[_FAILED],
        unbound,
        len(due) - sum(states.values()) - unbound,
        sum(len(facts.homes[row.id]) for row in rows if is_quiet(row.created_at)),
    )
