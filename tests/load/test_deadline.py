"""The deadline is the database's: with every job stopped, and with the web process's own clock a day wrong."""

from __future__ import annotations

import http.client
import json
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session

from backend.ballots.queries.ballots import find_any
from backend.infra.columns import from_micros
from backend.infra.database import db_now
from backend.infra.installation import move_clock
from tests.factories.servers import WebServer, environment_of, web_server
from tests.load.frozen import freeze_clock
from tests.load.hall import Crowd, Hall, Voter

MILLISECOND = timedelta(milliseconds=1)
WRONG_CLOCK = Path(__file__).parent / "wrong_clock"


def now(hall: Hall) -> datetime:
    with Session(hall.engine) as session:
        return db_now(session)


def closing_time(hall: Hall, crowd: Crowd) -> datetime:
    with Session(hall.engine) as session:
        ballot = find_any(session, crowd.ballot.ballot_id)
        assert ballot is not None and ballot.closes_at is not None
        return ballot.closes_at


def post(server: WebServer, crowd: Crowd, voter: Voter) -> tuple[int, Any]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    headers = {
        "Authorization": f"Bearer {voter.resident.token}",
        "Idempotency-Key": "key-00000001",
        "Content-Type": "application/json",
    }
    connection.request("POST", crowd.path, crowd.body(voter, "for"), headers)
    response = connection.getresponse()
    told = json.loads(response.read())
    connection.close()
    return response.status, told


def test_real_clock_runs_over_the_deadline_with_the_host_clock_a_day_wrong(
    hall: Hall, tmp_path: Path
) -> None:
    crowd = hall.crowd(60)
    closes_at = closing_time(hall, crowd)
    environment = {**environment_of(hall.settings), "PYTHONPATH": str(WRONG_CLOCK)}
    with web_server(environment, tmp_path / "web.log") as server:
        offset = closes_at - datetime.now(UTC) - timedelta(seconds=1)
        move_clock(hall.engine, offset // timedelta(microseconds=1))
        answers = []
        for voter in crowd.voters:
            before = now(hall)
            status, told = post(server, crowd, voter)
            answers.append((before, status, told, now(hall)))
            time.sleep(0.02)
    for before, status, told, after in answers:
        if status == 201:
            cast_at = datetime.fromisoformat(told["recorded"][0]["cast_at"])
            assert before - MILLISECOND <= cast_at <= after and cast_at < closes_at
        else:
            assert (status, told["code"]) == (409, "ballot_closed") and after >= closes_at
    statuses = [status for _, status, _, _ in answers]
    assert statuses == sorted(statuses) and {201, 409} == set(statuses)
    assert len(hall.standing(crowd)) == statuses.count(201)
    assert hall.rows("SELECT state FROM ballot") == [("open",)], "no job ran"
    log = (tmp_path / "web.log").read_text().splitlines()
    told_at = [json.loads(line)["at"] for line in log if line.startswith('{"at"')]
    lag = datetime.now(UTC) - datetime.strptime(told_at[-1], "%Y-%m-%dT%H:%M:%S%z")
    assert timedelta(hours=23, minutes=58) < lag < timedelta(hours=24, minutes=2), (
        "the process's clock is wrong"
    )


def test_web_process_judges_by_the_stopped_clock_of_postgresql(hall: Hall, tmp_path: Path) -> None:
    if hall.engine.dialect.name != "postgresql":
        pytest.skip(
            "another process's SQLite clock cannot be stopped; the statement's is, in test_cast_statements"
        )
    crowd = hall.crowd(4)
    closes_at = closing_time(hall, crowd).replace(microsecond=0)
    with hall.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE ballot SET closes_at = %s", (closes_at,))
    with web_server(environment_of(hall.settings), tmp_path / "web.log") as server:
        outcomes = []
        for voter, step in zip(crowd.voters, (-1, 0, 1, -1), strict=True):
            freeze_clock(hall.engine, closes_at + step * MILLISECOND)
            status, told = post(server, crowd, voter)
            outcomes.append((step, status, told.get("code")))
    assert outcomes == [
        (-1, 201, None),
        (0, 409, "ballot_closed"),
        (1, 409, "ballot_closed"),
        (-1, 201, None),
    ]
    cast = hall.rows("SELECT cast_at FROM vote")
    moments = [from_micros(row[0]) if isinstance(row[0], int) else row[0] for row in cast]
    assert moments == [closes_at - MILLISECOND] * 2
