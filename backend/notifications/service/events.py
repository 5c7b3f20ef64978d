"""From ledger events to messages: read by a cursor over leaf numbers, which skips no late commit."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import DataError, IntegrityError

from backend.ballots.queries.turnout import facts_of
from backend.complaints import queries as complaints
from backend.identity.queries import active_binding, homes_of_bindings
from backend.infra.context import Context
from backend.kernel.errors import DomainError
from backend.ledger.queries import numbered_events
from backend.notifications.repository import messages as repository
from backend.notifications.rules.kinds import KINDS, TOLD_RELATIONS, Audience, Rule, rules_for
from backend.notifications.rules.parameters import Parameters
from backend.notifications.service.drafts import (
    Found,
    ToldHome,
    above,
    ballot_of,
    draft_of,
    home_of,
    is_own_answer,
    organisation_of,
)
from backend.notifications.service.register_digest import add_to_digests
from backend.notifications.service.writing import delivery_row, message_row, parameters_of, write_all
from backend.registry.queries import estate_card
from backend.surveys import queries as surveys

logger = logging.getLogger("gongjue")

BATCH = 500
# What one event's odd payload or row can bring about. Whatever else fails would fail for all: nothing is passed over.
OF_ONE_EVENT = (IntegrityError, DataError, DomainError, LookupError, TypeError, ValueError, AttributeError)

_Rows = tuple[list[dict[str, Any]], list[dict[str, Any]]]


def read_events(ctx: Context, limit: int = BATCH) -> int:
    """Turn the next numbered events into messages; returns how many events were read, 0 at the end."""
    cursor = repository.lock_cursor(ctx.session)
    events = numbered_events(ctx.session, cursor, limit)
    if not events:
        return 0
    now = ctx.clock.now()
    pairs = [
        (event, rule)
        for event in events
        for rule in rules_for(event.type)
        if event.at + KINDS[rule.kind].useful > now and not is_own_answer(event)
    ]
    found = _find(ctx, pairs, now)
    messages, households = [], []
    for event, rule in pairs:
        draft = None if rule.audience is Audience.ROOM_DIGEST else draft_of(event, rule, found)
        if draft is not None:
            row = message_row(draft, found.chosen.get(draft.organisation_id, Parameters()), now)
            deliveries, homes = _deliveries(event, rule, row, found)
            messages.append((row, deliveries))
            households += homes
    write_all(ctx, messages, households)
    due = [event for event, rule in pairs if rule.audience is Audience.ROOM_DIGEST]
    add_to_digests(ctx, due, found.rooms, found.chosen)
    repository.move_cursor(ctx.session, int(events[-1].leaf_no or 0))
    return len(events)


def read_next_event(ctx: Context) -> int:
    """Turn the next numbered event into messages, or pass over it for good; returns 1, or 0 at the end.

    The cursor is held from before the attempt: no other reader can come to stand on another event meanwhile.
    """
    cursor = repository.lock_cursor(ctx.session)
    try:
        with ctx.session.begin_nested():
            return read_events(ctx, limit=1)
    except OF_ONE_EVENT:
        (event,) = numbered_events(ctx.session, cursor, 1)
        logger.exception("event_passed_over", extra={"fields": {"event": event.id, "type": event.type}})
        repository.move_cursor(ctx.session, int(event.leaf_no or 0))
        return 1


def _find(ctx: Context, pairs: Sequence[tuple[Any, Rule]], now: datetime) -> Found:
    session = ctx.session
    homes = {home_of(event) for event, rule in pairs if rule.audience is Audience.HOUSEHOLD}
    ballots = {ballot_of(event) for event, _ in pairs} - {""}
    gated = {event.payload["estate"] for event, _ in pairs if event.subject_kind == "project_estate"}
    estates = {name: estate_card(session, name) for name in gated}
    reported = _subjects(pairs, "complaint")
    facts = complaints.facts_of(session, reported)
    held = surveys.facts_of(session, _subjects(pairs, "survey"))
    organisations = {organisation_of(event, estates) for event, _ in pairs}
    organisations |= {name for found in facts.values() for name in (above(found), found.trusted_id)}
    organisations |= {found.organisation_id for found in held.values()}
    return Found(
        now,
        facts_of(session, ballots) if ballots else {},
        held,
        estates,
        facts,
        complaints.questioned(session, reported),
        complaints.reporter_accounts(session, reported),
        _told(ctx, homes) if homes else {},
        _lost(ctx, pairs),
        repository.rooms_of(session, [name for name in organisations if name]),
        parameters_of(session, organisations),
    )


def _subjects(pairs: Sequence[tuple[Any, Rule]], kind: str) -> set[str]:
    return {event.subject_id for event, _ in pairs if event.subject_kind == kind}


def _told(ctx: Context, dwelling_ids: set[str]) -> dict[str, list[ToldHome]]:
    binding = active_binding()
    columns = (binding.c.dwelling_id, binding.c.account_id, binding.c.estate_id, binding.c.building_id)
    chosen = select(*columns).where(
        binding.c.dwelling_id.in_(dwelling_ids), binding.c.relation.in_(TOLD_RELATIONS)
    )
    told = defaultdict(list)
    for dwelling_id, *home in ctx.session.execute(chosen.order_by(binding.c.binding_id)):
        told[dwelling_id].append(ToldHome(*home))
    return told


def _lost(ctx: Context, pairs: Sequence[tuple[Any, Rule]]) -> dict[str, ToldHome]:
    """Whoever is out of force since a sale hears of it, too."""
    named = {
        event.id: event.payload["binding_id"] for event, _ in pairs if event.type == "binding.owner_changed"
    }
    homes = homes_of_bindings(ctx.session, set(named.values()))
    return {event_id: ToldHome(*homes[name]) for event_id, name in named.items() if name in homes}


def _deliveries(event: Any, rule: Rule, row: dict[str, Any], found: Found) -> _Rows:
    """Return the deliveries of a message and the households they speak to; an electorate's come later."""
    asked, who = found.questions.get(event.subject_id), found.reporters.get(event.subject_id)
    match rule.audience:
        case Audience.ELECTORATE | Audience.ROOM_DIGEST:
            return [], []
        case Audience.REPORTER:
            return _to(row, "account", who.everybody if who else (), found)
        case Audience.RECEIVER:
            receiver = found.complaints[event.subject_id].first_receiver_id
            return _to(row, "account", [receiver] if receiver else (), found)
        case Audience.FOLLOWERS:
            return _to(row, "account", who.followers if who else (), found)
        case Audience.ASKED:
            return _to(row, "account", [asked.account_id] if asked and asked.account_id else (), found)
        case Audience.ASKED_BY_PHONE:
            return _to(row, "reporter", [asked.reporter_id] if asked and asked.reporter_id else (), found)
        case Audience.ROOM | Audience.ROOM_ABOVE | Audience.ROOM_TRUSTED:
            return _to(row, "room", found.rooms.get(str(row["organisation_id"]), ()), found)
        case Audience.HOUSEHOLD:
            lost = found.lost.get(event.id)
            told = [*found.told.get(home_of(event), ()), *([lost] if lost else [])]
            # Nobody twice: the binding may be in force again by now.
            return _to_home(home_of(event), row, dict.fromkeys(told), found.now)


def _to(row: dict[str, Any], kind: str, names: Iterable[str], found: Found) -> _Rows:
    return [delivery_row(row, kind, name, found.now) for name in names], []


def _to_home(home: str, row: dict[str, Any], told: Iterable[ToldHome], now: datetime) -> _Rows:
    deliveries, homes = [], []
    for member in told:
        delivery = delivery_row(row, "account", member.account_id, now)
        deliveries.append(delivery)
        homes.append(
            {
                "message_id": row["id"],
                "dwelling_id": home,
                "delivery_id": delivery["id"],
                "topic": row["topic"],
                "estate_id": member.estate_id,
                "building_id": member.building_id,
            }
        )
    return deliveries, homes
