"""From ledger events to messages: read by a cursor over leaf numbers, which skips no late commit."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from sqlalchemy import select

from backend.ballots.queries.turnout import BallotFacts, facts_of
from backend.complaints import queries as complaints
from backend.complaints.queries import ComplaintFacts
from backend.identity.queries import active_binding
from backend.infra.context import Context
from backend.ledger.queries import numbered_events
from backend.notifications.repository import messages as repository
from backend.notifications.rules import complaints as complaint_texts
from backend.notifications.rules import rooms, texts
from backend.notifications.rules.kinds import KINDS, TOLD_RELATIONS, Audience, Rule, rules_for
from backend.notifications.rules.parameters import Parameters
from backend.notifications.service.writing import (
    Draft,
    delivery_row,
    message_row,
    parameters_of,
    write_all,
)
from backend.policies.rules.gates import Gate
from backend.projects.rules.stages import GATE_TITLES
from backend.registry.queries import EstateCard, estate_card


@dataclass(frozen=True, slots=True)
class _Home:
    """A person told of a household's affairs, and where the household lives."""

    account_id: str
    estate_id: str
    building_id: str


@dataclass(frozen=True, slots=True)
class _Found:
    """What all events of a batch need, read at once."""

    now: datetime
    ballots: dict[str, BallotFacts]
    estates: dict[str, EstateCard]
    complaints: dict[str, ComplaintFacts]
    reporters: dict[str, list[str]]
    told: dict[str, list[_Home]]
    rooms: dict[str, list[str]]
    chosen: dict[str | None, Parameters]


def read_events(ctx: Context, limit: int = 500) -> int:
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
        if event.at + KINDS[rule.kind].useful > now
    ]
    found = _find(ctx, pairs, now)
    messages, households = [], []
    for event, rule in pairs:
        draft = _draft(event, rule, found)
        if draft is not None:
            row = message_row(draft, found.chosen.get(draft.organisation_id, Parameters()), now)
            deliveries, homes = _deliveries(event, rule, row, found)
            messages.append((row, deliveries))
            households += homes
    write_all(ctx, messages, households)
    repository.move_cursor(ctx.session, int(events[-1].leaf_no or 0))
    return len(events)


def _find(ctx: Context, pairs: Sequence[tuple[Any, Rule]], now: datetime) -> _Found:
    homes = {event.subject_id for event, rule in pairs if rule.audience is Audience.HOUSEHOLD}
    ballots = {_ballot_of(event) for event, _ in pairs} - {""}
    gated = {event.payload["estate"] for event, _ in pairs if event.subject_kind == "project_estate"}
    estates = {name: estate_card(ctx.session, name) for name in gated}
    reported = {event.subject_id for event, _ in pairs if event.subject_kind == "complaint"}
    facts = complaints.facts_of(ctx.session, reported)
    organisations = {_organisation_of(event, estates) for event, _ in pairs}
    organisations |= {_above(found) for found in facts.values()}
    return _Found(
        now,
        facts_of(ctx.session, ballots) if ballots else {},
        estates,
        facts,
        complaints.reporter_accounts(ctx.session, reported),
        _told(ctx, homes) if homes else {},
        repository.rooms_of(ctx.session, [name for name in organisations if name]),
        parameters_of(ctx.session, organisations),
    )


def _organisation_of(event: Any, estates: dict[str, EstateCard]) -> str | None:
    """Return whose rooms hear of it: a gate is decided at the county and concerns the estate's community."""
    if event.subject_kind == "project_estate":
        return estates[event.payload["estate"]].organisation_id
    organisation_id: str | None = event.organisation_id
    return organisation_id


def _above(found: ComplaintFacts) -> str | None:
    """Return the organisation one level above a complaint's."""
    chain = found.organisation_path.strip("/").split("/")
    return chain[-2] if len(chain) > 1 else None


def _told(ctx: Context, dwelling_ids: set[str]) -> dict[str, list[_Home]]:
    binding = active_binding()
    columns = (binding.c.dwelling_id, binding.c.account_id, binding.c.estate_id, binding.c.building_id)
    chosen = select(*columns).where(
        binding.c.dwelling_id.in_(dwelling_ids), binding.c.relation.in_(TOLD_RELATIONS)
    )
    told = defaultdict(list)
    for dwelling_id, *home in ctx.session.execute(chosen.order_by(binding.c.binding_id)):
        told[dwelling_id].append(_Home(*home))
    return told


def _ballot_of(event: Any) -> str:
    if event.subject_kind == "ballot":
        return str(event.subject_id)
    return str(event.payload.get("ballot", "")) if event.subject_kind == "dwelling" else ""


