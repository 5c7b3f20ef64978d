"""Complaints written straight into the table as they stand, and what they add up to, counted once more in Python."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from math import ceil
from typing import Any

from backend.complaints.rules.numbers import new_number
from backend.complaints.rules.states import OPEN, State
from backend.complaints.rules.statistics import Times, minutes_between
from backend.complaints.rules.vocabulary import CATEGORIES, HANDLED_HERE, Nature
from backend.complaints.tables import Complaint
from backend.kernel.ids import new_id
from tests.factories.places import make_estate
from tests.services.complaints.hotline import Hotline

NOW = datetime(2026, 3, 20, 4, 0, tzinfo=UTC)
DAY = timedelta(days=1)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)
NUMBERS = (
    "registered",
    "passed_on",
    "merged",
    "withdrawn",
    "declined",
    "waiting",
    "running",
    "resolved",
    "closed",
    "response_due",
    "responded_in_time",
    "response_missing",
    "result_due",
    "solved",
    "unconfirmed",
    "rated",
    "reopened",
    "overdue",
    "late",
    "repeats_place",
)


def put(hotline: Hotline, state: str, at: datetime, **values: Any) -> Complaint:
    """Write one complaint as it stands, straight into the table."""
    defaults: dict[str, Any] = {
        "id": new_id(),
        "number": new_number(),
        "organisation_id": hotline.place.community.id,
        "organisation_path": hotline.place.community.path,
        "estate_id": hotline.place.estate.id,
        "place_label": "示例小区",
        "source": "telephone",
        "nature": "complaint",
        "category": "quality",
        "time_class": "ordinary",
        "disclosure": "named",
        "words": "漏水",
        "words_for_party": "漏水",
        "words_sealed": "x",
        "grams": [],
        "state": state,
        "registered_at": at,
        "respond_by_at": at + DAY,
        "merged_into_id": None,
    }
    given = defaults | values
    for name, until, paused in (
        ("minutes_to_accept", "accepted_at", 0),
        ("minutes_to_resolve", "resolved_at", given.get("paused_seconds", 0)),
    ):
        if given.get(until) is not None:
            given[name] = minutes_between(at, given[until], paused)
    row = Complaint(**given)
    hotline.system.session.add(row)
    hotline.system.session.flush()
    return row


def taken(hotline: Hotline, state: str, at: datetime, **values: Any) -> Complaint:
    """Write one that was accepted two hours after its registration, due after ten days, with the party."""
    defaults = {
        "accepted_at": at + 2 * HOUR,
        "responded_at": at + 2 * HOUR,
        "due_at": at + 10 * DAY,
        "party_id": hotline.party,
    }
    return put(hotline, state, at, **(defaults | values))


def closed(hotline: Hotline, at: datetime, answer: tuple[bool, bool] | None, **values: Any) -> Complaint:
    """Write one that was resolved after three days and closed with an answer, or without."""
    solved, satisfied = answer or (None, None)
    outcome = "unanswered" if answer is None else "confirmed" if satisfied else "unsatisfied"
    defaults = {
        "resolved_at": at + 3 * DAY,
        "closed_at": at + 5 * DAY,
        "is_solved": solved,
        "is_satisfied": satisfied,
        "outcome": outcome,
    }
    return taken(hotline, "closed", at, **(defaults | values))


def scattered(hotline: Hotline, number: int, seed: int) -> list[Complaint]:
    """Write many cases of every kind over half a year, two estates and two parties."""
    chance = random.Random(seed)
    other = make_estate(hotline.system, community=hotline.place.community, dwellings=1).estate.id
    estates = (hotline.place.estate.id, other, None)
    natures = [*Nature, *(4 * list(HANDLED_HERE))]
    rows = []
    for _ in range(number):
        at = NOW - timedelta(minutes=chance.randrange(1, 260_000))
        state = chance.choice([each for each in State if each is not State.MERGED])
        values: dict[str, Any] = {
            "estate_id": chance.choice(estates),
            "category": chance.choice(list(CATEGORIES)),
            "time_class": chance.choice(("ordinary", "complex", "emergency")),
            "nature": Nature.PETITION if state is State.TRANSFERRED else chance.choice(natures),
            "is_restricted": chance.random() < 0.1,
            "respond_by_at": at + chance.randrange(0, 9) * HOUR,
            "responded_at": chance.choice((None, at + chance.randrange(0, 9) * HOUR)),
            "repeats_place": chance.random() < 0.3,
            "repeats_reporter": chance.random() < 0.3,
        }
        if state in OPEN - {State.REGISTERED} or state in (State.RESOLVED, State.FOLLOWED_UP, State.CLOSED):
            values |= {
                "accepted_at": at + timedelta(seconds=chance.randrange(40_000)),
                "party_id": chance.choice((hotline.party, hotline.other_party)),
                "due_at": chance.choice((None, NOW, at + chance.randrange(1, 90) * DAY)),
                "paused_seconds": chance.choice((0, 59, 61, 3600)),
                "reopenings": chance.choice((0, 0, 0, 1, 2)),
                "is_solved": chance.choice((None, True, False)),
                "is_satisfied": chance.choice((None, True, False)),
            }
        if state in (State.RESOLVED, State.FOLLOWED_UP, State.CLOSED):
            values["resolved_at"] = at + timedelta(seconds=50_000 + chance.randrange(3_000_000))
        rows.append(put(hotline, state, at, **values))
    return rows


def rank(values: list[int], tenths: int) -> int | None:
    return sorted(values)[ceil(len(values) * tenths / 10) - 1] if values else None


def recount(rows: list[Complaint]) -> tuple[dict[str, int], tuple[int, int], Times, Times]:
    """Count once more in words as near to the definitions as Python allows: numbers, satisfaction, times."""
    done, numbers = (State.RESOLVED, State.FOLLOWED_UP, State.CLOSED), dict.fromkeys(NUMBERS, 0)
    satisfied, accepting, resolving = 0, [], []
    for row in rows:
        numbers["registered"] += 1
        if row.nature not in ("complaint", "emergency"):
            numbers["passed_on"] += 1
            continue
        is_running = row.state in OPEN and row.state != "registered"
        is_closed, is_taken = row.state == "closed", is_running or row.state in done
        if is_running or row.state in done:
            name = "running" if is_running else "closed" if is_closed else "resolved"
        else:
            name = {"registered": "waiting"}.get(row.state, row.state)
        numbers[name] += name in numbers if name != "transferred" else 0
        if row.state not in ("merged", "withdrawn"):
            is_missing = row.responded_at is None and row.respond_by_at <= NOW
            numbers["response_due"] += row.responded_at is not None or is_missing
            numbers["responded_in_time"] += (
                row.responded_at is not None and row.responded_at < row.respond_by_at
            )
            numbers["response_missing"] += is_missing
        is_overdue = is_running and row.due_at is not None and row.due_at <= NOW
        is_reopened = is_taken and row.reopenings > 0
        numbers["overdue"] += is_overdue
        numbers["reopened"] += is_reopened
        numbers["result_due"] += is_closed or is_reopened or is_overdue
        numbers["solved"] += is_closed and row.is_solved is True
        numbers["unconfirmed"] += is_closed and row.is_solved is None
        numbers["rated"] += is_taken and row.is_satisfied is not None
        satisfied += row.state in done and row.is_satisfied is True
        if is_taken and row.resolved_at is not None:
            numbers["late"] += row.due_at is not None and row.resolved_at >= row.due_at
        numbers["repeats_place"] += row.repeats_place
        if is_taken and row.accepted_at is not None:
            accepting.append(int((row.accepted_at - row.registered_at).total_seconds()) // 60)
        if row.state in done and row.resolved_at is not None:
            passed = int((row.resolved_at - row.registered_at).total_seconds())
            resolving.append((passed - row.paused_seconds) // 60)
    times = (Times(len(each), rank(each, 5), rank(each, 9)) for each in (accepting, resolving))
    return numbers, (satisfied, numbers["rated"]), *times
