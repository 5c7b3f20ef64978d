"""What the staff door says and takes about answers, worklists, arrivals and texts of surveys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, Field

from backend.infra.columns import from_micros
from backend.infra.forms import Id, Sha256, StrictModel
from backend.infra.paging import PageQuery, encode_cursor
from backend.staff_api.schemas.media import UndatedMediaOut
from backend.surveys.queries import ResponseLine, TextFilter, TextLine
from backend.surveys.rules.outcomes import CHANNEL_TITLES, OUTCOME_TITLES
from backend.surveys.service import EnterAnswers, NoteTry, WorklistQuery
from backend.surveys.tables import SurveyContact, SurveyHousehold, SurveyResponse

Name = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")]
Outcome = Literal["not_home", "refused", "vacant", "no_answer", "wrong_number", "later", "sheet_left"]
# Question id → option, number, text, or a list of options or photos; the service checks them by the questionnaire.
Answer = (
    Annotated[str, Field(max_length=2000)]
    | int
    | Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=60)]
    | None
)
Answers = Annotated[dict[Name, Answer], Field(max_length=80)]


class SurveyPlaceQuery(StrictModel):
    """One estate of a survey."""

    estate: Id


class MaybePlaceQuery(StrictModel):
    """One estate of a survey, or all that the caller may see."""

    estate: Id | None = None


class BreakdownQuery(MaybePlaceQuery):
    """One question by estate, or by the buildings of an estate."""

    question: Name


class ResponseQuery(PageQuery):
    """The arrivals of an estate."""

    estate: Id


class TextQuery(PageQuery):
    """The free texts of an estate: of one question, holding some words, with or without personal data."""

    estate: Id
    question: Name | None = None
    words: Annotated[str, Field(min_length=1, max_length=50, pattern=r"\S")] | None = None
    personal: bool | None = None

    def filter(self, survey_id: str) -> TextFilter:
        """Return the service's filter."""
        return TextFilter(survey_id, self.estate, self.question, self.words, self.personal)


class TodoQuery(BaseModel):
    """Households not yet covered, ``limit`` after the position ``cursor``; ``outcome=none``: nobody has tried."""

    estate: Id
    building: Id | None = None
    outcome: Outcome | Literal["none"] | None = None
    cursor: Annotated[int, Field(ge=0, le=10**9)] = 0
    limit: Annotated[int, Field(ge=1, le=100)] = 50

    def query(self, survey_id: str) -> WorklistQuery:
        """Return the service's query."""
        return WorklistQuery(survey_id, self.estate, self.building, self.outcome, self.limit, self.cursor)


class DoorQuery(SurveyPlaceQuery):
    """A door of an estate: ``3-2-501`` or ``3栋2单元501``."""

    door: Annotated[str, Field(min_length=1, max_length=40)]


class EnterAnswersIn(StrictModel):
    """Answers written down for a household; ``photo``: the paper sheet, uploaded before."""

    channel: Literal["doorstep", "telephone", "paper"]
    answers: Answers
    photo: Sha256 | None = None

    def command(self, survey_id: str, household_id: str, key: str) -> EnterAnswers:
        """Return the service's command."""
        return EnterAnswers(survey_id, household_id, self.channel, self.answers, key, self.photo)


class NoteTryIn(StrictModel):
    """A try that brought no answer."""

    channel: Literal["doorstep", "telephone"]
    outcome: Outcome

    def command(self, survey_id: str, household_id: str, key: str) -> NoteTry:
        """Return the service's command."""
        return NoteTry(survey_id, household_id, self.channel, self.outcome, key)


class EnteredOut(BaseModel):
    """What was stored, and by whom."""

    id: str
    household: str
    channel: str
    channel_title: str
    entered_by: str
    arrived_at: datetime

    @classmethod
    def of(cls, row: SurveyResponse) -> EnteredOut:
        """Build from the row."""
        return cls(
            id=row.id,
            household=row.household_id,
            channel=row.channel,
            channel_title=CHANNEL_TITLES[row.channel],
            entered_by=row.entered_by,
            arrived_at=row.arrived_at,
        )


