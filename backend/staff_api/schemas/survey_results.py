"""What the staff door says about coverage and results of surveys."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from pydantic import BaseModel

from backend.surveys.queries import GroupResult, Reach
from backend.surveys.rules.counts import QuestionResult
from backend.surveys.rules.pools import held_back_note
from backend.surveys.service import Judgement, SurveyResults
from backend.tally.report import motion_json


class ReachOut(BaseModel):
    """How far a place is reached, in households; the rate in percent, rounded down."""

    estate: str
    building: str | None
    label: str
    households: int
    answered: int
    covered: int
    contacted: int
    coverage_rate: str | None


class CoverageOut(BaseModel):
    """Live coverage, place by place."""

    items: list[ReachOut]

    @classmethod
    def of(cls, rows: list[Reach]) -> CoverageOut:
        """Build from the service's answer."""
        items = [
            ReachOut(
                estate=row.estate_id,
                building=row.building_id,
                label=row.label,
                households=row.households,
                answered=row.answered,
                covered=row.covered,
                contacted=row.contacted,
                coverage_rate=row.coverage_rate,
            )
            for row in rows
        ]
        return cls(items=items)


class BarOut(BaseModel):
    """One bar of a chart."""

    code: str
    title: str
    group: str | None
    number: int
    share: str | None
    points: int | None


class QuestionResultOut(BaseModel):
    """What a question brought; rates in percent, rounded down; the wide one counts 基本满意.

    Of a rating: ``covered`` of ``households`` gave one of the five levels, as far as answers joined the sums.
    """

    question: str
    title: str
    kind: str
    role: str | None
    answered: int
    covered: int | None
    households: int | None
    coverage_rate: str | None
    satisfied_rate: str | None
    satisfied_rate_wide: str | None
    mean: str | None
    bars: list[BarOut]

    @classmethod
    def of(cls, found: QuestionResult) -> QuestionResultOut:
        """Build from the rules' value."""
        values = asdict(found)
        bars = [BarOut(**bar) for bar in values.pop("bars")]
        return cls(bars=bars, **values)


class JudgementOut(BaseModel):
    """What the rule says of an estate after the close; ``result`` as ``gongjue tally`` prints it."""

    estate: str
    estate_name: str
    outcome: str | None
    result: dict[str, Any] | None

    @classmethod
    def of(cls, survey_id: str, found: Judgement) -> JudgementOut:
        """Build from the service's answer."""
        result = None if found.result is None else motion_json(survey_id, found.result)
        outcome = None if found.result is None else str(found.result.outcome)
        return cls(estate=found.estate_id, estate_name=found.estate_name, outcome=outcome, result=result)


class ResultsOut(BaseModel):
    """Results over one estate or several; before the close as far as answers joined the sums.

    ``held_back``: how many answers of a closed survey the questions do not count, ``struck``: how many
    struck on an objection they still do; ``note`` says why.
    """

    survey: str
    state: str
    estates: list[str]
    counted: int
    channels: dict[str, int]
    questions: list[QuestionResultOut]
    judgements: list[JudgementOut]
    held_back: int
    struck: int
    note: str | None

    @classmethod
    def of(cls, found: SurveyResults) -> ResultsOut:
        """Build from the service's answer."""
        return cls(
            survey=found.survey.id,
            state=found.survey.state,
            estates=[estate.estate_id for estate in found.estates],
            counted=found.counted,
            channels=dict(found.channels),
            questions=[QuestionResultOut.of(each) for each in found.questions],
            judgements=[JudgementOut.of(found.survey.id, each) for each in found.judgements],
            held_back=found.held_back,
            struck=found.struck,
            note=held_back_note(found.held_back, found.struck),
        )


class GroupOut(BaseModel):
    """One group; hidden where it is smaller than five, or would tell of such a one."""

    id: str
    label: str
    counted: int
    is_hidden: bool
    result: QuestionResultOut | None


class BreakdownOut(BaseModel):
    """One question by groups."""

    items: list[GroupOut]

    @classmethod
    def of(cls, rows: list[GroupResult]) -> BreakdownOut:
        """Build from the service's answer."""
        items = [
            GroupOut(
                id=row.id,
                label=row.label,
                counted=row.counted,
                is_hidden=row.is_hidden,
                result=None if row.result is None else QuestionResultOut.of(row.result),
            )
            for row in rows
        ]
        return cls(items=items)
