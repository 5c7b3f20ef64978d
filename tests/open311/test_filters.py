"""Every filter of GET requests and of the updates, against the rows themselves."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from backend.complaints.tables import Complaint
from backend.kernel.clock import SHANGHAI
from tests.open311.conftest import Town, on_both

DAYS = timedelta(days=90)
OPEN = {"registered", "accepted", "dispatched", "in_progress", "returned", "reopened", "resolved"}


def rows_of(town: Town, test: Callable[[Complaint], bool] = lambda _: True) -> list[str]:
    """Return the numbers of what outsiders may list and a test lets through, newest first."""
    with Session(town.world.ports.engine) as session:
        rows = [
            row
            for row in session.exec(select(Complaint))
            if not row.is_restricted
            and row.disclosure != "confidential"
            and row.nature != "accusation"
            and row.category != "conduct"
            and test(row)
        ]
    rows.sort(key=lambda row: (row.registered_at, row.id), reverse=True)
    return [row.number for row in rows]


def numbers(town: Town, **arguments: Any) -> list[str]:
    answer = town.get("requests.json", **arguments)
    assert answer.status_code == 200, answer.text
    return [row["service_request_id"] for row in answer.get_json()]


def now_of(town: Town) -> datetime:
    with town.world.arrange() as ctx:
        return ctx.clock.now()


@on_both
def test_without_arguments_it_is_the_last_ninety_days_newest_first(town: Town) -> None:
    since = now_of(town) - DAYS
    expected = rows_of(town, lambda row: row.registered_at >= since)
    assert numbers(town) == expected
    assert len(rows_of(town)) > len(expected) > 20


@on_both
def test_empty_arguments_are_absent_ones(town: Town) -> None:
    empty = dict.fromkeys(
        ("service_request_id", "service_code", "start_date", "end_date", "status", "page", "page_size"), ""
    )
    assert numbers(town, **empty, jurisdiction_id="") == numbers(town)


@on_both
@pytest.mark.parametrize("status", ["open", "closed", "open,closed", " closed , open "])
def test_status_is_open_closed_or_both(town: Town, status: str) -> None:
    since = now_of(town) - DAYS
    wanted = {part.strip() for part in status.split(",")}
    expected = rows_of(
        town,
        lambda row: row.registered_at >= since and ("open" if row.state in OPEN else "closed") in wanted,
    )
    assert numbers(town, status=status) == expected


@on_both
@pytest.mark.parametrize("codes", [["quality"], ["quality,utilities"], ["quality", "utilities"]])
def test_service_codes_with_commas_or_declared_several_times(town: Town, codes: list[str]) -> None:
    since = now_of(town) - DAYS
    wanted = set(",".join(codes).split(","))
    expected = rows_of(town, lambda row: row.registered_at >= since and row.category in wanted)
    assert numbers(town, service_code=codes) == expected


@on_both
def test_a_span_in_the_past_is_exact_with_both_ends(town: Town) -> None:
    middle = now_of(town) - timedelta(days=300)
    inside = rows_of(town, lambda row: middle <= row.registered_at <= middle + DAYS)
    shown = numbers(town, start_date=middle.isoformat(), end_date=(middle + DAYS).isoformat())
    assert shown == inside and inside
    # Only one end: ninety days from it.
    assert numbers(town, start_date=middle.isoformat()) == inside
    assert numbers(town, end_date=(middle + DAYS).isoformat()) == inside


@on_both
def test_the_instants_that_are_told_find_their_own_request(town: Town) -> None:
    (row,) = town.get(f"requests/{town.numbers['registered']}.json").get_json()
    told = row["requested_datetime"]
    assert row["service_request_id"] in numbers(town, start_date=told, end_date=told)


def test_zones_are_understood_also_with_a_plus_that_became_a_blank(town: Town) -> None:
    since = now_of(town) - timedelta(days=30)
    local = since.astimezone(SHANGHAI).isoformat(timespec="seconds")
    utc = since.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert numbers(town, start_date=local) == numbers(town, start_date=utc) != []
    raw = town.world.app.test_client().get(
        f"/open311/v2/requests.json?start_date={local}"
    )  # + is a blank there
    assert [row["service_request_id"] for row in raw.get_json()] == numbers(town, start_date=utc)


@on_both
def test_the_list_of_ids_overrides_everything_else(town: Town) -> None:
    chosen = [town.numbers[name] for name in ("closed", "far", "registered")]
    hidden = [town.numbers[name] for name in ("hidden", "accusation", "conduct")]
    shown = numbers(
        town,
        service_request_id=",".join([*chosen, *hidden, "000000000000", "x"]),
        service_code="no-such-service",
        status="purple",
        start_date="yesterday",
        jurisdiction_id="nowhere",
        page="-1",
    )
    assert shown == chosen
    assert numbers(town, service_request_id=chosen) == chosen  # declared several times


@on_both
def test_a_jurisdiction_is_an_organisation_and_all_below_it(town: Town) -> None:
    county = town.home.community.path.strip("/").split("/")[2]
    for place in (town.home.community.id, town.home.community.code, county):
        shown = numbers(town, jurisdiction_id=place)
        assert town.numbers["registered"] in shown
        assert town.numbers["far"] not in shown
    far = town.far.community.id
    assert numbers(town, jurisdiction_id=far) == rows_of(town, lambda row: row.organisation_id == far)


@on_both
def test_pages_follow_each_other_without_gap_or_repetition(town: Town) -> None:
    everything = numbers(town)
    paged: list[str] = []
    for page in range(1, 30):
        shown = numbers(town, page=page, page_size=7)
        paged += shown
        if len(shown) < 7:
            break
    assert paged == everything
    assert numbers(town, page_size=5) == everything[:5]
    assert numbers(town, page=1000, page_size=100) == []


@on_both
def test_updates_are_filtered_by_time_place_and_status(town: Town) -> None:
    def updates(**arguments: Any) -> list[Any]:
        found = town.get("servicerequestupdates.json", **arguments)
        assert found.status_code == 200, found.text
        return list(found.get_json())

    everything = updates()
    assert len(everything) > 40
    moments = [row["updated_datetime"] for row in everything]
    assert moments == sorted(moments, reverse=True)
    published = set(rows_of(town))
    assert {row["service_request_id"] for row in everything} <= published
    assert updates(jurisdiction_id=town.far.community.id) == []
    middle = now_of(town) - timedelta(days=45)
    early = updates(start_date=(middle - timedelta(days=30)).isoformat(), end_date=middle.isoformat())
    assert early and all(row in everything for row in early)
    assert updates(page=2, page_size=10) == everything[10:20]
    closed = updates(status="closed")
    assert closed and len(closed) < len(everything)


def test_reading_asks_a_handful_of_statements_however_many_rows(town: Town) -> None:
    from sqlalchemy import event

    asked: list[str] = []
    engine = town.world.ports.engine

    def hear(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append(statement)

    # Not those that other tests filed just now: some lie in no estate, and then no estate is asked for.
    yesterday = (now_of(town) - timedelta(days=1)).isoformat()
    event.listen(engine, "before_cursor_execute", hear)
    try:
        counts = []
        for size in (1, 50):
            asked.clear()
            assert len(numbers(town, page_size=size, end_date=yesterday)) == size
            counts.append(len(asked))
    finally:
        event.remove(engine, "before_cursor_execute", hear)
    assert counts[0] == counts[1] <= 6, asked
