"""What the residents' door says and takes about surveys."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field

from backend.infra.forms import Id, StrictModel
from backend.infra.paging import encode_cursor
from backend.projects.rules.wording import line_of
from backend.surveys.queries import SurveyCard
from backend.surveys.rules.counts import QuestionResult
from backend.surveys.rules.outcomes import CHANNEL_TITLES
from backend.surveys.rules.pools import held_back_note
from backend.surveys.rules.questions import form_of, shown_json
from backend.surveys.service import Judgement, OwnAnswers, SurveyResults
from backend.surveys.tables import SurveyHousehold, SurveyResponse
from miniprogram_api.schemas.media import MediaOut

_OUTCOMES = {"passed": "达到", "failed": "未达到", "undecidable": "无法判定"}

Answer = (
    Annotated[str, Field(max_length=2000)]
    | int
    | Annotated[list[Annotated[str, Field(max_length=64)]], Field(max_length=60)]
    | None
)
_ANSWERS = (
    "Question id → answer, as the survey's form asks: the id of an option (single choice and rating), a list of "
    "ids (several choices, a ranking, photos), a whole number, or a text; null leaves a question out."
)
Answers = Annotated[
    dict[Annotated[str, Field(pattern=r"^[a-z0-9_]{1,32}$")], Answer],
    Field(
        max_length=80, description=_ANSWERS, examples=[{"overall": "satisfied", "wish": ["lift", "heating"]}]
    ),
]


class HomeQuery(StrictModel):
    """One of the caller's homes."""

    dwelling: Id


class AnswerSurveyIn(StrictModel):
    """The answers of one of the caller's homes."""

    dwelling: Id
    answers: Answers


class ObjectToAnswersIn(StrictModel):
    """An objection to answers that staff wrote down for one's own dwelling; one tap is enough."""

    dwelling: Id
    text: Annotated[str, Field(min_length=2, max_length=1000, pattern=r"\S")] | None = None


class SurveyHomeOut(BaseModel):
    """A home of the caller's that is asked, and whether it has answered."""

    dwelling: str
    label: str
    is_answered: bool


class MySurveyOut(BaseModel):
    """A survey in the caller's estates."""

    id: str
    title: str
    estates: list[str]
    unit: str
    state: str
    closes_at: datetime | None
    homes: list[SurveyHomeOut]

    @classmethod
    def of(cls, card: SurveyCard, homes: Sequence[SurveyHousehold]) -> MySurveyOut:
        """Build from the service's answer."""
        return cls(**_values(card, homes))


class MySurveyPageOut(MySurveyOut):
    """A survey with its questionnaire."""

    intro: str
    form: dict[str, Any]

    @classmethod
    def of(cls, card: SurveyCard, homes: Sequence[SurveyHousehold]) -> MySurveyPageOut:
        """Build from the service's answer."""
        return cls(
            **_values(card, homes), intro=card.survey.intro, form=shown_json(form_of(card.survey.form))
        )


def _values(card: SurveyCard, homes: Sequence[SurveyHousehold]) -> dict[str, Any]:
    row = card.survey
    return {
        "id": row.id,
        "title": row.title,
        "estates": [estate.estate_name for estate in card.estates],
        "unit": row.unit,
        "state": row.state,
        "closes_at": row.closes_at,
        "homes": [
            SurveyHomeOut(
                dwelling=home.dwelling_id,
                label=f"{home.building_label}{home.entrance_label}{home.door_label}",
                is_answered=home.answered_at is not None,
            )
            for home in homes
        ],
    }


class MySurveyListOut(BaseModel):
    """A page of surveys, newest first."""

    items: list[MySurveyOut]
    next: str | None

    @classmethod
    def of(
        cls, found: Sequence[SurveyCard], homes: dict[str, list[SurveyHousehold]], size: int
    ) -> MySurveyListOut:
        """Build from one row more than a page holds."""
        page = found[:size]
        last = (page[-1].survey.created_at, page[-1].survey.id) if len(found) > size else None
        items = [MySurveyOut.of(card, homes.get(card.survey.id, [])) for card in page]
        return cls(items=items, next=encode_cursor(last))


class MyAnswersOut(BaseModel):
    """What stands for the home (or, in a survey of persons, for the caller), and what was begun and not sent."""

    answers: dict[str, Any] | None
    channel: str | None
    channel_title: str | None
    arrived_at: datetime | None
    photos: list[MediaOut]
    draft: dict[str, Any] | None
    draft_saved_at: datetime | None

    @classmethod
    def of(cls, found: OwnAnswers) -> MyAnswersOut:
        """Build from the service's answer."""
        return cls(
            answers=None if found.answers is None else dict(found.answers),
            channel=found.channel,
            channel_title=CHANNEL_TITLES.get(found.channel or ""),
            arrived_at=found.arrived_at,
            photos=[MediaOut.of(view) for view in found.photos],
            draft=None if found.draft is None else dict(found.draft),
            draft_saved_at=found.draft_saved_at,
        )


class DraftSavedOut(BaseModel):
    """When a draft was kept."""

    saved_at: datetime


class AnsweredOut(BaseModel):
    """The answers were taken."""

    id: str
    arrived_at: datetime

    @classmethod
    def of(cls, row: SurveyResponse) -> AnsweredOut:
        """Build from the row."""
        return cls(id=row.id, arrived_at=row.arrived_at)


class MyBarOut(BaseModel):
    """One bar of a chart."""

    title: str
    number: int
    share: str | None


class MyQuestionResultOut(BaseModel):
    """What a question brought in the caller's estates; rates in percent, rounded down."""

    title: str
    kind: str
    answered: int
    coverage_rate: str | None
    satisfied_rate: str | None
    satisfied_rate_wide: str | None
    mean: str | None
    bars: list[MyBarOut]

    @classmethod
    def of(cls, found: QuestionResult) -> MyQuestionResultOut:
        """Build from the rules' value."""
        return cls(
            title=found.title,
            kind=found.kind,
            answered=found.answered,
            coverage_rate=found.coverage_rate,
            satisfied_rate=found.satisfied_rate,
            satisfied_rate_wide=found.satisfied_rate_wide,
            mean=found.mean,
            bars=[MyBarOut(title=bar.title, number=bar.number, share=bar.share) for bar in found.bars],
        )


class MyJudgementOut(BaseModel):
    """What the rule says of an estate, in plain words."""

    estate: str
    outcome: str | None
    lines: list[str]

    @classmethod
    def of(cls, found: Judgement) -> MyJudgementOut:
        """Build from the service's answer."""
        if found.result is None:
            return cls(estate=found.estate_name, outcome=None, lines=[])
        lines = [line_of(test) for test in found.result.tests]
        lines += [f"参考（较宽口径，不作为依据）：{line_of(test)}" for test in found.result.beside]
        return cls(estate=found.estate_name, outcome=_OUTCOMES[found.result.outcome], lines=lines)


class MyResultsOut(BaseModel):
    """The result of a closed survey in the caller's estates; ``note``: what the questions do not count, and why."""

    title: str
    counted: int
    note: str | None
    questions: list[MyQuestionResultOut]
    judgements: list[MyJudgementOut]

    @classmethod
    def of(cls, found: SurveyResults) -> MyResultsOut:
        """Build from the service's answer."""
        return cls(
            title=found.survey.title,
            counted=found.counted,
            note=held_back_note(found.held_back, found.struck),
            questions=[MyQuestionResultOut.of(each) for each in found.questions],
            judgements=[MyJudgementOut.of(each) for each in found.judgements],
        )