def _draft(event: Any, rule: Rule, found: _Found) -> Draft | None:
    """Return what this event says under this rule, None where there is nothing to say."""
    if event.subject_kind == "complaint":
        return _complaint_draft(event, rule, found.complaints.get(event.subject_id))
    ballot = found.ballots.get(_ballot_of(event))
    if event.type.startswith(("ballot.", "vote.", "proxy.")) and ballot is None:
        return None
    if rule.audience is Audience.ROOM:
        text = _room_text(event, rule, ballot, found)
        topic = f"{event.subject_kind}:{event.subject_id}"
        payload, page = rooms.room_payload(text), ""
    else:
        about = _about(event, rule, ballot)
        topic = f"{event.subject_kind}:{event.subject_id}"
        payload, page = about.payload, about.page
    return Draft(
        topic,
        rule.kind,
        event.id,
        _organisation_of(event, found.estates),
        payload,
        page,
        event.at,
        ballot.id if ballot else None,
        is_enqueued=rule.audience is not Audience.ELECTORATE,
    )


def _complaint_draft(event: Any, rule: Rule, facts: ComplaintFacts | None) -> Draft | None:
    """Rooms hear nothing of a restricted complaint: the accused may sit in them."""
    if facts is None or (facts.is_restricted and rule.audience is not Audience.REPORTER):
        return None
    what = event.type.partition(".")[2]
    topic, organisation_id = f"complaint:{facts.id}", event.organisation_id
    if rule.audience is Audience.REPORTER:
        about = complaint_texts.for_reporter(what, facts.number, event.at)
        return Draft(topic, rule.kind, event.id, organisation_id, about.payload, about.page, event.at)
    told = complaint_texts.Told(facts.number, facts.category, facts.place_label, facts.due_at)
    payload = rooms.room_payload(complaint_texts.for_room(what, told))
    if rule.audience is Audience.ROOM_ABOVE:
        organisation_id = _above(facts)
    return Draft(topic, rule.kind, event.id, organisation_id, payload, "", event.at)


def _about(event: Any, rule: Rule, ballot: BallotFacts | None) -> texts.About:
    payload, home = event.payload, event.subject_id
    if ballot is None:
        return texts.binding_changed(rule.kind, event.at, payload["relation"], payload["binding_id"], home)
    match rule.kind:
        case "vote_recorded":
            how = texts.Recorded(payload["channel"], bool(payload.get("waits_for_review")))
            return texts.vote_recorded(ballot.title, event.at, how, ballot.id, home)
        case "vote_decided":
            return texts.vote_decided(ballot.title, event.at, bool(payload["accepted"]), ballot.id, home)
        case "mandate_confirmed":
            return texts.mandate_confirmed(ballot.title, event.at, ballot.id, home)
    return texts.news(rule.kind, ballot.title, event.at, ballot.id)


def _room_text(event: Any, rule: Rule, ballot: BallotFacts | None, found: _Found) -> str:
    step = event.type.partition(".")[2]
    if ballot is not None:
        return rooms.stage_text(rule.kind, ballot.title, event.at, step)
    if rule.kind == "room_register":
        said = event.payload
        name, day = said.get("number") or said["code"], said.get("due_on") or said["ends_on"]
        return rooms.register_text(step, said["estate_name"], name, date.fromisoformat(day))
    gate = GATE_TITLES[Gate(event.payload["gate"])]
    estate = found.estates[event.payload["estate"]]
    return rooms.gate_text(estate.name, gate, event.at, event.payload.get("outcome", "revoked"))


def _deliveries(
    event: Any, rule: Rule, row: dict[str, Any], found: _Found
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Return the deliveries of a message and the households they speak to; an electorate's come later."""
    if rule.audience is Audience.ELECTORATE:
        return [], []
    if rule.audience is Audience.REPORTER:
        accounts = found.reporters.get(event.subject_id, [])
        return [delivery_row(row, "account", name, found.now) for name in accounts], []
    if rule.audience in (Audience.ROOM, Audience.ROOM_ABOVE):
        names = found.rooms.get(str(row["organisation_id"]), [])
        return [delivery_row(row, "room", name, found.now) for name in names], []
    deliveries, homes = [], []
    for home in found.told.get(event.subject_id, []):
        delivery = delivery_row(row, "account", home.account_id, found.now)
        deliveries.append(delivery)
        homes.append(
            {
                "message_id": row["id"],
                "dwelling_id": event.subject_id,
                "delivery_id": delivery["id"],
                "topic": row["topic"],
                "estate_id": home.estate_id,
                "building_id": home.building_id,
            }
        )
    return deliveries, homes
