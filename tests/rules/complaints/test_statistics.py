"""The hotline's figures from counts: rates, periods, and what is hidden."""

from __future__ import annotations

from datetime import date
from fractions import Fraction
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.complaints.rules.statistics import (
    Breakdown,
    Counts,
    Dimension,
    Figures,
    Period,
    break_down,
    figures_of,
    known_titles,
    period_of,
)
from backend.complaints.rules.vocabulary import CATEGORIES
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
