"""The hotline's figures from counts: rates, periods, and what is hidden."""

from __future__ import annotations

from dataclasses import asdict, fields, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.complaints.rules.figures_table import HEADINGS, HIDDEN, UNDECIDABLE, rate_text, row_of
from backend.complaints.rules.states import RUNNING, State
from backend.complaints.rules.statistics import (
    Breakdown,
    Cell,
    Counts,
    Dimension,
    Figures,
    Period,
    Rate,
    break_down,
    counts_of,
    figures_of,
    known_titles,
    minutes_between,
    period_of,
)
from backend.complaints.rules.vocabulary import CATEGORIES, Nature
from backend.kernel.errors import Unprocessable
from backend.tally.small_groups import FEWEST, may_show

TODAY = date(2026, 3, 15)

part = st.integers(0, 9)
counted = st.builds(
    lambda rated, rest, **parts: Counts(rated=rated, satisfied=rated * rest // 9, **parts),
    rated=part,
    rest=part,
    registered=part,
    response_due=part,
    responded_in_time=part,
    result_due=part,
    solved=part,
    repeats_reporter=part,
)
groups = st.dictionaries(st.sampled_from("abcdefg"), counted, max_size=7)


def shown(found: dict[str, Counts]) -> dict[str | None, Figures]:
    titles = {key: key for key in found}
    return {group.key: group.figures for group in break_down(Breakdown(found), titles)}


def cell(state: State, nature: Nature = Nature.COMPLAINT, **numbers: int) -> Cell:
    values = dict.fromkeys((each.name for each in fields(Cell)[2:]), 0)
    return Cell(state, nature, **(values | numbers))


ALL = dict.fromkeys((each.name for each in fields(Cell)[3:-2]), 9)


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (State.REGISTERED, "waiting response_due responded_in_time response_missing"),
        (State.DECLINED, "declined response_due responded_in_time response_missing"),
        (State.MERGED, "merged"),
        (State.WITHDRAWN, "withdrawn"),
        *(
            (
                state,
                "running response_due responded_in_time response_missing rated reopened late result_due overdue",
            )
            for state in sorted(RUNNING)
        ),
        *(
            (
                state,
                "resolved response_due responded_in_time response_missing rated reopened late satisfied result_due",
            )
            for state in (State.RESOLVED, State.FOLLOWED_UP)
        ),
        (
            State.CLOSED,
            "closed response_due responded_in_time response_missing rated reopened late satisfied result_due solved",
        ),
    ],
)
def test_what_a_state_counts_as(state: State, expected: str) -> None:
    found = counts_of([cell(state, number=9, **ALL)])
    counted = {name for name, number in asdict(found).items() if number}
    assert counted == {"registered", *expected.split()}


@pytest.mark.parametrize("nature", [Nature.PETITION, Nature.ACCUSATION, Nature.LAWSUIT])
@pytest.mark.parametrize("state", list(State))
def test_what_is_passed_on_counts_as_nothing_else(state: State, nature: Nature) -> None:
    found = counts_of([cell(state, nature, number=9, repeats_place=9, **ALL)])
    assert found == Counts(registered=9, passed_on=9)


cells = st.lists(
    st.builds(
        lambda state, nature, numbers: Cell(state, nature, sum(numbers), *numbers),
        st.sampled_from(State),
        st.sampled_from(Nature),
        st.lists(st.integers(0, 9), min_size=13, max_size=13),
    ),
    max_size=9,
)


@given(cells)
def test_every_complaint_is_in_exactly_one_part(found: list[Cell]) -> None:
    counts = asdict(counts_of(found))
    names = [each.name for each in fields(Counts)]
    parts = names[names.index("passed_on") : names.index("closed") + 1]
    assert sum(counts[name] for name in parts) == counts["registered"] == sum(each.number for each in found)


@given(cells, cells)
def test_an_emergency_counts_like_a_complaint_and_order_does_not(left: list[Cell], right: list[Cell]) -> None:
    as_emergency = [
        replace(each, nature=Nature.EMERGENCY) if each.nature is Nature.COMPLAINT else each for each in left
    ]
    assert counts_of(as_emergency) == counts_of(left)
    assert counts_of([*left, *right]) == counts_of(right) + counts_of(left)


@pytest.mark.parametrize(
    ("seconds", "paused", "minutes"),
    [(0, 0, 0), (59, 0, 0), (60, 0, 1), (119.999, 0, 1), (3_600, 3_600, 0), (3_659, 59, 60), (3_659, 60, 59)],
)
def test_minutes_are_whole_and_without_pauses(seconds: float, paused: int, minutes: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC)
    assert minutes_between(start, start + timedelta(seconds=seconds), paused) == minutes


def test_every_number_has_its_heading() -> None:
    line = row_of("小区", figures_of(Counts(rated=1)))
    assert len(line) == len(HEADINGS) + 1
    assert line[line.index(HIDDEN) - 1] == 0 and line.count(UNDECIDABLE) == 6
    known = {each.name for each in fields(Counts)}
    assert known - set(figures_of(Counts()).counts) == {"satisfied", "repeats_reporter"}


