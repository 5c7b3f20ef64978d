"""What the residents' door says and takes about complaints."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, Field

from backend.complaints.queries import OwnCase, OwnComplaint, StepView, Tracked
from backend.complaints.rules.intake import MOST_WORDS
from backend.complaints.rules.numbers import format_number
from backend.complaints.rules.states import ACTION_TITLES, STATE_TITLES, Action, State
from backend.complaints.rules.vocabulary import (
    CATEGORIES,
    DISCLOSURE_TITLES,
    NATURE_TITLES,
    Disclosure,
    Nature,
)
from backend.complaints.service import Answer, Pictures, RegisterComplaint, Registered, Report
from backend.complaints.tables import Complaint
from backend.infra.forms import Id, StrictModel
from backend.infra.paging import encode_cursor
from backend.media.rules.limits import MOST_PHOTOS
from backend.media.service import MediaView
from miniprogram_api.schemas.media import MediaOut

_Number = Annotated[str, Field(min_length=12, max_length=30)]
_Code = Annotated[str, Field(min_length=12, max_length=40)]
_Words = Annotated[str, Field(max_length=MOST_WORDS)]


def _known(category: str) -> str:
    """Judge the category with the form, so that all that is wrong is told at once."""
    if category not in CATEGORIES:
        raise ValueError("没有这个类别。")
    return category


_Category = Annotated[
    str, Field(max_length=20, json_schema_extra={"enum": list(CATEGORIES)}), AfterValidator(_known)
]


class ChoiceOut(BaseModel):
    """A value and its title."""

    value: str
    title: str


class ComplaintChoicesOut(BaseModel):
    """What can be chosen when reporting."""

    categories: list[ChoiceOut]
    natures: list[ChoiceOut]
    disclosures: list[ChoiceOut]

    @classmethod
    def all(cls) -> ComplaintChoicesOut:
        """Build from the rules."""
        return cls(
            categories=[ChoiceOut(value=name, title=found.title) for name, found in CATEGORIES.items()],
            natures=[ChoiceOut(value=nature, title=title) for nature, title in NATURE_TITLES.items()],
            disclosures=[ChoiceOut(value=each, title=title) for each, title in DISCLOSURE_TITLES.items()],
        )


class PointIn(StrictModel):
    """A point on the map as WeChat gives it (GCJ-02), in millionths of a degree."""

    lat_e6: Annotated[int, Field(ge=-90_000_000, le=90_000_000)]
    lon_e6: Annotated[int, Field(ge=-180_000_000, le=180_000_000)]


class RegisterComplaintIn(StrictModel):
    """A report: the matter, the place, photos or a short video by id, how far to be known."""

    estate: Id
    category: _Category
    words: Annotated[str, Field(min_length=2, max_length=MOST_WORDS, pattern=r"\S")]
    disclosure: Annotated[Disclosure, Field(strict=False)]
    nature: Literal["complaint", "emergency", "petition", "accusation", "lawsuit"] = "complaint"
    building: Id | None = None
    place: Annotated[str, Field(max_length=100)] = ""
    point: PointIn | None = None
    works_item: Id | None = None
    media: Annotated[list[Id], Field(max_length=MOST_PHOTOS)] = []

    def command(self, key: str) -> RegisterComplaint:
        """Return the service's command."""
        point = None if self.point is None else (self.point.lat_e6, self.point.lon_e6)
        report = Report(
            category=self.category,
            words=self.words,
            disclosure=self.disclosure,
            nature=Nature(self.nature),
            estate_id=self.estate,
            building_id=self.building,
            place_words=self.place,
            point=point,
            works_item_id=self.works_item,
            media_ids=tuple(self.media),
        )
        return RegisterComplaint(report, key)


class RegisteredOut(BaseModel):
    """The number to ask with; ``code`` comes with an anonymous report only and is not kept in clear."""

    id: str | None
    number: str
    code: str | None
    respond_by_at: datetime

    @classmethod
    def of(cls, made: Registered) -> RegisteredOut:
        """Build from the service's answer."""
        row = made.complaint
        return cls(
            id=None if made.code else row.id,
            number=format_number(row.number),
            code=made.code,
            respond_by_at=row.respond_by_at,
        )


class MyComplaintOut(BaseModel):
    """One's own complaint in a list."""

    id: str
    number: str
    state: str
    state_title: str
    category: str
    category_title: str
    place: str
    words: str
    registered_at: datetime
    due_at: datetime | None

    @classmethod
    def of(cls, line: OwnComplaint) -> MyComplaintOut:
        """Build from the query's answer."""
        return cls(
            id=line.id,
            number=format_number(line.number),
            state=line.state,
            state_title=STATE_TITLES[State(line.state)],
            category=line.category,
            category_title=CATEGORIES[line.category].title,
            place=line.place_label,
            words=line.words,
            registered_at=line.registered_at,
            due_at=line.due_at,
        )


