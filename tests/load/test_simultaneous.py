"""Six posts per entry at the same moment, from two web processes: one standing vote each, one tally."""

from __future__ import annotations

import http.client
import json
import time
from collections import Counter
from pathlib import Path

import pytest
from sqlmodel import Session

from backend.ballots.queries.ballots import find_any
from backend.ballots.queries.tally import count_ballot
from bench.client import Burst, run
from tests.factories.servers import WebServer, environment_of, web_server
from tests.load.hall import Acknowledged, Crowd, Hall

# (choice, idempotency key) of the six posts of each entry.
PLANS = {
    "same choice, one key": [("for", "key-00000001")] * 6,
    "same choice, other keys": [("for", f"key-0000000{n}") for n in range(6)],
    "other choices, one key": [("for" if n % 2 else "against", "key-00000001") for n in range(6)],
    "other choices, other keys": [("for" if n % 2 else "against", f"key-0000000{n}") for n in range(6)],
}


@pytest.mark.parametrize("entries", [24, pytest.param(200, marks=pytest.mark.heavy)])
def test_six_posts_per_entry_leave_one_standing_vote_and_one_tally(
    hall: Hall, tmp_path: Path, entries: int
) -> None:
    with web_server(environment_of(hall.settings), tmp_path / "web.log") as server:
        for name, plan in PLANS.items():
            for kind in ("plan", "canvass"):  # without and with re-vote
                crowd = hall.crowd(entries, kind=kind)
                requests = [crowd.request(voter, *step) for voter in crowd.voters for step in plan]
                outcome = run(Burst(server.port, requests, 120))
                assert set(outcome.statuses) <= {201, 409, 422}, (name, kind, outcome.statuses)
                assert len(outcome.bodies) == 6 * entries
                _check(hall, crowd, outcome.bodies)
        _check_shown(server, crowd)


def _check(hall: Hall, crowd: Crowd, answers: list[tuple[int, bytes]]) -> None:
    told = Acknowledged()
    for status, body in answers:
        told.note(status, body)
    standing = hall.standing(crowd)
    assert set(standing) == {voter.entry for voter in crowd.voters}
    arrived = hall.rows(
        "SELECT receipt, roll_entry_id FROM vote WHERE ballot_id = :ballot", ballot=crowd.ballot.ballot_id
    )
    acknowledged = {(receipt, entry) for entry, receipts in told.receipts.items() for receipt in receipts}
    assert acknowledged == {(receipt, entry) for receipt, entry in arrived}
    events = hall.rows(
        "SELECT count(*) FROM ledger_event WHERE type = 'vote.recorded' AND payload LIKE :ballot",
        ballot=f"%{crowd.ballot.ballot_id}%",
    )
    assert events == [(len(arrived),)]
    _check_count(hall, crowd, Counter(choices for _, choices in standing.values()))


def _check_count(hall: Hall, crowd: Crowd, choices: Counter[str]) -> None:
    """The count agrees with the rows."""
    with Session(hall.engine) as session:
        ballot = find_any(session, crowd.ballot.ballot_id)
        assert ballot is not None
        counted = count_ballot(session, ballot)
    for position, motion in enumerate(counted):
        sums = motion.counts[0].sums
        assert sums.participating.heads == len(crowd.voters)
        assert sums.approving.heads == sum(n for letters, n in choices.items() if letters[position] == "f")


def _check_shown(server: WebServer, crowd: Crowd) -> None:
    """What the door shows agrees with the voters."""
    time.sleep(1.05)  # it may be a second old
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=20)
    headers = {"Authorization": f"Bearer {crowd.voters[0].resident.token}"}
    connection.request("GET", crowd.path.replace("/votes", "/tally"), headers=headers)
    shown = json.loads(connection.getresponse().read())
    connection.close()
    assert [motion["participating"]["households"] for motion in shown["motions"]] == [
        str(len(crowd.voters))
    ] * 2