@pytest.mark.parametrize(
    ("rate", "text"),
    [(None, HIDDEN), (Rate(0, 0), "0/0（—）"), (Rate(2, 3), "2/3（66.66%）"), (Rate(5, 5), "5/5（100.00%）")],
)
def test_a_rate_is_written_with_both_its_numbers(rate: Rate | None, text: str) -> None:
    assert rate_text(rate) == text


@pytest.mark.parametrize(
    ("numerator", "denominator", "share"),
    [(0, 0, None), (0, 3, Fraction(0)), (2, 3, Fraction(2, 3)), (3, 3, Fraction(1))],
)
def test_a_rate_is_an_exact_fraction_and_undecidable_where_nothing_is_counted(
    numerator: int, denominator: int, share: Fraction | None
) -> None:
    found = figures_of(Counts(responded_in_time=numerator, response_due=denominator))
    assert found.response.share == share


@pytest.mark.parametrize(
    ("since", "until", "expected"),
    [
        (None, None, (date(2025, 4, 1), date(2026, 3, 16))),
        (date(2026, 3, 1), None, (date(2026, 3, 1), date(2026, 3, 16))),
        (None, date(2026, 1, 1), (date(2025, 1, 1), date(2026, 1, 1))),
        (date(2025, 12, 31), date(2026, 1, 1), (date(2025, 12, 31), date(2026, 1, 1))),
        (date(2023, 4, 1), None, (date(2023, 4, 1), date(2026, 3, 16))),
        (date(2024, 2, 29), date(2024, 3, 1), (date(2024, 2, 29), date(2024, 3, 1))),
    ],
)
def test_the_period_is_twelve_months_to_today_unless_another_is_asked_for(
    since: date | None, until: date | None, expected: tuple[date, date]
) -> None:
    period = period_of(TODAY, since, until)
    assert (period.since, period.until) == expected


@pytest.mark.parametrize(
    ("since", "until"),
    [
        (date(2026, 3, 1), date(2026, 3, 1)),
        (date(2026, 3, 2), date(2026, 3, 1)),
        (date(2026, 3, 16), None),
        (date(2023, 3, 31), None),
        (date.min, None),
        (None, date.min),
    ],
)
def test_a_period_that_is_empty_or_longer_than_three_years_is_refused(
    since: date | None, until: date | None
) -> None:
    with pytest.raises(Unprocessable):
        period_of(TODAY, since, until)


def test_a_period_ends_with_the_last_day_in_shanghai() -> None:
    period = Period(date(2026, 1, 31), date(2026, 2, 2))
    assert period.starts_at.isoformat() == "2026-01-30T16:00:00+00:00"
    assert period.ends_at.isoformat() == "2026-02-01T16:00:00+00:00"
    assert period.months() == [date(2026, 1, 1), date(2026, 2, 1)]
    assert Period(date(2026, 1, 31), date(2026, 2, 1)).months() == [date(2026, 1, 1)]


def test_every_category_class_and_month_has_a_title() -> None:
    period = Period(date(2025, 12, 1), date(2026, 2, 1))
    assert set(known_titles(Dimension.CATEGORY, period)) == set(CATEGORIES)
    assert list(known_titles(Dimension.MONTH, period)) == ["2025-12", "2026-01"]
    assert known_titles(Dimension.ESTATE, period) == {None: "（不属于小区）"}


@given(st.lists(counted, max_size=6))
def test_sums_do_not_depend_on_how_the_complaints_are_parted(found: list[Counts]) -> None:
    for at in range(len(found) + 1):
        left, right = sum(found[:at], Counts()), sum(found[at:], Counts())
        assert left + right == sum(found, Counts())


@given(groups)
def test_satisfaction_of_fewer_than_five_is_neither_shown_nor_had_by_subtraction(
    found: dict[str, Counts],
) -> None:
    total = figures_of(sum(found.values(), Counts()))
    told = {key: figures.satisfaction for key, figures in shown(found).items() if figures.satisfaction}
    assert all(may_show(rate.denominator) for rate in told.values())
    if total.satisfaction is None:
        assert sum(counts.rated for counts in found.values()) < FEWEST
        return
    for length in range(len(told) + 1):
        for chosen in combinations(told.values(), length):
            assert may_show(total.satisfaction.denominator - sum(rate.denominator for rate in chosen))


@given(groups)
def test_repeats_of_fewer_than_five_reporters_are_neither_shown_nor_had_by_subtraction(
    found: dict[str, Counts],
) -> None:
    total = figures_of(sum(found.values(), Counts())).repeats_reporter
    told = [each for figures in shown(found).values() if (each := figures.repeats_reporter) is not None]
    assert all(may_show(number) for number in told)
    for length in range(len(told) + 1):
        for chosen in combinations(told, length):
            assert total is None or may_show(total - sum(chosen))


@given(groups)
def test_what_is_guarded_stands_in_no_other_number(found: dict[str, Counts]) -> None:
    for figures in shown(found).values():
        assert not {"satisfied", "repeats_reporter"} & set(figures.counts)