class MyComplaintListOut(BaseModel):
    """A page of one's own complaints."""

    items: list[MyComplaintOut]
    next: str | None

    @classmethod
    def of(cls, found: list[OwnComplaint], size: int) -> MyComplaintListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        position = (page[-1].registered_at, page[-1].id) if len(found) > size else None
        return cls(items=[MyComplaintOut.of(line) for line in page], next=encode_cursor(position))


class ToldOut(BaseModel):
    """Something that happened and what the reporter was told."""

    at: datetime
    action: str
    action_title: str
    state: str
    words: str
    facts: dict[str, Any]
    pictures: list[MediaOut]

    @classmethod
    def of(cls, step: StepView, pictures: list[MediaView]) -> ToldOut:
        """Build from the query's answer."""
        title = ACTION_TITLES[Action(step.action)]
        return cls(
            at=step.at,
            action=step.action,
            action_title=title,
            state=step.to_state,
            words=step.words,
            facts=step.facts,
            pictures=[MediaOut.of(view) for view in pictures],
        )


class MyCaseOut(BaseModel):
    """One's own complaint: where it stands, until when, who handles it, what was said."""

    complaint: MyComplaintOut
    pictures: list[MediaOut]
    disclosure: str
    due_is_provisional: bool
    paused_at: datetime | None
    party_name: str | None
    merged_into: str | None
    asked: bool
    steps: list[ToldOut]

    @classmethod
    def of(cls, shown: tuple[OwnCase, Pictures]) -> MyCaseOut:
        """Build from the service's answer."""
        found, pictures = shown
        return cls(
            complaint=MyComplaintOut.of(found.line),
            pictures=[MediaOut.of(view) for view in pictures.get(found.line.id, ())],
            disclosure=found.disclosure,
            due_is_provisional=found.is_due_provisional,
            paused_at=found.paused_at,
            party_name=found.party_name,
            merged_into=None if found.merged_into is None else format_number(found.merged_into),
            asked=found.is_asked,
            steps=[ToldOut.of(step, pictures.get(step.id, [])) for step in found.steps],
        )


class MovedOut(BaseModel):
    """Where a complaint stands after what its reporter did."""

    number: str
    state: str
    state_title: str

    @classmethod
    def of(cls, row: Complaint) -> MovedOut:
        """Build from the service's answer."""
        return cls(
            number=format_number(row.number), state=row.state, state_title=STATE_TITLES[State(row.state)]
        )


class RemarkIn(StrictModel):
    """Words that may be given."""

    words: _Words = ""


class WordsIn(StrictModel):
    """Words that must be given."""

    words: Annotated[str, Field(min_length=2, max_length=MOST_WORDS, pattern=r"\S")]


class AnswerIn(StrictModel):
    """The answer to the question after the work."""

    solved: bool
    satisfied: bool
    words: _Words = ""

    def answer(self) -> Answer:
        """Return the service's value."""
        return Answer(self.solved, self.satisfied, self.words)


class TokenAnswerIn(AnswerIn):
    """The answer with the one-time token of a message."""

    token: Annotated[str, Field(pattern=r"^[0-9a-z]{20}$")]


class CodeIn(StrictModel):
    """Number and code of an anonymous report."""

    number: _Number
    code: _Code


class CodeWordsIn(WordsIn):
    """Words with number and code of an anonymous report."""

    number: _Number
    code: _Code


class CodeAnswerIn(AnswerIn):
    """The answer with number and code of an anonymous report."""

    number: _Number
    code: _Code


class TrackerQuery(BaseModel):
    """The number as typed."""

    number: _Number


class TrackedStepOut(BaseModel):
    """What happened, and when."""

    at: datetime
    action_title: str
    state_title: str


class TrackedOut(BaseModel):
    """Where a complaint stands, for anybody: no words, no person, the estate and nothing nearer."""

    number: str
    state: str
    state_title: str
    category_title: str
    place: str
    registered_at: datetime
    due_at: datetime | None
    due_is_provisional: bool
    resolved_at: datetime | None
    closed_at: datetime | None
    merged_into: str | None
    steps: list[TrackedStepOut]

    @classmethod
    def of(cls, found: Tracked) -> TrackedOut:
        """Build from the service's answer."""
        steps = [
            TrackedStepOut(
                at=at,
                action_title=ACTION_TITLES[Action(action)],
                state_title=STATE_TITLES[State(state)],
            )
            for at, action, state in found.steps
        ]
        return cls(
            number=format_number(found.number),
            state=found.state,
            state_title=STATE_TITLES[State(found.state)],
            category_title=CATEGORIES[found.category].title,
            place=found.place,
            registered_at=found.registered_at,
            due_at=found.due_at,
            due_is_provisional=found.is_due_provisional,
            resolved_at=found.resolved_at,
            closed_at=found.closed_at,
            merged_into=None if found.merged_into is None else format_number(found.merged_into),
            steps=steps,
        )
