"""The hotline's figures: a table counted by hand, a recount of many cases, who sees which."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from backend.complaints import service
from backend.complaints.rules.statistics import Dimension, Figures, Rate, Times
from backend.complaints.rules.vocabulary import (
    CATEGORIES,
)
from backend.complaints.service import (
    ReadStatistics,
)
from backend.complaints.service.statistics import read_breakdowns
from backend.complaints.tables import Complaint
from backend.infra.context import Context
from backend.kernel.clock import SHANGHAI
from backend.kernel.errors import Forbidden, NotFound
from tests.factories.places import make_estate
from tests.services.complaints.figures import DAY, HOUR, MINUTE, NOW, closed, put, recount, scattered, taken
from tests.services.complaints.hotline import Hotline, open_hotline, set_clock

JANUARY, FEBRUARY = datetime(2026, 1, 10, 1, 0, tzinfo=UTC), datetime(2026, 2, 10, 1, 0, tzinfo=UTC)


@pytest.fixture
def hotline(ctx: Context) -> Hotline:
    found = open_hotline(ctx)
    set_clock(ctx, NOW)
    return found


def table_by_hand(hotline: Hotline) -> None:
    """Twenty-two cases; the figures below were counted by hand from these lines."""
    good, bad = (True, True), (True, False)
    for number in range(4):  # 1-4: solved, satisfied; accepted after 2 h, resolved after 1, 2, 3, 4 days
        closed(hotline, JANUARY, good, resolved_at=JANUARY + (number + 1) * DAY)
    closed(hotline, JANUARY, bad)  # 5: solved, not satisfied
    closed(hotline, JANUARY, None)  # 6: nobody answered: no figure counts it as solved
    closed(
        hotline, JANUARY, good, resolved_at=JANUARY + 10 * DAY
    )  # 7: late by nothing: at the instant it is late
    closed(
        hotline, JANUARY, good, paused_seconds=6 * 86_400, resolved_at=JANUARY + 9 * DAY
    )  # 8: 9 days, 6 paused
    # 9: said "no" and is being done over, in time; the answer stands, so does the "no"
    taken(
        hotline, "in_progress", FEBRUARY, reopenings=1, is_solved=False, is_satisfied=False, due_at=NOW + DAY
    )
    # 10: was satisfied, had it done over later: no more
    taken(hotline, "reopened", FEBRUARY, reopenings=1, is_solved=True, is_satisfied=True, due_at=NOW + DAY)
    # 11: done over, result stated, no answer yet
    taken(hotline, "resolved", FEBRUARY, reopenings=1, resolved_at=FEBRUARY + 3 * DAY)
    taken(hotline, "resolved", FEBRUARY, resolved_at=FEBRUARY + 3 * DAY)  # 12: no answer yet: not due
    taken(hotline, "in_progress", FEBRUARY, due_at=NOW)  # 13: overdue at this instant
    taken(hotline, "in_progress", FEBRUARY, due_at=NOW + MINUTE)  # 14: one minute left
    # 15: paused: no due date, not overdue
    taken(
        hotline,
        "accepted",
        FEBRUARY,
        due_at=None,
        paused_at=FEBRUARY + DAY,
        pause_reason="weather",
        party_id=None,
    )
    put(hotline, "registered", NOW - HOUR, respond_by_at=NOW)  # 16: nobody answered in time
    put(hotline, "registered", NOW - HOUR, respond_by_at=NOW + MINUTE)  # 17: there is still time
    put(hotline, "declined", FEBRUARY, responded_at=FEBRUARY + DAY)  # 18: answered at the instant: late
    put(hotline, "withdrawn", FEBRUARY)  # 19: in no rate
    into = closed(
        hotline, FEBRUARY, good, nature="emergency", time_class="emergency"
    )  # 20: an emergency counts
    put(hotline, "merged", FEBRUARY, merged_into_id=into.id, repeats_place=True)  # 21: in no rate, a repeat
    put(hotline, "transferred", FEBRUARY, nature="petition", responded_at=FEBRUARY)  # 22: in nothing else


EXPECTED = {
    "registered": 22,
    "passed_on": 1,
    "merged": 1,
    "withdrawn": 1,
    "declined": 1,
    "waiting": 2,
    "running": 5,
    "resolved": 2,
    "closed": 9,
    "response_due": 18,
    "responded_in_time": 16,
    "response_missing": 1,
    "result_due": 13,
    "solved": 8,
    "unconfirmed": 1,
    "rated": 10,
    "reopened": 3,
    "overdue": 1,
    "late": 1,
    "repeats_place": 1,
}


def figures(ctx: Context, by: Dimension = Dimension.ESTATE, **values: Any) -> Figures:
    return service.read_statistics(ctx, ReadStatistics(by, **values)).total


def test_the_table_by_hand(hotline: Hotline) -> None:
    table_by_hand(hotline)
    found = figures(hotline.hotline)
    assert found.counts == EXPECTED
    assert found.response == Rate(16, 18)
    assert found.resolution == Rate(8, 13)
    assert found.satisfaction == Rate(7, 10)
    # Sixteen were accepted; eleven have a result: 1, 2, 3, 3, 3, 3, 3, 3, 3, 4, 10 days.
    assert found.to_accept == Times(16, 120, 120)
    assert found.to_resolve == Times(11, 3 * 1440, 4 * 1440)


@pytest.mark.parametrize("by", list(Dimension))
def test_every_breakdown_of_the_table_sums_to_the_total(hotline: Hotline, by: Dimension) -> None:
    table_by_hand(hotline)
    found = service.read_statistics(hotline.bureau, ReadStatistics(by))
    sums: Counter[str] = Counter()
    for group in found.groups:
        sums.update(group.figures.counts)
    assert dict(sums) == found.total.counts == EXPECTED


def test_the_table_by_month_class_and_unit(hotline: Hotline) -> None:
    table_by_hand(hotline)

    def registered(by: Dimension, **values: Any) -> dict[str | None, int]:
        found = service.read_statistics(hotline.bureau, ReadStatistics(by, **values))
        return {group.title: group.figures.counts["registered"] for group in found.groups}

    months = registered(Dimension.MONTH)
    assert next(iter(months)) == "2025-04" and len(months) == 12
    assert {month: number for month, number in months.items() if number} == {
        "2026-01": 8,
        "2026-02": 12,
        "2026-03": 2,
    }
    assert registered(Dimension.TIME_CLASS) == {"一般": 21, "紧急": 1}
    assert registered(Dimension.PARTY) == {"示例施工单位1": 15, "（未派单）": 7}
    assert registered(Dimension.CATEGORY, since=date(2026, 2, 1), until=date(2026, 3, 1)) == {
        CATEGORIES["quality"].title: 12
    }


def test_the_breakdowns_of_a_workbook_stand_at_one_instant(hotline: Hotline) -> None:
    found = read_breakdowns(hotline.bureau, ReadStatistics(Dimension.MONTH), Dimension)
    assert [each.by for each in found.values()] == list(Dimension)
    assert len({each.as_of for each in found.values()}) == 1


def test_a_day_begins_at_midnight_in_shanghai(hotline: Hotline) -> None:
    midnight = datetime(2026, 2, 1, tzinfo=SHANGHAI)
    put(hotline, "registered", midnight - timedelta(microseconds=1))
    put(hotline, "registered", midnight)
    found = service.read_statistics(hotline.bureau, ReadStatistics(Dimension.MONTH, since=date(2026, 1, 1)))
    assert [group.figures.counts["registered"] for group in found.groups] == [1, 1, 0]
    day = date(2026, 2, 1)
    assert figures(hotline.bureau, since=day, until=day + DAY).counts["registered"] == 1


KEYS: dict[Dimension, Callable[[Complaint], str | None]] = {
    Dimension.PARTY: lambda row: row.party_id,
    Dimension.CATEGORY: lambda row: row.category,
    Dimension.TIME_CLASS: lambda row: row.time_class,
    Dimension.ESTATE: lambda row: row.estate_id,
    Dimension.MONTH: lambda row: row.registered_at.astimezone(SHANGHAI).strftime("%Y-%m"),
}


def test_the_database_counts_what_the_definitions_say(hotline: Hotline) -> None:
    rows = scattered(hotline, 400, seed=7)
    for is_restricted in (False, True):
        counted = [row for row in rows if row.is_restricted is is_restricted]
        for by, key in KEYS.items():
            wanted = ReadStatistics(by, is_restricted=is_restricted)
            found = service.read_statistics(hotline.bureau, wanted)
            assert (found.total.counts, *told(found.total)) == recount(counted)
            parts = defaultdict(list)
            for row in counted:
                parts[key(row)].append(row)
            groups = {
                group.key: group.figures for group in found.groups if group.figures.counts["registered"]
            }
            assert set(groups) == set(parts)
            for name, figures_of_part in groups.items():
                numbers, rated, *times = recount(parts[name])
                assert figures_of_part.counts == numbers
                assert [figures_of_part.to_accept, figures_of_part.to_resolve] == times
                assert figures_of_part.satisfaction is None or told(figures_of_part)[0] == rated


def told(found: Figures) -> tuple[Any, ...]:
    rated = found.satisfaction
    return (rated and (rated.numerator, rated.denominator), found.to_accept, found.to_resolve)


def test_satisfaction_of_a_small_estate_is_hidden_with_the_smallest_other(hotline: Hotline) -> None:
    estates = [
        make_estate(hotline.system, community=hotline.place.community, dwellings=1).estate.id for _ in "ab"
    ]
    for estate, number in zip((*estates, hotline.place.estate.id), (3, 6, 9), strict=True):
        for _ in range(number):
            closed(hotline, FEBRUARY, (True, True), estate_id=estate)
    found = service.read_statistics(hotline.committee, ReadStatistics(Dimension.ESTATE))
    assert [group.figures.satisfaction for group in found.groups] == [Rate(9, 9), None, None]
    assert found.total.satisfaction == Rate(18, 18)
    assert figures(hotline.committee, estate_id=estates[0]).satisfaction is None


def test_each_sees_the_figures_of_what_they_may_list(hotline: Hotline) -> None:
    taken(hotline, "in_progress", FEBRUARY)
    taken(hotline, "in_progress", FEBRUARY, party_id=hotline.other_party)
    put(hotline, "registered", FEBRUARY, is_restricted=True, category="conduct")
    taken(hotline, "in_progress", FEBRUARY, about_party_id=hotline.party, party_id=hotline.other_party)
    elsewhere = make_estate(hotline.system)
    other = {"organisation_id": elsewhere.community.id, "organisation_path": elsewhere.community.path}
    put(hotline, "registered", FEBRUARY, estate_id=elsewhere.estate.id, **other)

    def seen(ctx: Context, **values: Any) -> int:
        return figures(ctx, **values).counts["registered"]

    for staff in (hotline.hotline, hotline.town, hotline.bureau, hotline.committee, hotline.auditor):
        assert seen(staff) == 3
        assert seen(staff, organisation_id=hotline.place.community.id) == 3
        with pytest.raises(NotFound):
            seen(staff, estate_id=elsewhere.estate.id)
    assert seen(hotline.handler, only_assigned=True) == 1
    assert seen(hotline.other_handler, only_assigned=True) == 2
    assert seen(hotline.other_handler, only_assigned=True, party_id=hotline.party) == 0
    assert seen(hotline.handler) == 1  # by the other door no more: what is assigned to the unit
    assert seen(hotline.bureau, is_restricted=True) == seen(hotline.auditor, is_restricted=True) == 1
    assert seen(hotline.hotline, is_restricted=True) == 0
    with pytest.raises(Forbidden):
        seen(hotline.hotline, is_restricted=True, organisation_id=hotline.place.community.id)


def test_figures_may_be_narrowed_to_an_area_a_category_and_a_unit(hotline: Hotline) -> None:
    taken(hotline, "in_progress", FEBRUARY, category="safety")
    taken(hotline, "in_progress", FEBRUARY, party_id=hotline.other_party)
    for values, number in (
        ({}, 2),
        ({"category": "safety"}, 1),
        ({"party_id": hotline.other_party}, 1),
        ({"party_id": hotline.party, "category": "quality"}, 0),
        ({"organisation_id": hotline.county}, 2),
        ({"estate_id": hotline.place.estate.id}, 2),
        ({"since": date(2026, 3, 1)}, 0),
    ):
        assert figures(hotline.bureau, **values).counts["registered"] == number


def test_only_who_may_ask_for_names_learns_how_many_reports_are_one_persons(hotline: Hotline) -> None:
    for _ in range(6):
        taken(hotline, "in_progress", FEBRUARY, repeats_reporter=True)
    for staff, number in (
        (hotline.hotline, 6),
        (hotline.town, 6),
        (hotline.system, 6),
        (hotline.bureau, None),
        (hotline.committee, None),
        (hotline.auditor, None),
    ):
        found = service.read_statistics(staff, ReadStatistics(Dimension.ESTATE))
        assert [found.total.repeats_reporter, *(each.figures.repeats_reporter for each in found.groups)] == [
            number,
            number,
        ]
    assert figures(hotline.handler, only_assigned=True).repeats_reporter is None
    assert figures(hotline.bureau, is_restricted=True).repeats_reporter is None
