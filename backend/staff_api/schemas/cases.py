"""What the staff door says about complaints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel

from backend.complaints.queries import Case, Line, StepView
from backend.complaints.rules.numbers import format_number
from backend.complaints.rules.states import ACTION_TITLES, STATE_TITLES, Action, State
from backend.complaints.rules.vocabulary import (
    CATEGORIES,
    DISCLOSURE_TITLES,
    NATURE_TITLES,
    SOURCE_TITLES,
    Disclosure,
    Nature,
    Source,
)
from backend.complaints.service import MediationView, Pictures, Registered, ReporterView
from backend.complaints.tables import Complaint
from backend.infra.paging import encode_cursor
from backend.media.service import MediaView


class ComplaintStateOut(BaseModel):
    """A complaint after an action; ``version`` goes into the next ``If-Match``."""

    id: str
    number: str
    version: int
    state: str
    state_title: str
    party: str | None
    due_at: datetime | None
    due_is_provisional: bool

    @classmethod
    def of(cls, row: Complaint) -> ComplaintStateOut:
        """Build from the service's answer."""
        return cls(
            id=row.id,
            number=format_number(row.number),
            version=row.version,
            state=row.state,
            state_title=STATE_TITLES[State(row.state)],
            party=row.party_id,
            due_at=row.due_at,
            due_is_provisional=row.is_due_provisional,
        )


class RegisteredOut(BaseModel):
    """A complaint that was taken in: the number to ask with."""

    id: str
    number: str
    version: int
    respond_by_at: datetime

    @classmethod
    def of(cls, made: Registered) -> RegisteredOut:
        """Build from the service's answer."""
        row = made.complaint
        return cls(
            id=row.id,
            number=format_number(row.number),
            version=row.version,
            respond_by_at=row.respond_by_at,
        )


class ComplaintOut(BaseModel):
    """A complaint in a list; ``view`` is ``party`` where it is read as the responsible party reads it."""

    id: str
    number: str
    version: int
    state: str
    state_title: str
    nature: str
    nature_title: str
    category: str
    category_title: str
    time_class: str
    source: str
    source_title: str
    ticket_number: str | None
    disclosure: str
    disclosure_title: str
    organisation: str
    estate: str | None
    building: str | None
    place: str
    place_words: str
    lat_e6: int | None
    lon_e6: int | None
    works_item: str | None
    words: str
    registered_at: datetime
    respond_by_at: datetime
    responded_at: datetime | None
    due_at: datetime | None
    due_is_provisional: bool
    paused_at: datetime | None
    pause_reason: str | None
    overdue: bool
    supervised: bool
    restricted: bool
    party: str | None
    party_name: str | None
    resolved_at: datetime | None
    closed_at: datetime | None
    outcome: str | None
    view: str

    @classmethod
    def of(cls, line: Line) -> ComplaintOut:
        """Build from the query's answer."""
        same = {name: getattr(line, name) for name in cls.model_fields if hasattr(line, name)}
        lat_e6, lon_e6 = line.point or (None, None)
        shown = same | {
            "number": format_number(line.number),
            "state_title": STATE_TITLES[State(line.state)],
            "nature_title": NATURE_TITLES[Nature(line.nature)],
            "category_title": CATEGORIES[line.category].title,
            "source_title": SOURCE_TITLES[Source(line.source)],
            "disclosure_title": DISCLOSURE_TITLES[Disclosure(line.disclosure)],
            "organisation": line.organisation_id,
            "estate": line.estate_id,
            "building": line.building_id,
            "place": line.place_label,
            "lat_e6": lat_e6,
            "lon_e6": lon_e6,
            "works_item": line.works_item_id,
            "due_is_provisional": line.is_due_provisional,
            "overdue": line.is_overdue,
            "supervised": line.is_supervised,
            "restricted": line.is_restricted,
            "party": line.party_id,
            "view": line.view.value,
        }
        return cls(**shown)


class ComplaintListOut(BaseModel):
    """A page of complaints."""

    items: list[ComplaintOut]
    next: str | None

    @classmethod
    def of(cls, found: Sequence[Line], size: int, *, by_due: bool = False) -> ComplaintListOut:
        """Build from one row more than a page holds; the cursor follows the order."""
        page, position = found[:size], None
        if len(found) > size:
            last = page[-1]
            position = ((by_due and last.due_at) or last.registered_at, last.id)
        return cls(items=[ComplaintOut.of(line) for line in page], next=encode_cursor(position))


class DuplicateOut(BaseModel):
    """A complaint that may be the same matter; ``likeness`` in percent."""

    likeness: int
    complaint: ComplaintOut


class DuplicateListOut(BaseModel):
    """The likest open complaints, the likest first."""

    items: list[DuplicateOut]

    @classmethod
    def of(cls, found: list[tuple[Line, int]]) -> DuplicateListOut:
        """Build from the service's answer."""
        return cls(
            items=[
                DuplicateOut(likeness=likeness, complaint=ComplaintOut.of(line)) for line, likeness in found
            ]
        )