class HouseholdOut(BaseModel):
    """A household of the census and how far it is reached."""

    id: str
    building: str
    door: str
    position: int
    is_answered: bool
    is_covered: bool
    tries: int
    last_outcome: str | None
    last_outcome_title: str | None
    last_try_at: datetime | None

    @classmethod
    def of(cls, row: SurveyHousehold) -> HouseholdOut:
        """Build from the row."""
        return cls(
            id=row.id,
            building=row.building_id,
            door=f"{row.building_label}{row.entrance_label}{row.door_label}",
            position=row.position,
            is_answered=row.answered_at is not None,
            is_covered=row.covered_at is not None,
            tries=row.tries,
            last_outcome=row.last_outcome,
            last_outcome_title=OUTCOME_TITLES.get(row.last_outcome or ""),
            last_try_at=row.last_try_at,
        )


class TodoOut(BaseModel):
    """A page of the worklist; ``next`` is the cursor of the next one."""

    items: list[HouseholdOut]
    next: int | None

    @classmethod
    def of(cls, rows: list[SurveyHousehold], size: int) -> TodoOut:
        """Build from one row more than a page holds."""
        page = rows[:size]
        following = page[-1].position if len(rows) > size else None
        return cls(items=[HouseholdOut.of(row) for row in page], next=following)


class TryOut(BaseModel):
    """One try."""

    channel: str
    outcome: str
    outcome_title: str
    made_by: str
    made_at: datetime


class HouseholdPageOut(BaseModel):
    """A household with the tries at it, newest first."""

    household: HouseholdOut
    tries: list[TryOut]

    @classmethod
    def of(cls, row: SurveyHousehold, tries: Sequence[SurveyContact]) -> HouseholdPageOut:
        """Build from the service's answer."""
        shown = [
            TryOut(
                channel=each.channel,
                outcome=each.outcome,
                outcome_title=OUTCOME_TITLES[each.outcome],
                made_by=each.made_by,
                made_at=each.made_at,
            )
            for each in tries
        ]
        return cls(household=HouseholdOut.of(row), tries=shown)


class ResponseOut(BaseModel):
    """One arrival: who entered it and how; never what was said."""

    id: str
    household: str
    door: str
    channel: str
    channel_title: str
    entered_by: str
    arrived_at: datetime
    state: str
    photo: str | None


class ResponseListOut(BaseModel):
    """A page of arrivals, newest first."""

    items: list[ResponseOut]
    next: str | None

    @classmethod
    def of(cls, rows: list[ResponseLine], size: int) -> ResponseListOut:
        """Build from one row more than a page holds."""
        page = rows[:size]
        last = (page[-1].arrived_at, page[-1].id) if len(rows) > size else None
        items = [
            ResponseOut(
                id=row.id,
                household=row.household_id,
                door=row.label,
                channel=row.channel,
                channel_title=CHANNEL_TITLES[row.channel],
                entered_by=row.entered_by,
                arrived_at=row.arrived_at,
                state=row.state,
                photo=row.photo_sha256,
            )
            for row in page
        ]
        return cls(items=items, next=encode_cursor(last))


class TextOut(BaseModel):
    """A free text with personal data masked; ``personal``: the kinds that were found."""

    id: str
    question: str
    words: str
    personal: list[str]
    photos: list[UndatedMediaOut]


# A text's place in the list is its random id alone.
_NO_INSTANT = from_micros(0)


class TextListOut(BaseModel):
    """A page of texts by random ids; neither a text nor the cursor tells when it was written."""

    items: list[TextOut]
    next: str | None

    @classmethod
    def of(cls, rows: list[TextLine], size: int) -> TextListOut:
        """Build from one row more than a page holds."""
        page = rows[:size]
        last = (_NO_INSTANT, page[-1].id) if len(rows) > size else None
        items = [
            TextOut(
                id=row.id,
                question=row.question,
                words=row.words,
                personal=list(row.personal),
                photos=[UndatedMediaOut.of(view) for view in row.photos],
            )
            for row in page
        ]
        return cls(items=items, next=encode_cursor(last))
