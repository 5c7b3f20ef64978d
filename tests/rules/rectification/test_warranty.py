"""Warranty ends and reminders: the law's minimums, the Civil Code's months, the locality's heating season."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.policies.rules.parameters import rule_titles, settable
from backend.policies.rules.warranties import REMINDER_RULE, load_warranties, read_warranties
from backend.rectification.rules.progress import State
from backend.rectification.rules.timing import is_due_soon, is_overdue, warranty_stage
from backend.rectification.rules.warranty import (
    Local,
    NoTerm,
    Terms,
    months_after,
    terms_of,
    warranty_ends_on,
)
from backend.tally.parameter import ParameterError

KINDS = load_warranties().kinds


def terms(kind: str, agreed: int | None = None, **local: str) -> Terms:
    decided = {name: Local(value, "区供热办〔2026〕1号") for name, value in local.items()}
    return terms_of(KINDS[kind], decided, agreed, "施工合同" if agreed else None)


@pytest.mark.parametrize(
    ("accepted", "months", "ends"),
    [
        (date(2026, 11, 26), 60, date(2031, 11, 26)),
        (date(2024, 2, 29), 60, date(2029, 2, 28)),
        (date(2024, 2, 29), 48, date(2028, 2, 29)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2025, 12, 31), 1, date(2026, 1, 31)),
        (date(2025, 12, 31), 12, date(2026, 12, 31)),
    ],
)
def test_a_period_of_months_ends_on_the_corresponding_day(accepted: date, months: int, ends: date) -> None:
    assert months_after(accepted, months) == ends


@pytest.mark.parametrize(
    ("kind", "ends"),
    [
        ("waterproofing", date(2031, 6, 30)),
        ("insulation", date(2031, 6, 30)),
        ("pipes", date(2028, 6, 30)),
        ("wiring", date(2028, 6, 30)),
        ("equipment", date(2028, 6, 30)),
        ("decoration", date(2028, 6, 30)),
        ("heating", date(2028, 3, 31)),
    ],
)
def test_the_legal_minimum_of_each_kind(kind: str, ends: date) -> None:
    assert warranty_ends_on(date(2026, 6, 30), terms(kind)) == ends
    assert KINDS[kind].clause
    assert KINDS[kind].status == "law"


@pytest.mark.parametrize(
    ("accepted", "partial", "ends"),
    [
        (date(2026, 10, 31), "skip", date(2028, 3, 31)),
        (date(2026, 11, 1), "skip", date(2028, 3, 31)),
        (date(2026, 11, 2), "skip", date(2029, 3, 31)),
        (date(2026, 11, 2), "count", date(2028, 3, 31)),
        (date(2027, 3, 31), "count", date(2028, 3, 31)),
        (date(2027, 4, 1), "count", date(2029, 3, 31)),
    ],
)
def test_a_season_begun_before_acceptance_counts_only_where_the_locality_says_so(
    accepted: date, partial: str, ends: date
) -> None:
    assert warranty_ends_on(accepted, terms("heating", partial=partial)) == ends


def test_the_locality_sets_the_season_and_may_only_lengthen() -> None:
    long = terms("heating", season_starts="10-20", season_ends="04-20", seasons="3")
    assert warranty_ends_on(date(2026, 10, 20), long) == date(2029, 4, 20)
    assert not long.is_provisional
    assert long.documents == ("区供热办〔2026〕1号",)
    assert terms("heating").is_provisional
    for rule, name, value in (
        ("warranty/waterproofing", "months", "59"),
        ("warranty/heating", "seasons", "1"),
        ("warranty/heating", "season_starts", "02-29"),
        ("warranty/heating", "season_starts", "11-1"),
        ("warranty/heating", "season_ends", "13-01"),
        (REMINDER_RULE, "due_soon_days", "31"),
    ):
        with pytest.raises(ParameterError):
            settable(rule)[name].read(value)
    assert "warranty/heating" in rule_titles("gansu-2022")


def test_a_contract_may_give_more_but_never_less() -> None:
    assert warranty_ends_on(date(2026, 1, 1), terms("pipes", agreed=36)) == date(2029, 1, 1)
    with pytest.raises(NoTerm, match="不能短于"):
        terms("pipes", agreed=23)
    with pytest.raises(NoTerm, match="不能短于"):
        terms("pipes", agreed=29, months="30")
    for kind in ("structure", "other"):
        with pytest.raises(NoTerm, match="按设计文件或合同"):
            terms(kind)
    assert warranty_ends_on(date(2026, 1, 1), terms("structure", agreed=600)) == date(2076, 1, 1)


DAYS = st.dates(date(1991, 1, 1), date(2070, 1, 1))


@given(DAYS, st.sampled_from([kind for kind in KINDS if KINDS[kind].number]))
def test_a_warranty_ends_after_acceptance_and_never_earlier_for_a_later_one(day: date, kind: str) -> None:
    ends = warranty_ends_on(day, terms(kind))
    assert ends > day
    assert warranty_ends_on(day + timedelta(days=1), terms(kind)) >= ends


@pytest.mark.parametrize(("left", "stage"), [(91, None), (90, 90), (31, 90), (30, 30), (0, 30), (-1, None)])
def test_the_nearest_reminder_goes_out_alone(left: int, stage: int | None) -> None:
    today = date(2026, 1, 1)
    assert warranty_stage(today + timedelta(days=left), today, (30, 90)) == stage


@pytest.mark.parametrize(
    ("left", "soon", "late"), [(4, False, False), (3, True, False), (0, True, False), (-1, False, True)]
)
def test_the_last_day_is_in_time(left: int, soon: bool, late: bool) -> None:
    today = date(2026, 1, 1)
    due_on = today + timedelta(days=left)
    for state in State:
        is_open = state is not State.CLOSED_OUT
        assert is_due_soon(state, due_on, today, 3) == (soon and is_open)
        assert is_overdue(state, due_on, today) == (late and is_open)


@pytest.mark.parametrize(
    "broken",
    [
        '[[kind]]\nid="a"\ntitle="t"\nunit="month"\nclause="c"\nstatus="law"\n',
        '[[kind]]\nid="a"\ntitle="t"\nunit="week"\nnumber=1\nclause="c"\nstatus="law"\n',
        '[[kind]]\nid="a"\ntitle="t"\nunit="agreed"\nnumber=1\nclause="c"\nstatus="law"\n',
        '[[kind]]\nid="a"\n',
    ],
)
def test_a_broken_file_is_refused_by_name(tmp_path: Path, broken: str) -> None:
    path = tmp_path / "base.toml"
    path.write_text(broken + '[season]\nstarts="11-01"\nends="03-31"\npartial="skip"\n[reminders]\n')
    with pytest.raises(ValueError, match=r"base\.toml"):
        read_warranties(path)
