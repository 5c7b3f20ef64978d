"""What the hotline's figures mean: counts, the three rates (三率), times; every definition is in docs/complaints.md."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from fractions import Fraction

from backend.complaints import errors
from backend.complaints.rules.states import RUNNING, State
from backend.complaints.rules.vocabulary import CATEGORIES, HANDLED_HERE, Nature
from backend.kernel.clock import start_of_day
from backend.policies.rules.hotline import CLASS_TITLES, TimeClass
from backend.tally.small_groups import broken_out, may_show

MOST_MONTHS = 36
# The largest groups are listed; the total holds all of them.
MOST_GROUPS = 500
_USUAL_MONTHS = 12
# A report like an earlier one of the same place and category, or by the same named reporter, within this time.
REPEAT_WITHIN = timedelta(days=30)
TAKEN = RUNNING | {State.RESOLVED, State.FOLLOWED_UP, State.CLOSED}
_PART_OF: Mapping[State, str] = {
    State.REGISTERED: "waiting",
    State.MERGED: "merged",
    State.WITHDRAWN: "withdrawn",
    State.DECLINED: "declined",
    State.TRANSFERRED: "passed_on",
    State.RESOLVED: "resolved",
    State.FOLLOWED_UP: "resolved",
    State.CLOSED: "closed",
    **dict.fromkeys(RUNNING, "running"),
}
# Of these nothing is shown where fewer than five people stand behind the number.
_GUARDED = ("satisfied", "repeats_reporter")


class Dimension(StrEnum):
    """By what the figures are broken down."""

    PARTY = "party"
    CATEGORY = "category"
    TIME_CLASS = "time_class"
    ESTATE = "estate"
    MONTH = "month"


DIMENSION_TITLES: Mapping[Dimension, str] = {
    Dimension.PARTY: "责任单位",
    Dimension.CATEGORY: "类别",
    Dimension.TIME_CLASS: "时限类别",
    Dimension.ESTATE: "小区",
    Dimension.MONTH: "登记月份",
}
NOWHERE: Mapping[Dimension, str] = {Dimension.PARTY: "（未派单）", Dimension.ESTATE: "（不属于小区）"}


@dataclass(frozen=True, slots=True)
class Counts:
    """Complaints registered in a period, as they stand now.

    ``registered`` is the sum of ``passed_on`` … ``closed``; the rest are parts of these, each with its definition.
    """

    registered: int = 0
    passed_on: int = 0
    merged: int = 0
    withdrawn: int = 0
    declined: int = 0
    waiting: int = 0
    running: int = 0
    resolved: int = 0
    closed: int = 0
    response_due: int = 0
    responded_in_time: int = 0
    response_missing: int = 0
    result_due: int = 0
    solved: int = 0
    unconfirmed: int = 0
    rated: int = 0
    satisfied: int = 0
    reopened: int = 0
    overdue: int = 0
    late: int = 0
    repeats_place: int = 0
    repeats_reporter: int = 0

    def __add__(self, other: Counts) -> Counts:
        """Return the sums."""
        return Counts(
            **{each.name: getattr(self, each.name) + getattr(other, each.name) for each in fields(Counts)}
        )


@dataclass(frozen=True, slots=True)
class Cell:
    """So many complaints of one state and nature, and of how many of them each thing is true at one moment.

    ``answered``: first answered; ``in_time``: before ``respond_by_at``; ``missing``: not, and that is reached;
    ``is_due``: ``due_at`` reached; ``at_issue``: reopened or that; ``late``: resolved at or after ``due_at``;
    ``told_*``: the reporter said whether it is solved, whether they are satisfied.
    """

    state: State
    nature: Nature
    number: int
    answered: int
    in_time: int
    missing: int
    reopened: int
    is_due: int
    at_issue: int
    late: int
    told_solved: int
    solved: int
    told_satisfied: int
    satisfied: int
    repeats_place: int
    repeats_reporter: int


def counts_of(cells: Iterable[Cell]) -> Counts:
    """Return what the complaints of some cells count as."""
    sums: dict[str, int] = defaultdict(int)
    for cell in cells:
        for name, number in _parts_of(cell).items():
            sums[name] += number
    return Counts(**sums)


def _parts_of(cell: Cell) -> dict[str, int]:
    """These are the definitions of docs/complaints.md."""
    if cell.nature not in HANDLED_HERE:
        return {"registered": cell.number, "passed_on": cell.number}
    parts = {
        "registered": cell.number,
        _PART_OF[cell.state]: cell.number,
        "repeats_place": cell.repeats_place,
        "repeats_reporter": cell.repeats_reporter,
    }
    if cell.state in (State.MERGED, State.WITHDRAWN):
        return parts
    parts["response_due"] = cell.answered + cell.missing
    parts["responded_in_time"] = cell.in_time
    parts["response_missing"] = cell.missing
    if cell.state not in TAKEN:
        return parts
    parts |= {"rated": cell.told_satisfied, "reopened": cell.reopened, "late": cell.late}
    if cell.state in RUNNING:
        return parts | {"result_due": cell.at_issue, "overdue": cell.is_due}
    parts |= {"satisfied": cell.satisfied, "result_due": cell.reopened}
    if cell.state is not State.CLOSED:
        return parts
    unconfirmed = cell.number - cell.told_solved
    return parts | {"result_due": cell.number, "solved": cell.solved, "unconfirmed": unconfirmed}


@dataclass(frozen=True, slots=True)
class Rate:
    """A rate with what it is made of; undecidable (``share`` None) where nothing is counted."""

    numerator: int
    denominator: int

    @property
    def share(self) -> Fraction | None:
        """Return the exact rate."""
        return Fraction(self.numerator, self.denominator) if self.denominator else None


@dataclass(frozen=True, slots=True)
class Times:
    """How long it took, in whole minutes rounded down: by nearest rank, None where nothing is counted."""

    number: int = 0
    median: int | None = None
    p90: int | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures of one group or of all; what would tell of fewer than five people is None.

    ``counts``: every number that may be shown, by its name in ``Counts``.
    """

    counts: Mapping[str, int]
    response: Rate
    resolution: Rate
    satisfaction: Rate | None
    repeats_reporter: int | None
    to_accept: Times = Times()
    to_resolve: Times = Times()


