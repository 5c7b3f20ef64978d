"""The vote over HTTP: recorded once, refused with the right reason, never twice."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlmodel import Session, col, func, select

from backend.ballots.tables import Vote
from backend.ledger.tables import LedgerEvent
from tests.api.conftest import World
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.people import ResidentFixture, make_resident
from tests.factories.places import EstateFixture, make_estate


class Voter:
    """One resident of one dwelling with a ready paper."""

    def __init__(
        self, world: World, ballot: BallotFixture, resident: ResidentFixture, dwelling_id: str
    ) -> None:
        self._client = world.app.test_client()
        self.ballot, self.resident, self.entry = ballot, resident, ballot.entry_ids.get(dwelling_id, "0" * 20)

    def cast(self, choice: str = "for", key: str = "key-00000001", **changes: Any) -> Any:
        """Post a paper with the same choice on every motion."""
        body = {
            "entries": [self.entry],
            "choices": dict.fromkeys(self.ballot.motion_ids, choice),
            "documents_hash": self.ballot.documents_hash,
            **changes,
        }
        headers = {"Authorization": f"Bearer {self.resident.token}", "Idempotency-Key": key}
        return self._client.post(f"/api/v1/ballots/{self.ballot.ballot_id}/votes", json=body, headers=headers)


Arrange = Callable[..., Voter]


@pytest.fixture
def arrange(world: World) -> Arrange:
    """Make an estate, a ballot and a voter of its first dwelling."""

    def make(*, relation: str = "owner", kind: str = "plan", **options: Any) -> Voter:
        with world.arrange() as ctx:
            estate = make_estate(ctx, dwellings=3)
            ballot = make_ballot(ctx, estate, kind=kind, **options)
            resident = make_resident(ctx, estate.dwelling_ids[0], relation=relation)
        return Voter(world, ballot, resident, estate.dwelling_ids[0])

    return make


def standing(world: World, ballot: BallotFixture) -> list[Vote]:
    with Session(world.ports.engine) as session:
        return list(
            session.exec(select(Vote).where(Vote.ballot_id == ballot.ballot_id, Vote.state == "standing"))
        )


def test_vote_is_recorded_with_receipt_and_event(world: World, arrange: Arrange) -> None:
    voter = arrange()
    answer = voter.cast()
    assert answer.status_code == 201, answer.json
    recorded = answer.json["recorded"][0]
    assert len(recorded["receipt"]) == 14
    [vote] = standing(world, voter.ballot)
    assert (vote.choices, vote.channel, vote.arrived_as) == ("ff", "online", "standing")
    with Session(world.ports.engine) as session:
        event = session.exec(select(LedgerEvent).where(LedgerEvent.type == "vote.recorded")).one()
    assert event.payload == {"ballot": voter.ballot.ballot_id, "channel": "online"}
    check = world.app.test_client().get("/api/v1/receipts", query_string={"code": recorded["receipt"]})
    assert check.status_code == 200
    assert check.json["state"] == "standing"
    assert "for" not in check.text.replace("format", "")


def test_same_key_gives_same_receipt_and_other_body_is_refused(world: World, arrange: Arrange) -> None:
    voter = arrange()
    first, again, other = voter.cast(), voter.cast(), voter.cast("against")
    assert again.json["recorded"][0]["receipt"] == first.json["recorded"][0]["receipt"]
    assert (other.status_code, other.json["code"]) == (422, "idempotency_mismatch")
    assert len(standing(world, voter.ballot)) == 1


def test_owner_cannot_vote_twice(world: World, arrange: Arrange) -> None:
    voter = arrange()
    voter.cast()
    again = voter.cast("against", key="key-00000002")
    assert (again.status_code, again.json["code"]) == (409, "already_voted")
    assert [vote.choices for vote in standing(world, voter.ballot)] == ["ff"]


def test_last_vote_stands_where_re_vote_is_allowed(world: World, arrange: Arrange) -> None:
    voter = arrange(kind="canvass")
    receipts = [
        voter.cast(choice, key=f"key-0000000{n}").json["recorded"][0]["receipt"]
        for n, choice in enumerate(("for", "against", "abstain"))
    ]
    assert [vote.choices for vote in standing(world, voter.ballot)] == ["bb"]
    with Session(world.ports.engine) as session:
        states = Counter(session.exec(select(Vote.state)))
    assert states == {"standing": 1, "replaced": 2}
    first = world.app.test_client().get("/api/v1/receipts", query_string={"code": receipts[0]})
    assert first.json["state"] == "replaced"


def test_other_members_later_vote_is_held(world: World, arrange: Arrange) -> None:
    voter = arrange(kind="canvass")
    voter.cast()
    with world.arrange() as ctx:
        dwelling = next(home for home, entry in voter.ballot.entry_ids.items() if entry == voter.entry)
        second = Voter(world, voter.ballot, make_resident(ctx, dwelling, relation="family"), dwelling)
    answer = second.cast("against")
    assert answer.json["recorded"][0]["state"] == "held"
    assert second.cast("against", key="key-00000009").json["code"] == "already_held"
    assert [vote.choices for vote in standing(world, voter.ballot)] == ["ff"]


@pytest.mark.parametrize(
    ("options", "changes", "status", "code"),
    [
        ({"relation": "family"}, {}, 403, "not_entitled"),
        ({"relation": "co_owner"}, {}, 403, "not_entitled"),
        ({"relation": "tenant", "kind": "canvass"}, {}, 403, "not_entitled"),
        ({"state": "notice"}, {}, 409, "ballot_not_yet_open"),
        ({"state": "counting"}, {}, 409, "ballot_closed"),
        ({"state": "suspended"}, {}, 409, "ballot_not_open"),
        ({"state": "draft"}, {}, 404, "not_found"),
        ({}, {"documents_hash": "0" * 64}, 409, "documents_changed"),
        ({}, {"entries": ["0" * 20]}, 404, "not_found"),
        ({}, {"choices": {"0" * 20: "for"}}, 422, "incomplete_paper"),
        ({}, {"extra": 1}, 400, "invalid"),
    ],
)
def test_refusal_names_its_reason(
    world: World, arrange: Arrange, options: dict[str, Any], changes: dict[str, Any], status: int, code: str
) -> None:
    voter = arrange(**options)
    answer = voter.cast(**changes)
    assert (answer.status_code, answer.json["code"]) == (status, code)
    assert standing(world, voter.ballot) == []


def test_neighbour_and_stranger_get_one_answer(world: World, arrange: Arrange) -> None:
    voter = arrange()
    with world.arrange() as ctx:
        other = make_estate(ctx, dwellings=1)
        stranger = make_resident(ctx, other.dwelling_ids[0])
    voter.resident = stranger
    known, unknown = voter.cast(), voter.cast(entries=["0" * 20], key="key-00000002")
    assert known.status_code == unknown.status_code == 404
    assert known.json == unknown.json


def test_logged_out_voter_is_refused(world: World, arrange: Arrange) -> None:
    voter = arrange()
    voter.resident = ResidentFixture(voter.resident.account_id, "nonsense", b"")
    assert voter.cast().status_code == 401


def race(world: World, voters: list[Voter], plan: list[tuple[str, str]]) -> list[int]:
    """Let every voter send all of ``plan`` (choice, key) at the same moment."""
    barrier = threading.Barrier(8)

    def send(job: tuple[Voter, str, str]) -> int:
        voter, choice, key = job
        return int(voter.cast(choice, key=key).status_code)

    with ThreadPoolExecutor(8, initializer=barrier.wait) as pool:
        return list(pool.map(send, [(voter, *step) for voter in voters for step in plan]))


def crowd(world: World, size: int, **options: Any) -> tuple[BallotFixture, list[Voter]]:
    with world.arrange() as ctx:
        estate: EstateFixture = make_estate(ctx, dwellings=size)
        ballot = make_ballot(ctx, estate, **options)
        voters = [Voter(world, ballot, make_resident(ctx, home), home) for home in estate.dwelling_ids]
    return ballot, voters


PLANS = {
    "same choice, one key": [("for", "key-00000001")] * 6,
    "same choice, other keys": [("for", f"key-0000000{n}") for n in range(6)],
    "other choices, other keys": [("for" if n % 2 else "against", f"key-0000000{n}") for n in range(6)],
    "other choices, one key": [("for" if n % 2 else "against", "key-00000001") for n in range(6)],
}


@pytest.mark.parametrize("kind", ["plan", "canvass"])
@pytest.mark.parametrize("plan", PLANS.values(), ids=PLANS.keys())
def test_simultaneous_posts_leave_one_standing_vote_each(
    world: World, kind: str, plan: list[tuple[str, str]]
) -> None:
    ballot, voters = crowd(world, 12, kind=kind)
    statuses = Counter(race(world, voters, plan))
    assert set(statuses) <= {201, 409, 422}
    votes = standing(world, ballot)
    assert len(votes) == len({vote.roll_entry_id for vote in votes}) == 12
    with Session(world.ports.engine) as session:
        recorded = session.exec(select(func.count()).where(col(LedgerEvent.type) == "vote.recorded")).one()
        arrived = session.exec(select(func.count()).select_from(Vote)).one()
    assert recorded == arrived


def test_tally_shows_participation_and_no_choice(world: World) -> None:
    ballot, voters = crowd(world, 6, kind="canvass")
    for voter in voters[:4]:
        assert voter.cast("against").status_code == 201
    headers = {"Authorization": f"Bearer {voters[0].resident.token}"}
    answer = world.app.test_client().get(f"/api/v1/ballots/{ballot.ballot_id}/tally", headers=headers)
    assert answer.status_code == 200
    assert answer.json["roll"] == {"area": "480.00", "heads": "6", "households": "6"}
    assert answer.json["motions"][0]["participating"]["households"] == "4"
    kinds = {test["numerator_kind"] for motion in answer.json["motions"] for test in motion["tests"]}
    assert kinds == {"participating"}
    again = world.app.test_client().get(
        f"/api/v1/ballots/{ballot.ballot_id}/tally",
        headers={**headers, "If-None-Match": answer.headers["ETag"]},
    )
    assert again.status_code == 304


@pytest.mark.parametrize(
    ("relation", "kind", "may_vote"),
    [
        ("tenant", "canvass", False),
        ("public_tenant", "canvass", True),
        ("family", "canvass", True),
        ("family", "plan", False),
        ("owner", "plan", True),
    ],
)
def test_the_ballot_tells_for_which_entries_the_caller_may_vote_and_the_refusal_is_true_of_it(
    world: World, arrange: Arrange, relation: str, kind: str, may_vote: bool
) -> None:
    voter = arrange(relation=relation, kind=kind)
    headers = {"Authorization": f"Bearer {voter.resident.token}"}
    page = world.app.test_client().get(f"/api/v1/ballots/{voter.ballot.ballot_id}", headers=headers)
    assert [(entry["id"], entry["may_vote"]) for entry in page.json["entries"]] == [(voter.entry, may_vote)]
    answer = voter.cast()
    assert (answer.status_code == 201) == may_vote
    if not may_vote:
        assert "意愿征询由住户成员参加" in answer.json["message"]
