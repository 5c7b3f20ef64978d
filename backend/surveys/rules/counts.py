"""What a response adds to the sums: question, code and number; and what the sums say of a question."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from backend.surveys.rules.answers import Answers, is_blank
from backend.surveys.rules.questions import Form, Kind, Question, options_of
from backend.tally.report import percent_floor

ANSWERED = "*"  # how many answered the question at all
TOTAL = "total"  # the sum of the numbers answered
CHANNEL = "$channel"  # not a question: by which way responses came
# (question id, code) → number
Counts = Mapping[tuple[str, str], int]


def counts_of(form: Form, answers: Answers, channel: str) -> Counter[tuple[str, str]]:
    """Return what one response adds."""
    found: Counter[tuple[str, str]] = Counter({(CHANNEL, channel): 1})
    for _, question in form.questions():
        value = answers.get(question.id)
        if not is_blank(value):
            found[question.id, ANSWERED] = 1
            found.update({(question.id, code): number for code, number in _codes(question, value)})
    return found


def _codes(question: Question, value: object) -> Iterator[tuple[str, int]]:
    if question.kind is Kind.NUMBER:
        yield TOTAL, int(str(value))
    elif question.kind is Kind.RANKING and isinstance(value, list):
        yield from ((f"{place}:{option}", 1) for place, option in enumerate(value, start=1))
    elif question.kind is Kind.MULTIPLE and isinstance(value, list):
        yield from ((str(option), 1) for option in value)
    elif question.kind in (Kind.SINGLE, Kind.RATING):
        yield str(value), 1


def difference(new: Iterable[Counts], old: Iterable[Counts]) -> dict[tuple[str, str], int]:
    """Return what changes in the sums when ``new`` takes the place of ``old``; nothing that stays the same."""
    total: Counter[tuple[str, str]] = Counter()
    for counts in new:
        total.update(counts)
    for counts in old:
        total.subtract(counts)
    return {key: number for key, number in total.items() if number}


def by_question(sums: Counts) -> dict[str, dict[str, int]]:
    """Return question → code → number; what nobody said is left out."""
    found: dict[str, dict[str, int]] = {}
    for (question, code), number in sums.items():
        if number:
            found.setdefault(question, {})[code] = number
    return found


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar of a chart; ``share`` in percent of those who answered, rounded down; ``points`` for rankings."""

    code: str
    title: str
    group: str | None
    number: int
    share: str | None
    points: int | None = None


@dataclass(frozen=True, slots=True)
class QuestionResult:
    """What a question brought: how many answered, the bars, the mean of numbers (rounded down), and rates.

    Of a rating ``covered``: how many gave one of the five levels; ``coverage_rate`` is their share of ``households``,
    the census asked. None where nobody covered is shown, or persons are asked instead of households.
    """

    question: str
    title: str
    kind: Kind
    role: str | None
    answered: int
    bars: tuple[Bar, ...]
    mean: str | None = None
    satisfied_rate: str | None = None
    satisfied_rate_wide: str | None = None
    covered: int | None = None
    households: int | None = None
    coverage_rate: str | None = None


def result_of(question: Question, counts: Mapping[str, int], households: int | None = None) -> QuestionResult:
    """Return the result of one question from code → number; ``households``: how many were asked."""
    answered = counts.get(ANSWERED, 0)
    covered = satisfied = wide = None
    if question.kind is Kind.RATING:
        satisfied = counts.get("very_satisfied", 0) + counts.get("satisfied", 0)
        wide = satisfied + counts.get("basically", 0)
        covered = wide + counts.get("dissatisfied", 0) + counts.get("very_dissatisfied", 0)
    mean = percent_floor(counts.get(TOTAL, 0), 100 * answered) if question.kind is Kind.NUMBER else None
    return QuestionResult(
        question=question.id,
        title=question.title,
        kind=question.kind,
        role=question.role,
        answered=answered,
        bars=tuple(_bars(question, counts, answered)),
        mean=mean,
        satisfied_rate=None if covered is None else percent_floor(satisfied or 0, covered),
        satisfied_rate_wide=None if covered is None else percent_floor(wide or 0, covered),
        covered=covered,
        households=None if covered is None else households,
        coverage_rate=percent_floor(covered, households) if covered and households else None,
    )


def _bars(question: Question, counts: Mapping[str, int], answered: int) -> Iterator[Bar]:
    groups = {option.id: option.group for option in question.options}
    places = question.most or 0
    for code, title in options_of(question).items():
        points = None
        number = counts.get(code, 0)
        if question.kind is Kind.RANKING:
            by_place = [counts.get(f"{place}:{code}", 0) for place in range(1, places + 1)]
            number = sum(by_place)
            points = sum(times * (places - place) for place, times in enumerate(by_place))
        yield Bar(code, title, groups.get(code), number, percent_floor(number, answered), points)