@dataclass(frozen=True, slots=True)
class Group:
    """One part of a breakdown; ``key`` None is what lies in no party or no estate."""

    key: str | None
    title: str
    figures: Figures


@dataclass(frozen=True, slots=True)
class Period:
    """Days of Asia/Shanghai, ``until`` excluded."""

    since: date
    until: date

    @property
    def starts_at(self) -> datetime:
        """Return the first instant."""
        return start_of_day(self.since)

    @property
    def ends_at(self) -> datetime:
        """Return the first instant after it."""
        return start_of_day(self.until)

    def months(self) -> list[date]:
        """Return the first days of the months it touches, in order."""
        found = [self.since.replace(day=1)]
        while (following := _next_month(found[-1])) < self.until:
            found.append(following)
        return found


@dataclass(frozen=True, slots=True)
class Breakdown:
    """What the database counted: by key, in the order in which the groups are shown; times of all together too."""

    counts: Mapping[str | None, Counts]
    to_accept: Mapping[str | None, Times] = field(default_factory=dict)
    to_resolve: Mapping[str | None, Times] = field(default_factory=dict)
    total_times: tuple[Times, Times] = (Times(), Times())


def period_of(today: date, since: date | None, until: date | None) -> Period:
    """Return the period asked for; by default up to today, and the twelve months that end there."""
    last = until or today + timedelta(days=1)
    try:
        period = Period(since or _months_before(last - timedelta(days=1), _USUAL_MONTHS - 1), last)
        is_right = period.since < period.until and len(period.months()) <= MOST_MONTHS
    except (ValueError, OverflowError):
        is_right = False
    if not is_right:
        raise errors.wrong("until", f"起止日期应先后有序，最多 {MOST_MONTHS} 个月（截止日不含当天）。")
    return period


def figures_of(counts: Counts, to_accept: Times = Times(), to_resolve: Times = Times()) -> Figures:
    """Return the figures of a whole: of fewer than five answers it says nothing about satisfaction."""
    rated = Rate(counts.satisfied, counts.rated)
    return Figures(
        counts={
            each.name: getattr(counts, each.name) for each in fields(Counts) if each.name not in _GUARDED
        },
        response=Rate(counts.responded_in_time, counts.response_due),
        resolution=Rate(counts.solved, counts.result_due),
        satisfaction=rated if may_show(counts.rated) else None,
        repeats_reporter=counts.repeats_reporter if may_show(counts.repeats_reporter) else None,
        to_accept=to_accept,
        to_resolve=to_resolve,
    )


def break_down(found: Breakdown, titles: Mapping[str | None, str]) -> tuple[Group, ...]:
    """Return the groups; what a small one says is hidden with the smallest others, so that no difference tells it."""
    rated = broken_out({key: counts.rated for key, counts in found.counts.items()})
    repeated = broken_out({key: counts.repeats_reporter for key, counts in found.counts.items()})
    groups = []
    for key, counts in found.counts.items():
        figures = figures_of(counts, found.to_accept.get(key, Times()), found.to_resolve.get(key, Times()))
        shown = replace(
            figures,
            satisfaction=figures.satisfaction if key in rated else None,
            repeats_reporter=figures.repeats_reporter if key in repeated else None,
        )
        groups.append(Group(key, titles[key], shown))
    return tuple(groups)


def figures_of_all(found: Breakdown) -> Figures:
    """Return the figures of all groups together."""
    return figures_of(sum(found.counts.values(), Counts()), *found.total_times)


def without_reporters(figures: Figures) -> Figures:
    """Return the figures for those who must not find out which reports are one person's."""
    return replace(figures, repeats_reporter=None)


def known_titles(dimension: Dimension, period: Period) -> dict[str | None, str]:
    """Return key → title where the titles are no rows of the database."""
    if dimension is Dimension.CATEGORY:
        return {key: category.title for key, category in CATEGORIES.items()}
    if dimension is Dimension.TIME_CLASS:
        return {key.value: CLASS_TITLES[key] for key in TimeClass}
    if dimension is Dimension.MONTH:
        return {month_key(month): month_key(month) for month in period.months()}
    return {None: NOWHERE[dimension]}


def month_key(month: date) -> str:
    """Return ``2026-01``."""
    return f"{month:%Y-%m}"


def minutes_between(since: datetime, until: datetime, paused_seconds: int = 0) -> int:
    """Return whole minutes from one instant to another, rounded down, without the pauses."""
    return (int((until - since) / timedelta(seconds=1)) - paused_seconds) // 60


def _next_month(month: date) -> date:
    return (month + timedelta(days=31)).replace(day=1)


def _months_before(day: date, months: int) -> date:
    count = day.year * 12 + day.month - 1 - months
    return date(count // 12, count % 12 + 1, 1)
