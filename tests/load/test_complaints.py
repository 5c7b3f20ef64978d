"""100,000 complaints: lists, searches, worklists and statistics within 200 ms on PostgreSQL, lists by indexes alone.

Writes ``var/complaints.json`` (the figures) and ``docs/plans/complaints.txt`` (the plans of every statement asked).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from backend.complaints.rules.statistics import Dimension
from backend.infra.paging import encode_cursor
from backend.infra.web import GongjueFlask
from backend.wsgi import build_app
from tests.factories.postgres import Cluster
from tests.load.complaint_load import Load, load_complaints
from tests.load.hall import Hall
from tests.load.plans import read_pages

ROUNDS = 200
BOUND_MS = 200.0
TABLES = r"complaint(_\w+)?|rectification_\w+"
HEADING = "Plans of what the complaint pages ask, at 100,000 complaints of 100 estates and a register of 20,000 items."
COMMAND = "python -m pytest -m heavy tests/load/test_complaints.py"


def lists(load: Load) -> dict[str, tuple[str | None, str]]:
    """Return name → (token, address) of the pages that show some of all complaints."""
    everything, assigned = "/api/v1/staff/complaints", "/api/v1/staff/assigned-complaints"
    register, bureau, hotline = "/api/v1/staff/rectification", load.bureau.token, load.hotline.token
    committee, handler, resident = load.committee.token, load.handler.token, load.resident.token
    past, soon = datetime.now(UTC) - timedelta(days=500), datetime.now(UTC) + timedelta(days=10)
    pages = {
        "list": (bureau, everything),
        "list of a hotline": (hotline, everything),
        "list of a committee": (committee, everything),
        "list, a hundred": (bureau, f"{everything}?limit=100"),
        "list far on": (bureau, f"{everything}?cursor={encode_cursor((past, 'z'))}"),
        "list of a committee far on": (committee, f"{everything}?cursor={encode_cursor((past, 'z'))}"),
        "list of an organisation": (bureau, f"{everything}?organisation={load.community}"),
        "list of an estate": (bureau, f"{everything}?estate={load.estate}"),
        "list of a unit": (bureau, f"{everything}?party={load.party}"),
        "list of an estate's category": (bureau, f"{everything}?estate={load.estate}&category=safety"),
        "list of a period": (
            bureau,
            f"{everything}?since={past:%Y-%m-%d}T00:00:00Z&until={past:%Y-%m-%d}T12:00:00Z",
        ),
        "list of the supervised": (bureau, f"{everything}?supervised=true"),
        "list of the overdue": (bureau, f"{everything}?overdue=true"),
        "list of the overdue of a committee": (committee, f"{everything}?overdue=true"),
        "list of the overdue of an estate": (bureau, f"{everything}?overdue=true&estate={load.estate}"),
        "list of the not overdue": (bureau, f"{everything}?overdue=false"),
        "worklist, overdue": (hotline, f"{everything}?order=due&overdue=true"),
        "worklist, due soon": (hotline, f"{everything}?order=due&overdue=false"),
        "worklist, due soon, of a committee": (committee, f"{everything}?order=due&overdue=false"),
        "worklist far on": (hotline, f"{everything}?order=due&cursor={encode_cursor((soon, '0'))}"),
        "worklist of a unit": (handler, f"{assigned}?order=due"),
        "worklist of whoever took them in": (hotline, f"{everything}?mine=true"),
        "worklist, paused": (hotline, f"{everything}?paused=true"),
        "worklist, paused, of a committee": (committee, f"{everything}?paused=true"),
        "worklist, disputed": (hotline, f"{everything}?disputed=true"),
        "worklist, handed up": (bureau, f"{everything}?handed_up=true"),
        "list of an outside system": (hotline, f"{everything}?integrator={load.key}"),
        "by number": (hotline, f"{everything}?text={load.number}"),
        "by ticket": (hotline, f"{everything}?text={load.ticket}"),
        "by words": (hotline, f"{everything}?text=保温层脱落"),
        "by two letters": (hotline, f"{everything}?text=漏水"),
        "by words of a committee": (committee, f"{everything}?text=保温层脱落"),
        "by words in vain": (hotline, f"{everything}?text=没有这样的话"),
        "by two letters in an estate": (bureau, f"{everything}?text=漏水&estate={load.estate}"),
        "by two letters and state": (hotline, f"{everything}?text=漏水&state=registered"),
        "by words, rare": (hotline, f"{everything}?text=三楼走廊漏水下雨时更严重"),
        "case": (hotline, f"{everything}/{load.case}"),
        "duplicates": (hotline, f"{everything}/{load.case}/duplicates"),
        "assigned": (handler, assigned),
        "assigned, overdue": (handler, f"{assigned}?overdue=true"),
        "assigned, by words": (handler, f"{assigned}?text=地下车库"),
        "tracker": (None, f"/api/v1/complaint-tracker?number={load.number}"),
        "my complaints": (resident, "/api/v1/complaints"),
        "register": (bureau, f"{register}/items"),
        "register of an estate": (committee, f"{register}/items?estate={load.estate}"),
        "register far on": (bureau, f"{register}/items?cursor={encode_cursor((past, 'z'))}"),
        "register, overdue": (bureau, f"{register}/items?overdue=true"),
        "register, submitted": (bureau, f"{register}/items?state=submitted"),
        "register of residents": (resident, f"/api/v1/rectification?estate={load.estate}"),
    }
    values = (
        ("state", ("registered", "in_progress", "resolved", "closed", "merged")),
        ("category", ("enquiry", "safety")),
        ("source", ("telephone", "open311")),
    )
    for name, chosen in values:
        pages |= {f"list of {name} {value}": (bureau, f"{everything}?{name}={value}") for value in chosen}
    return pages


def statistics(load: Load) -> dict[str, tuple[str | None, str]]:
    """Return name → (token, address) of the figures, over all of two years."""
    since = f"since={datetime.now(UTC) - timedelta(days=731):%Y-%m-%d}"
    everything, assigned = (
        "/api/v1/staff/complaints/statistics",
        "/api/v1/staff/assigned-complaints/statistics",
    )
    pages = {}
    for by in Dimension:
        pages[f"statistics by {by}"] = (load.bureau.token, f"{everything}?by={by}")
        pages[f"statistics by {by}, two years"] = (load.bureau.token, f"{everything}?by={by}&{since}")
    pages["statistics of a committee"] = (load.committee.token, f"{everything}?by=party&{since}")
    pages["register by unit"] = (load.bureau.token, "/api/v1/staff/rectification/units")
    pages["statistics of a unit"] = (load.handler.token, f"{assigned}?by=estate&{since}")
    return pages


def totals_of(app: GongjueFlask, load: Load) -> list[list[object]]:
    """Return of every breakdown of two years how many there are, and how long the middle and the ninth tenth took."""
    found = []
    for token, path in (page for name, page in statistics(load).items() if name.endswith("two years")):
        answer = app.test_client().get(path, headers={"Authorization": f"Bearer {token}"}).get_json()
        times = (answer["total"][name] for name in ("to_accept", "to_resolve"))
        found.append([answer["total"]["registered"], *(each for spread in times for each in spread.values())])
    return found


def recounted(hall: Hall) -> list[object]:
    """Return the same by the plainest statement there is."""
    times = ", ".join(
        f"count({name}), percentile_disc(0.5) WITHIN GROUP (ORDER BY {name}), "
        f"percentile_disc(0.9) WITHIN GROUP (ORDER BY {name})"
        for name in ("minutes_to_accept", "minutes_to_resolve")
    )
    return list(hall.rows(f"SELECT count(*), {times} FROM complaint WHERE NOT is_restricted")[0])


@pytest.mark.heavy
def test_100000_complaints_are_read_within_200_ms_and_listed_by_indexes(
    pg_cluster: Cluster, migrated_postgresql: str, tmp_path: Path
) -> None:
    url = pg_cluster.create_database("complaint_load", template=migrated_postgresql)
    hall = Hall(url, tmp_path)
    load = load_complaints(hall.ports)
    assert hall.rows("SELECT count(*) FROM complaint") == [(100_000,)]
    shown, counted = lists(load), statistics(load)
    app = build_app(hall.ports)
    assert totals_of(app, load) == [recounted(hall)] * len(Dimension)
    found = read_pages(app, hall.engine, shown | counted, TABLES, ROUNDS)
    found.write("complaints", HEADING, COMMAND)
    hall.close()
    print(
        "\n".join(
            f"{name:40} p50 {each['p50']:7.1f}  p95 {each['p95']:7.1f} ms"
            for name, each in found.figures.items()
        )
    )
    assert found.scans_of(TABLES, set(shown)) == []
    assert found.slowest() <= BOUND_MS, found.figures
