"""What an event says under a rule: the message's key, values and page; nothing is asked of the database here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.ballots.queries.turnout import BallotFacts
from backend.complaints.queries import ComplaintFacts, Questioned, ReporterAccounts
from backend.notifications.rules import complaints as complaint_texts
from backend.notifications.rules import rooms, texts
from backend.notifications.rules import surveys as survey_texts
from backend.notifications.rules.kinds import Audience, Rule
from backend.notifications.rules.parameters import Parameters
from backend.notifications.service.writing import Draft
from backend.policies.rules.gates import Gate
from backend.projects.rules.stages import GATE_TITLES
from backend.registry.queries import EstateCard
from backend.surveys.queries import SurveyFacts


@dataclass(frozen=True, slots=True)
class ToldHome:
    """A person told of a household's affairs, and where the household lives."""

    account_id: str
    estate_id: str
    building_id: str


@dataclass(frozen=True, slots=True)
class Found:
    """What all events of a batch need, read at once."""

    now: datetime
    ballots: Mapping[str, BallotFacts]
    surveys: Mapping[tuple[str, str], SurveyFacts]
    estates: Mapping[str, EstateCard]
    complaints: Mapping[str, ComplaintFacts]
    questions: Mapping[str, Questioned]
    reporters: Mapping[str, ReporterAccounts]
    told: Mapping[str, Sequence[ToldHome]]
    # Event of a sale → whose binding it took out of force.
    lost: Mapping[str, ToldHome]
    rooms: Mapping[str, Sequence[str]]
    chosen: Mapping[str | None, Parameters]


def home_of(event: Any) -> str:
    """Return the dwelling that a household's event is about."""
    return str(event.payload["household"] if event.subject_kind == "survey" else event.subject_id)


def is_own_answer(event: Any) -> bool:
    """Tell whether a household answered a survey on its own phone: nobody need be told."""
    return event.subject_kind == "survey" and not survey_texts.is_recorded_by_others(event.payload["channel"])


def ballot_of(event: Any) -> str:
    """Return the ballot that an event is about, empty for other events."""
    if event.subject_kind == "ballot":
        return str(event.subject_id)
    return str(event.payload.get("ballot", "")) if event.subject_kind == "dwelling" else ""


def organisation_of(event: Any, estates: Mapping[str, EstateCard]) -> str | None:
    """Return whose rooms hear of it: a gate is decided at the county and concerns the estate's community."""
    if event.subject_kind == "project_estate":
        return estates[event.payload["estate"]].organisation_id
    organisation_id: str | None = event.organisation_id
    return organisation_id


def above(found: ComplaintFacts) -> str | None:
    """Return the organisation one level above a complaint's."""
    chain = found.organisation_path.strip("/").split("/")
    return chain[-2] if len(chain) > 1 else None


def draft_of(event: Any, rule: Rule, found: Found) -> Draft | None:
    """Return what this event says under this rule, None where there is nothing to say."""
    if event.subject_kind == "complaint":
        return _complaint_draft(event, rule, found)
    if event.subject_kind == "survey":
        return _survey_draft(event, rule, found)
    ballot = found.ballots.get(ballot_of(event))
    if event.type.startswith(("ballot.", "vote.", "proxy.")) and ballot is None:
        return None
    if rule.audience is Audience.ROOM:
        payload, page = rooms.room_payload(_room_text(event, rule, ballot, found)), ""
    else:
        about = _about(event, rule, ballot)
        payload, page = about.payload, about.page
    return Draft(
        f"{event.subject_kind}:{event.subject_id}",
        rule.kind,
        event.id,
        organisation_of(event, found.estates),
        payload,
        page,
        event.at,
        ballot.id if ballot else None,
        is_enqueued=rule.audience is not Audience.ELECTORATE,
    )


def _survey_draft(event: Any, rule: Rule, found: Found) -> Draft | None:
    home = home_of(event)
    members = found.told.get(home, ())
    held = found.surveys.get((event.subject_id, members[0].estate_id)) if members else None
    if held is None:
        return None
    about = survey_texts.recorded(held.title, event.at, event.payload["channel"], held.id, home)
    topic = f"dwelling:{home}"
    return Draft(topic, rule.kind, event.id, held.organisation_id, about.payload, about.page, event.at)