class PictureOut(BaseModel):
    """A photo or video; ``full`` and ``thumb`` are addresses for a short time, None while it may not be shown."""

    id: str
    kind: str
    state: str
    full: str | None
    thumb: str | None
    expires_at: datetime

    @classmethod
    def of(cls, view: MediaView) -> PictureOut:
        """Build from the media's answer."""
        return cls(
            id=view.id,
            kind=view.kind,
            state=view.state,
            full=view.full,
            thumb=view.thumb,
            expires_at=view.expires_at,
        )


class StepOut(BaseModel):
    """One step of the history; ``by`` is the staff account, never a reporter."""

    position: int
    at: datetime
    action: str
    action_title: str
    state: str
    doer: str
    by: str | None
    words: str
    told: bool
    due_at: datetime | None
    facts: dict[str, Any]
    pictures: list[PictureOut]

    @classmethod
    def of(cls, step: StepView, pictures: list[MediaView]) -> StepOut:
        """Build from the query's answer."""
        return cls(
            position=step.position,
            at=step.at,
            action=step.action,
            action_title=ACTION_TITLES[Action(step.action)],
            state=step.to_state,
            doer=step.doer,
            by=step.actor_id,
            words=step.words,
            told=step.is_told,
            due_at=step.due_at,
            facts=step.facts,
            pictures=[PictureOut.of(view) for view in pictures],
        )


class ExtensionOut(BaseModel):
    """An extension that waits for a decision."""

    period: str
    reason: str
    requested_at: datetime


class FiledByOut(BaseModel):
    """The outside system that filed a complaint: the id of its key, and its name."""

    id: str
    name: str


class CaseOut(BaseModel):
    """A complaint with its whole history; ``filed_by`` when an outside system filed it, for those who may know."""

    complaint: ComplaintOut
    filed_by: FiledByOut | None
    pictures: list[PictureOut]
    words_for_party: str
    about_party: str | None
    about_party_name: str | None
    about_account: str | None
    first_receiver: str | None
    pause_reason: str | None
    extensions: int
    reopenings: int
    solved: bool | None
    satisfied: bool | None
    merged_into: str | None
    merged: list[str]
    extension: ExtensionOut | None
    handed_up_at: datetime | None
    handed_up_about: str | None
    steps: list[StepOut]

    @classmethod
    def of(cls, shown: tuple[Case, Pictures]) -> CaseOut:
        """Build from the service's answer."""
        found, pictures = shown
        waiting = found.requested
        return cls(
            complaint=ComplaintOut.of(found.line),
            filed_by=None
            if found.filed_by is None
            else FiledByOut(id=found.filed_by.key_id, name=found.filed_by.name),
            pictures=[PictureOut.of(view) for view in pictures.get(found.line.id, ())],
            words_for_party=found.words_for_party,
            about_party=found.about_party_id,
            about_party_name=found.about_party_name,
            about_account=found.about_account_id,
            first_receiver=found.first_receiver_id,
            pause_reason=found.line.pause_reason,
            extensions=found.extensions,
            reopenings=found.reopenings,
            solved=found.is_solved,
            satisfied=found.is_satisfied,
            merged_into=found.merged_into_id,
            merged=list(found.merged_ids),
            extension=None
            if waiting is None
            else ExtensionOut(
                period=waiting.period, reason=waiting.reason, requested_at=waiting.requested_at
            ),
            handed_up_at=found.handed_up_at,
            handed_up_about=found.handed_up_about_id,
            steps=[StepOut.of(step, pictures.get(step.id, [])) for step in found.steps],
        )


class ReporterOut(BaseModel):
    """Who reported, and the words as they were said where those may be read; the asking is logged.

    The last three come with reports of outside systems; ``media`` is an address that nobody here has opened.
    """

    name: str | None
    phone: str | None
    words: str | None
    email: str | None
    account: str | None
    media: str | None

    @classmethod
    def of(cls, found: ReporterView) -> ReporterOut:
        """Build from the service's answer."""
        return cls(**{name: getattr(found, name) for name in cls.model_fields})


class MediationOut(BaseModel):
    """A mediation with its people."""

    held_on: date
    parties: str
    mediator: str
    outcome: str
    agreement: str | None
    pictures: list[PictureOut]


class MediationListOut(BaseModel):
    """Every mediation of a complaint."""

    items: list[MediationOut]

    @classmethod
    def of(cls, found: list[MediationView]) -> MediationListOut:
        """Build from the service's answer."""
        return cls(
            items=[
                MediationOut(
                    held_on=held.held_on,
                    parties=held.parties,
                    mediator=held.mediator,
                    outcome=held.outcome,
                    agreement=held.agreement,
                    pictures=[PictureOut.of(view) for view in held.pictures],
                )
                for held in found
            ]
        )
