"""Live coverage and satisfaction: by survey, estate, building and works item; small groups are not broken out."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import func
from sqlalchemy import select as sa_select
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, select

from backend.surveys.repository.sums import WHOLE
from backend.surveys.rules.counts import ANSWERED, QuestionResult, result_of
from backend.surveys.rules.questions import Question
from backend.surveys.tables import SurveyEstate, SurveyPlace, SurveySum
from backend.tally.report import percent_floor
from backend.tally.small_groups import broken_out

OTHERS = "其他（不足十户的楼栋合并）"


@dataclass(frozen=True, slots=True)
class Reach:
    """How far a place is reached, in households; live to the last answer. Rate in percent, rounded down."""

    estate_id: str
    building_id: str | None
    label: str
    households: int
    answered: int
    covered: int
    contacted: int

    @property
    def coverage_rate(self) -> str | None:
        """Return 满意度调查率: covered of the census."""
        return percent_floor(self.covered, self.households)


@dataclass(frozen=True, slots=True)
class GroupResult:
    """The satisfaction of one group; ``is_hidden``: fewer than five, or needed to hide such a one.

    ``counted``: answers in the sums, which move by five or more; ``result`` is None where hidden.
    """

    id: str
    label: str
    counted: int
    is_hidden: bool
    result: QuestionResult | None


def reach_of_estates(session: Session, estates: Sequence[SurveyEstate]) -> list[Reach]:
    """Return the reach of each estate of a survey, in one query."""
    if not estates:
        return []
    numbers = (SurveyPlace.households, SurveyPlace.answered, SurveyPlace.covered, SurveyPlace.contacted)
    sums = sa_select(col(SurveyPlace.estate_id), *(func.sum(number) for number in numbers)).where(
        col(SurveyPlace.survey_id) == estates[0].survey_id,
        col(SurveyPlace.estate_id).in_([estate.estate_id for estate in estates]),
    )
    found = {row[0]: row[1:] for row in session.execute(sums.group_by(col(SurveyPlace.estate_id)))}
    return [
        Reach(
            each.estate_id, None, each.estate_name, *(int(n) for n in found.get(each.estate_id, (0, 0, 0, 0)))
        )
        for each in estates
    ]


def reach_of_buildings(places: Sequence[SurveyPlace]) -> list[Reach]:
    """Return the reach of each building."""
    return [
        Reach(
            row.estate_id,
            row.building_id,
            row.label,
            row.households,
            row.answered,
            row.covered,
            row.contacted,
        )
        for row in places
    ]


# question → code → number
Sums = Mapping[str, Mapping[str, int]]


def sums_of_estates(session: Session, survey_id: str, estate_ids: Collection[str]) -> Sums:
    """Return the sums over some estates, as far as answers have joined them."""
    query = (
        select(SurveySum.question, SurveySum.code, func.sum(SurveySum.number))
        .where(
            SurveySum.survey_id == survey_id,
            SurveySum.pool == WHOLE,
            col(SurveySum.estate_id).in_(estate_ids),
        )
        .group_by(SurveySum.question, SurveySum.code)
        .order_by(SurveySum.question, SurveySum.code)
    )
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for question, code, number in session.exec(query):
        counts[question][code] = int(number)
    return counts


def answered_by_estate(session: Session, survey_id: str) -> dict[str, dict[str, int]]:
    """Return question → estate → how many answered it, as far as answers have joined the sums."""
    query = (
        select(SurveySum.question, SurveySum.estate_id, func.sum(SurveySum.number))
        .where(SurveySum.survey_id == survey_id, SurveySum.pool == WHOLE, SurveySum.code == ANSWERED)
        .group_by(SurveySum.question, SurveySum.estate_id)
    )
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for question, estate, number in session.exec(query):
        found[question][estate] = int(number)
    return found


def answered_in(estates: Sequence[SurveyEstate]) -> dict[str, dict[str, int]]:
    """Return the same from the results of a survey that has closed."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for estate in estates:
        for question, counts in (estate.result or {}).get("questions", {}).items():
            found[question][estate.estate_id] = counts.get(ANSWERED, 0)
    return found