def _complaint_draft(event: Any, rule: Rule, found: Found) -> Draft | None:
    facts = found.complaints.get(event.subject_id)
    is_to_room = rule.audience in (Audience.ROOM, Audience.ROOM_ABOVE, Audience.ROOM_TRUSTED)
    if facts is None:
        return None
    what = event.type.partition(".")[2]
    if rule.audience is Audience.RECEIVER:
        return _receiver_draft(event, rule, facts)
    if rule.audience in (Audience.ASKED, Audience.ASKED_BY_PHONE):
        return _question_draft(event, rule, found)
    topic = f"complaint:{facts.id}"
    organisation_id = _room_of(event, rule, facts) if is_to_room else event.organisation_id
    if organisation_id is None:
        return None
    if not is_to_room:
        if what == "noted" and not event.payload.get("told"):
            return None  # a note between staff
        followed = found.reporters.get(facts.id, ReporterAccounts())
        if rule.audience is Audience.FOLLOWERS and not followed.followers:
            return None
        about = complaint_texts.for_reporter(what, facts.number, event.at)
        return Draft(topic, rule.kind, event.id, organisation_id, about.payload, about.page, event.at)
    is_kept = facts.is_restricted or rule.audience is Audience.ROOM_TRUSTED
    told = complaint_texts.Told(facts.number, facts.category, facts.place_label, facts.due_at, is_kept)
    payload = rooms.room_payload(complaint_texts.for_room(what, told))
    return Draft(topic, rule.kind, event.id, organisation_id, payload, "", event.at)


def _receiver_draft(event: Any, rule: Rule, facts: ComplaintFacts) -> Draft | None:
    """What became restricted is no more the first receiver's."""
    if facts.first_receiver_id is None or facts.is_restricted:
        return None
    about = complaint_texts.for_receiver(event.type.partition(".")[2], facts.number, event.at)
    topic = f"complaint:{facts.id}"
    return Draft(topic, rule.kind, event.id, event.organisation_id, about.payload, about.page, event.at)


def _room_of(event: Any, rule: Rule, facts: ComplaintFacts) -> str | None:
    """Return whose rooms hear of it: of a restricted complaint those who may see it, as the accused may sit below."""
    if rule.audience is Audience.ROOM_TRUSTED:
        is_theirs = facts.is_restricted or event.type == "complaint.handed_up"
        return facts.trusted_id if is_theirs else None
    if facts.is_restricted:
        return facts.trusted_id if rule.audience is Audience.ROOM else None
    return above(facts) if rule.audience is Audience.ROOM_ABOVE else str(event.organisation_id)


def _question_draft(event: Any, rule: Rule, found: Found) -> Draft | None:
    """The question after the work: once per round, of use as long as it can be answered."""
    facts, asked = found.complaints[event.subject_id], found.questions.get(event.subject_id)
    is_by_phone = rule.audience is Audience.ASKED_BY_PHONE
    if asked is None or asked.expires_at <= found.now:
        return None
    if (asked.reporter_id if is_by_phone else asked.account_id) is None:
        return None
    if is_by_phone:
        about = complaint_texts.question_by_phone(asked.expires_at)
    else:
        about = complaint_texts.question(facts.number, asked.expires_at)
    return Draft(
        f"complaint:{facts.id}",
        rule.kind,
        complaint_texts.occasion_of(asked.round),
        event.organisation_id,
        about.payload,
        about.page,
        event.at,
        expires_at=asked.expires_at,
    )


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


def _room_text(event: Any, rule: Rule, ballot: BallotFacts | None, found: Found) -> str:
    step = event.type.partition(".")[2]
    if ballot is not None:
        return rooms.stage_text(rule.kind, ballot.title, event.at, step)
    gate = GATE_TITLES[Gate(event.payload["gate"])]
    estate = found.estates[event.payload["estate"]]
    return rooms.gate_text(estate.name, gate, event.at, event.payload.get("outcome", "revoked"))
