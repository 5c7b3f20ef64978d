"""The hotline's figures at the staff door: what may be asked, and what is answered."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, Field

from backend.complaints.rules.statistics import DIMENSION_TITLES, Dimension, Figures, Group, Rate, Times
from backend.complaints.rules.vocabulary import CATEGORIES
from backend.complaints.service import ReadStatistics, Statistics
from backend.infra.forms import Id, StrictModel
from backend.tally.report import percent_floor

Category = Annotated[str, Field(json_schema_extra={"enum": list(CATEGORIES)}, max_length=20)]
_DAYS = {"ge": date(2000, 1, 1), "lt": date(2200, 1, 1)}
Day = Annotated[date, Field(**_DAYS)]
StrictDay = Annotated[date, Field(strict=False, **_DAYS)]


class AssignedStatisticsQuery(BaseModel):
    """Which figures of one's own units; days of Asia/Shanghai, ``until`` excluded."""

    by: Dimension = Dimension.MONTH
    since: Day | None = None
    until: Day | None = None
    estate: Id | None = None
    category: Category | None = None

    def command(self) -> ReadStatistics:
        """Return the service's command."""
        return ReadStatistics(
            self.by, self.since, self.until, estate_id=self.estate, category=self.category, only_assigned=True
        )


class StatisticsQuery(AssignedStatisticsQuery):
    """Which figures; ``restricted`` asks for the cases about staff and the accusations, and no others."""

    organisation: Id | None = None
    party: Id | None = None
    restricted: bool = False

    def command(self) -> ReadStatistics:
        """Return the service's command."""
        return ReadStatistics(
            self.by,
            self.since,
            self.until,
            organisation_id=self.organisation,
            estate_id=self.estate,
            category=self.category,
            party_id=self.party,
            is_restricted=self.restricted,
        )


class ExportStatisticsIn(StrictModel):
    """Whose figures are written, with all below it; days of Asia/Shanghai, ``until`` excluded."""

    organisation: Id
    since: StrictDay | None = None
    until: StrictDay | None = None
    estate: Id | None = None
    restricted: bool = False

    def command(self) -> ReadStatistics:
        """Return the service's command."""
        return ReadStatistics(
            Dimension.MONTH,
            self.since,
            self.until,
            estate_id=self.estate,
            is_restricted=self.restricted,
        )


class ShareOut(BaseModel):
    """A rate: ``percent`` is rounded down to two places, None where nothing is counted (undecidable)."""

    numerator: int
    denominator: int
    percent: str | None

    @classmethod
    def of(cls, rate: Rate) -> ShareOut:
        """Build from the rules' value."""
        return cls(
            numerator=rate.numerator,
            denominator=rate.denominator,
            percent=percent_floor(rate.numerator, rate.denominator),
        )


class TimesOut(BaseModel):
    """How long it took, in whole minutes, by nearest rank; None where nothing is counted."""

    number: int
    median_minutes: int | None
    p90_minutes: int | None

    @classmethod
    def of(cls, times: Times) -> TimesOut:
        """Build from the rules' value."""
        return cls(number=times.number, median_minutes=times.median, p90_minutes=times.p90)


class FiguresOut(BaseModel):
    """Figures of all or of a group; ``satisfaction`` and ``repeats_reporter`` are None where too few stand behind them."""

    registered: int
    passed_on: int
    merged: int
    withdrawn: int
    declined: int
    waiting: int
    running: int
    resolved: int
    closed: int
    reopened: int
    unconfirmed: int
    overdue: int
    late: int
    response_missing: int
    repeats_place: int
    repeats_reporter: int | None
    rated: int
    response: ShareOut
    resolution: ShareOut
    satisfaction: ShareOut | None
    to_accept: TimesOut
    to_resolve: TimesOut

    @classmethod
    def of(cls, found: Figures) -> FiguresOut:
        """Build from the rules' value."""
        return cls(
            **{name: found.counts[name] for name in cls.model_fields if name in found.counts},
            repeats_reporter=found.repeats_reporter,
            response=ShareOut.of(found.response),
            resolution=ShareOut.of(found.resolution),
            satisfaction=None if found.satisfaction is None else ShareOut.of(found.satisfaction),
            to_accept=TimesOut.of(found.to_accept),
            to_resolve=TimesOut.of(found.to_resolve),
        )


class StatisticsGroupOut(BaseModel):
    """One group; ``key`` None is what lies in no unit or no estate."""

    key: str | None
    title: str
    figures: FiguresOut

    @classmethod
    def of(cls, group: Group) -> StatisticsGroupOut:
        """Build from the rules' value."""
        return cls(key=group.key, title=group.title, figures=FiguresOut.of(group.figures))


class SeriesOut(BaseModel):
    """A line or a row of bars: one value for each label, None where there is none or it is not shown."""

    name: str
    unit: str
    values: list[str | None]


class ChartOut(BaseModel):
    """What a chart draws: rates in percent, numbers as whole numbers."""

    labels: list[str]
    series: list[SeriesOut]

    @classmethod
    def of(cls, groups: Sequence[Group]) -> ChartOut:
        """Build from the rules' values."""
        figures = [group.figures for group in groups]
        rates: dict[str, list[Rate | None]] = {
            "响应率": [each.response for each in figures],
            "解决率": [each.resolution for each in figures],
            "满意率": [each.satisfaction for each in figures],
        }
        numbers = {"登记": "registered", "已结案": "closed", "目前超期": "overdue"}
        return cls(
            labels=[group.title for group in groups],
            series=[
                *(SeriesOut(name=name, unit="%", values=_percents(each)) for name, each in rates.items()),
                *(
                    SeriesOut(name=name, unit="件", values=[str(each.counts[key]) for each in figures])
                    for name, key in numbers.items()
                ),
            ],
        )


class StatisticsOut(BaseModel):
    """The complaints registered in a period, as they stand at ``as_of``; ``left_out`` groups are in the total alone."""

    by: str
    by_title: str
    since: date
    until: date
    as_of: datetime
    total: FiguresOut
    groups: list[StatisticsGroupOut]
    left_out: int
    chart: ChartOut

    @classmethod
    def of(cls, found: Statistics) -> StatisticsOut:
        """Build from the service's answer."""
        return cls(
            by=found.by,
            by_title=DIMENSION_TITLES[found.by],
            since=found.period.since,
            until=found.period.until,
            as_of=found.as_of,
            total=FiguresOut.of(found.total),
            groups=[StatisticsGroupOut.of(each) for each in found.groups],
            left_out=found.left_out,
            chart=ChartOut.of(found.groups),
        )


def _percents(rates: Sequence[Rate | None]) -> list[str | None]:
    return [None if rate is None else percent_floor(rate.numerator, rate.denominator) for rate in rates]