def sums_in(estates: Sequence[SurveyEstate]) -> Sums:
    """Return the sums over some estates from the results of a survey that has closed."""
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for estate in estates:
        for question, numbers in (estate.result or {}).get("questions", {}).items():
            counts[question].update(numbers)
    return counts


def groups_by_estate(session: Session, survey_id: str, question_id: str) -> dict[str, Counter[str]]:
    """Return estate → code → number of one question."""
    return _groups(session, col(SurveySum.estate_id), survey_id, question_id, None)


def groups_by_pool(
    session: Session, survey_id: str, estate_id: str, question_id: str
) -> dict[str, Counter[str]]:
    """Return pool of buildings → code → number of one question in an estate."""
    return _groups(session, col(SurveySum.pool), survey_id, question_id, estate_id)


def groups_in(
    session: Session, survey_id: str, estate_ids: Collection[str], questions: Collection[str]
) -> Mapping[tuple[str, str], Sums]:
    """Return (estate, question) → pool of buildings → code → number of some questions in some estates, in one query."""
    columns = (SurveySum.estate_id, SurveySum.question, SurveySum.pool, SurveySum.code, SurveySum.number)
    query = sa_select(*(col(column) for column in columns)).where(
        col(SurveySum.survey_id) == survey_id,
        col(SurveySum.estate_id).in_(estate_ids),
        col(SurveySum.question).in_(questions),
        col(SurveySum.pool) != WHOLE,
    )
    found: dict[tuple[str, str], dict[str, dict[str, int]]] = {}
    for estate, question, pool, code, number in session.execute(query):
        found.setdefault((estate, question), {}).setdefault(pool, {})[code] = int(number)
    return found


def _groups(
    session: Session, group: Mapped[str], survey_id: str, question_id: str, estate_id: str | None
) -> dict[str, Counter[str]]:
    query = select(group, SurveySum.code, func.sum(SurveySum.number)).where(
        SurveySum.survey_id == survey_id, SurveySum.question == question_id
    )
    if estate_id is None:
        query = query.where(SurveySum.pool == WHOLE)
    else:
        query = query.where(SurveySum.estate_id == estate_id, SurveySum.pool != WHOLE)
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for key, code, number in session.exec(query.group_by(group, SurveySum.code)):
        counts[key][code] = int(number)
    return counts


def breakdown(
    question: Question,
    counts: Mapping[str, Mapping[str, int]],
    groups: tuple[Mapping[str, str], Mapping[str, int | None]],
    total: int | None,
) -> list[GroupResult]:
    """Return one question by groups; ``total``: who answered altogether, if that is known.

    ``groups``: their labels in order, and how many households each has.

    A group of one to four is hidden, and with it the smallest others, until five or more are hidden together;
    what the total holds beyond the groups counts as hidden.
    """
    labels, asked = groups
    results = {key: result_of(question, counts.get(key, {}), asked.get(key)) for key in labels}
    sizes = {key: found.answered for key, found in results.items()}
    # Less than nothing: struck answers have left the total, and leave the groups with the next five.
    rest = 0 if total is None else max(total - sum(sizes.values()), 0)
    shown = broken_out(sizes, hidden=rest)
    return [
        GroupResult(key, label, results[key].answered, False, results[key])
        if key in shown
        else GroupResult(key, label, 0, True, None)
        for key, label in labels.items()
    ]


def pool_labels(places: Sequence[SurveyPlace]) -> dict[str, str]:
    """Return pool → label, in the order of the buildings; small buildings go together under one name."""
    members = Counter(place.pool for place in places)
    return {
        place.pool: place.label if members[place.pool] == 1 else OTHERS
        for place in places
        if place.pool == place.building_id
    }


def pool_homes(places: Sequence[SurveyPlace]) -> dict[str, int]:
    """Return pool → households of its buildings."""
    found: Counter[str] = Counter()
    for place in places:
        found[place.pool] += place.households
    return dict(found)
