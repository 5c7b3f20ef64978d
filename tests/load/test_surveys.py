"""460,000 responses: lists, statistics and worklists within 200 ms on PostgreSQL, by indexes alone.

Writes ``var/surveys.json`` (the figures) and ``docs/plans/surveys.txt`` (the plans of every statement asked).
"""

from __future__ import annotations

from pathlib import Path

import pytest

from backend.wsgi import build_app
from tests.factories.postgres import Cluster
from tests.load.hall import Hall
from tests.load.plans import read_pages
from tests.load.survey_load import Load, load_survey

ROUNDS = 200
BOUND_MS = 200.0
TABLES = r"survey(_\w+)?"
HEADING = "Plans of what the survey pages ask, at 460,000 responses of 515,200 households in one survey of 100 estates."
COMMAND = "python -m pytest -m heavy tests/load/test_surveys.py"


def paths(load: Load) -> dict[str, tuple[str | None, str]]:
    """Return name → (token, address)."""
    staff, here = f"/api/v1/staff/surveys/{load.survey}", f"estate={load.estate}"
    bureau, committee, steward, resident = (
        person.token for person in (load.bureau, load.committee, load.steward, load.resident)
    )
    return {
        "list": (bureau, "/api/v1/staff/surveys"),
        "list of a steward": (steward, "/api/v1/staff/surveys"),
        "survey": (bureau, staff),
        "coverage by estate": (bureau, f"{staff}/coverage"),
        "coverage by building": (committee, f"{staff}/coverage?{here}"),
        "results of everything": (bureau, f"{staff}/results"),
        "results of an estate": (committee, f"{staff}/results?{here}"),
        "question by estate": (bureau, f"{staff}/breakdown?question=item_1"),
        "question by building": (committee, f"{staff}/breakdown?question=item_1&{here}"),
        "responses": (committee, f"{staff}/responses?{here}&limit=100"),
        "texts": (committee, f"{staff}/texts?{here}"),
        "texts searched": (committee, f"{staff}/texts?{here}&words=灯不亮"),
        "texts searched in vain": (committee, f"{staff}/texts?{here}&words=没有的词"),
        "worklist": (committee, f"{staff}/worklist?{here}&limit=100"),
        "worklist far on": (committee, f"{staff}/worklist?{here}&limit=100&cursor=80000"),
        "worklist of refusals": (committee, f"{staff}/worklist?{here}&outcome=refused"),
        "worklist of a steward": (steward, f"{staff}/worklist?{here}&building={load.building}"),
        "household": (steward, f"{staff}/households/{load.household}"),
        "my surveys": (resident, "/api/v1/surveys"),
        "my survey": (resident, f"/api/v1/surveys/{load.survey}"),
        "my answers": (resident, f"/api/v1/surveys/{load.survey}/answers?dwelling={load.home}"),
    }


@pytest.mark.heavy
def test_460000_responses_are_read_within_200_ms_by_indexes(
    pg_cluster: Cluster, migrated_postgresql: str, tmp_path: Path
) -> None:
    url = pg_cluster.create_database("survey_load", template=migrated_postgresql)
    hall = Hall(url, tmp_path)
    load = load_survey(hall.ports)
    found = read_pages(build_app(hall.ports), hall.engine, paths(load), TABLES, ROUNDS)
    found.write("surveys", HEADING, COMMAND)
    hall.close()
    print("\n".join(f"{name:24} p95 {each['p95']:7.1f} ms" for name, each in found.figures.items()))
    assert found.scans_of(TABLES, set(found.plans)) == []
    assert found.slowest() <= BOUND_MS, found.figures
