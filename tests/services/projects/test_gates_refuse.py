"""Gates refuse a ballot that is not what its result says: the wrong electorate, rows slipped in later."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from backend.ballots.tables import Ballot, RollEntry, Vote
from backend.kernel.errors import (
    DomainError,
)
from backend.kernel.ids import new_id
from backend.policies.rules.gates import Gate
from backend.projects import service
from backend.projects.rules.material import Verdict
from backend.projects.service import LinkBallot
from tests.services.projects.conftest import START_RECORDS, Town
from tests.services.projects.held_ballots import GENERAL, hold_ballot


def refused(code: str, error: type[DomainError] = DomainError) -> object:
    """Expect a refusal with this code."""
    return pytest.raises(error, match=f"^{code}$")


def test_a_plan_vote_by_households_opens_no_start_gate(town: Town) -> None:
    town.reach_start()
    ballot = hold_ballot(town.committee, town.place, "plan", ("gansu-2022/plan", GENERAL), votes=(90, 75))
    _by_households(town, ballot)
    with refused("ballot_unusable"):
        service.link_ballot(town.committee, LinkBallot(town.row, Gate.START, ballot))


def test_a_linked_plan_vote_found_to_be_by_households_lets_nothing_pass(town: Town) -> None:
    town.reach_start()
    ballot = town.link(Gate.START, "plan", ("gansu-2022/plan", GENERAL), (90, 75))
    town.attach(Gate.START, *START_RECORDS)
    assert town.view(Gate.START).verdict is Verdict.PASSABLE
    _by_households(town, ballot)
    found = town.view(Gate.START)
    assert found.verdict is not Verdict.PASSABLE
    assert any("按住户投票" in text for criterion in found.criteria for text in criterion.missing)


def test_a_vote_held_for_another_project_of_the_estate_opens_no_gate_of_this_one(town: Town) -> None:
    town.reach_start()
    former, own = (
        hold_ballot(town.committee, town.place, "plan", ("gansu-2022/plan", GENERAL), votes=(90, 75))
        for _ in "ab"
    )
    for ballot, project in ((former, "0" * 20), (own, town.project)):
        changed = update(Ballot).where(col(Ballot.id) == ballot).values(project_id=project)
        town.committee.session.connection().execute(changed)
    town.committee.session.expire_all()
    with refused("ballot_unusable"):
        service.link_ballot(town.committee, LinkBallot(town.row, Gate.START, former))
    service.link_ballot(town.committee, LinkBallot(town.row, Gate.START, own))


def _by_households(town: Town, ballot_id: str) -> None:
    changed = update(Ballot).where(col(Ballot.id) == ballot_id).values(electorate="households")
    town.committee.session.connection().execute(changed)
    town.committee.session.expire_all()


def test_a_gate_rests_on_the_published_result_not_on_rows_added_to_it_later(town: Town) -> None:
    town.reach_start()
    ballot = town.link(Gate.START, "plan", ("gansu-2022/plan", GENERAL), (90, 60))
    town.attach(Gate.START, *START_RECORDS)
    assert town.view(Gate.START).verdict is Verdict.FAILING
    _slip_in(town, ballot, range(90, 100))
    found = town.view(Gate.START)
    assert found.verdict is Verdict.UNDECIDABLE
    assert any("不一致" in text for criterion in found.criteria for text in criterion.missing)
    for is_passed in (True, False):
        with pytest.raises(DomainError):
            town.decide(Gate.START, is_passed=is_passed)


def _slip_in(town: Town, ballot_id: str, numbers: range) -> None:
    session = town.committee.session
    homes = [town.place.dwelling_ids[number] for number in numbers]
    chosen = select(RollEntry.id).where(
        RollEntry.ballot_id == ballot_id, col(RollEntry.dwelling_id).in_(homes)
    )
    rows = [
        {
            "receipt": new_id(),
            "ballot_id": ballot_id,
            "roll_entry_id": entry,
            "request_hash": b"h" * 32,
            "channel": "online",
            "state": "standing",
            "choices": "f",
            "documents_hash": "",
            "nonce": b"n" * 32,
            "cast_at": town.committee.clock.now(),
        }
        for entry in session.exec(chosen)
    ]
    session.execute(insert(Vote), rows)
