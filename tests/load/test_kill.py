"""Processes killed outright under load: every acknowledged receipt is there afterwards, once."""

from __future__ import annotations

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from tests.conftest import require_postgresql
from tests.factories.databases import migrate
from tests.factories.postgres import cluster, find_binaries
from tests.factories.servers import environment_of, web_server
from tests.load.hall import Acknowledged, Crowd, Hall, vote_all

SIZES = [400, pytest.param(2000, marks=pytest.mark.heavy)]


def _wait_for(told: Acknowledged, votes: int) -> None:
    deadline = time.monotonic() + 60
    while len(told.receipts) < votes:
        assert time.monotonic() < deadline, "the votes do not come in"
        time.sleep(0.005)


def _finish(threads: list[threading.Thread]) -> None:
    for thread in threads:
        thread.join(120)
    assert not any(thread.is_alive() for thread in threads)


def _check(hall: Hall, crowd: Crowd, told: Acknowledged) -> None:
    """Everybody was answered in the end, always with the one receipt that is in the table."""
    standing = hall.standing(crowd)
    assert {entry: {receipt} for entry, (receipt, _) in standing.items()} == told.receipts
    assert len(standing) == len(crowd.voters)
    votes = hall.rows("SELECT count(*) FROM vote")
    events = hall.rows("SELECT count(*) FROM ledger_event WHERE type = 'vote.recorded'")
    assert votes == events == [(len(crowd.voters),)]


@pytest.mark.parametrize("size", SIZES)
def test_killed_web_worker_loses_no_acknowledged_vote(hall: Hall, tmp_path: Path, size: int) -> None:
    crowd, told = hall.crowd(size), Acknowledged()
    with web_server(environment_of(hall.settings), tmp_path / "web.log") as server:
        threads = vote_all(server, crowd, told)
        for share in (4, 2):
            _wait_for(told, size // share)
            victim = server.workers()[0]
            os.kill(victim, signal.SIGKILL)
        _finish(threads)
    assert told.others["no answer"] > 0, "nobody was interrupted: the kill came too late"
    _check(hall, crowd, told)


@pytest.mark.parametrize("size", SIZES)
def test_killed_postgresql_loses_no_acknowledged_vote(tmp_path: Path, size: int) -> None:
    if find_binaries() is None:
        require_postgresql("no PostgreSQL binaries found")
    with cluster() as running:
        url = running.create_database("killed")
        migrate(url, tmp_path / "files").dispose()
        hall = Hall(url, tmp_path)
        crowd, told = hall.crowd(size), Acknowledged()
        hall.close()
        with web_server(environment_of(hall.settings), tmp_path / "web.log") as server:
            threads = vote_all(server, crowd, told)
            _wait_for(told, size // 10)
            running.kill()
            time.sleep(0.3)
            running.start()
            _finish(threads)
        assert told.others["503 unavailable"] > 0, told.others
        assert set(told.others) <= {"503 unavailable", "no answer"}, told.others
        _check(hall, crowd, told)
        hall.close()
