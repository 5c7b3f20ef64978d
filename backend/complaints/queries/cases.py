"""One complaint as staff and the responsible party read it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlmodel import Session

from backend.complaints.repository import complaints as repository
from backend.complaints.repository import parties, proceedings, relays
from backend.complaints.rules.redaction import redact_hidden
from backend.complaints.rules.states import Action
from backend.complaints.rules.visibility import View
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.tables import Complaint, ComplaintExtension, ComplaintStep
from backend.identity.queries import api_key_name


@dataclass(frozen=True, slots=True)
class StepView:
    """A step of the history as somebody may read it."""

    id: str
    position: int
    at: datetime
    action: str
    to_state: str
    doer: str
    actor_id: str | None
    words: str
    is_told: bool
    due_at: datetime | None
    facts: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Line:
    """A complaint in a list; ``view`` says whether it is seen as the responsible party."""

    id: str
    number: str
    version: int
    state: str
    nature: str
    category: str
    time_class: str
    source: str
    ticket_number: str | None
    disclosure: str
    organisation_id: str
    estate_id: str | None
    building_id: str | None
    place_label: str
    place_words: str
    point: tuple[int, int] | None
    works_item_id: str | None
    words: str
    registered_at: datetime
    respond_by_at: datetime
    responded_at: datetime | None
    due_at: datetime | None
    is_due_provisional: bool
    paused_at: datetime | None
    pause_reason: str | None
    is_overdue: bool
    is_supervised: bool
    is_restricted: bool
    party_id: str | None
    party_name: str | None
    resolved_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    view: View


@dataclass(frozen=True, slots=True)
class FiledBy:
    """The outside system that filed a complaint (Open311): its key, and what staff named it."""

    key_id: str
    name: str


@dataclass(frozen=True, slots=True)
class Case:
    """A complaint with its history, for staff or the responsible party."""

    line: Line
    words_for_party: str
    about_party_id: str | None
    about_party_name: str | None
    about_account_id: str | None
    first_receiver_id: str | None
    extensions: int
    reopenings: int
    is_solved: bool | None
    is_satisfied: bool | None
    merged_into_id: str | None
    merged_ids: tuple[str, ...]
    steps: tuple[StepView, ...]
    requested: ComplaintExtension | None
    filed_by: FiledBy | None
    handed_up_at: datetime | None
    handed_up_about_id: str | None


@dataclass(frozen=True, slots=True)
class Reading:
    """How somebody reads one complaint, and when.

    ``is_trusted``: they decide what is restricted; only they read why it was handed up. ``is_unit``: staff who act for
    some unit; of a hidden reporter they read a unit's words from the first day, as the case may become theirs.
    """

    view: View
    now: datetime
    is_unit: bool = False
    is_trusted: bool = False


def line_of(row: Complaint, reading: Reading, names: dict[str, str]) -> Line:
    """Return a complaint as a line of a list, with the words that this reading may see."""
    is_hidden = row.disclosure != Disclosure.NAMED
    as_party = reading.view is View.PARTY or (reading.is_unit and is_hidden)
    hidden = as_party and is_hidden
    running = row.paused_at is None and row.resolved_at is None and row.due_at is not None
    return Line(
        id=row.id,
        number=row.number,
        version=row.version,
        state=row.state,
        nature=row.nature,
        category=row.category,
        time_class=row.time_class,
        source=row.source,
        ticket_number=None if hidden else row.ticket_number,
        disclosure=Disclosure.CONFIDENTIAL if hidden else row.disclosure,
        organisation_id=row.organisation_id,
        estate_id=row.estate_id,
        building_id=row.building_id,
        place_label=row.place_label,
        place_words=redact_hidden(row.place_words) if hidden else row.place_words,
        point=None if hidden or row.lat_e6 is None else (row.lat_e6, row.lon_e6 or 0),
        works_item_id=row.works_item_id,
        words=row.words_for_party if as_party else row.words,
        registered_at=row.registered_at,
        respond_by_at=row.respond_by_at,
        responded_at=row.responded_at,
        due_at=row.due_at,
        is_due_provisional=row.is_due_provisional,
        paused_at=row.paused_at,
        pause_reason=row.pause_reason,
        is_overdue=running and row.due_at is not None and row.due_at <= reading.now,
        is_supervised=row.is_supervised,
        is_restricted=row.is_restricted,
        party_id=row.party_id,
        party_name=names.get(row.party_id or ""),
        resolved_at=row.resolved_at,
        closed_at=row.closed_at,
        outcome=row.outcome,
        view=reading.view,
    )


def case_of(session: Session, row: Complaint, reading: Reading) -> Case:
    """Return a complaint with its whole history as somebody may read it."""
    names = parties.names_of(session, [name for name in (row.party_id, row.about_party_id) if name])
    steps = repository.steps_of(session, row.id)
    as_party, is_trusted = reading.view is View.PARTY, reading.is_trusted
    return Case(
        line=line_of(row, reading, names),
        words_for_party=row.words_for_party,
        about_party_id=row.about_party_id,
        about_party_name=names.get(row.about_party_id or ""),
        about_account_id=None if as_party else row.about_account_id,
        first_receiver_id=row.first_receiver_id,
        extensions=row.extensions,
        reopenings=row.reopenings,
        is_solved=row.is_solved,
        is_satisfied=row.is_satisfied,
        merged_into_id=row.merged_into_id,
        merged_ids=() if as_party else tuple(repository.merged_into(session, row.id)),
        steps=tuple(step_view(step, is_trusted=is_trusted) for step in steps),
        requested=proceedings.open_extension(session, row.id),
        filed_by=None if as_party else _filed_by(session, row),
        handed_up_at=row.handed_up_at if is_trusted else None,
        handed_up_about_id=row.handed_up_about_id if is_trusted else None,
    )


def _filed_by(session: Session, row: Complaint) -> FiledBy | None:
    relay = relays.find(session, row.id)
    return None if relay is None else FiledBy(relay.key_id, api_key_name(session, relay.key_id) or "")


def step_view(step: ComplaintStep, *, is_trusted: bool) -> StepView:
    """Return a step as staff read it; why somebody handed the case up only to who decides about that."""
    is_kept = step.action == Action.HAND_UP and not is_trusted
    return StepView(
        id=step.id,
        position=step.position,
        at=step.at,
        action=step.action,
        to_state=step.to_state,
        doer=step.doer,
        actor_id=step.actor_id,
        words="" if is_kept else step.words,
        is_told=step.is_told,
        due_at=step.due_at,
        facts=dict(step.facts or {}),
    )
