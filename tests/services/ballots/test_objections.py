"""Objections to what a ballot recorded, and striking a vote that an objection showed to be wrong."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from backend.ballots.service.corrections import correct_vote
from backend.ballots.service.objections import ObjectToBallot, object_to_ballot
from backend.ballots.tables import Vote
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, NotFound
from backend.kernel.ids import new_id
from backend.notices import service as notices
from backend.notices.service import ReplyObjection
from backend.notices.tables import Objection
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.people import ResidentFixture, acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate


def uphold(ctx: Context, estate: EstateFixture, by: ResidentFixture, ballot_id: str, receipt: str) -> None:
    """Write an objection to a vote, upheld by some clerk."""
    ctx.session.add(
        Objection(
            id=new_id(),
            estate_id=estate.estate.id,
            subject_kind="vote",
            subject_id=receipt,
            ballot_id=ballot_id,
            dwelling_id=estate.dwelling_ids[0],
            account_id=by.account_id,
            text_sealed=ctx.vault.seal("不是我家投的", "objection.text"),
            state="upheld",
            reply="经核实属实",
            replied_by="a-clerk",
            replied_at=ctx.clock.now(),
            idempotency_key=new_id(),
            raised_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()


@pytest.fixture
def estate(ctx: Context) -> EstateFixture:
    return make_estate(ctx, dwellings=3)


@pytest.fixture
def ballot(ctx: Context, estate: EstateFixture) -> BallotFixture:
    return make_ballot(ctx, estate)


def record(ctx: Context, ballot: BallotFixture, dwelling_id: str) -> str:
    """Write a standing paper vote in a household's name and return its receipt."""
    vote = Vote(
        receipt="000000000017",
        ballot_id=ballot.ballot_id,
        roll_entry_id=ballot.entry_ids[dwelling_id],
        request_hash=b"",
        channel="paper",
        arrived_as="standing",
        state="standing",
        choices="ff",
        documents_hash=ballot.documents_hash,
        nonce=bytes(32),
        cast_at=ctx.clock.now(),
    )
    ctx.session.add(vote)
    ctx.session.flush()
    return vote.receipt


def objecting(ballot: BallotFixture, dwelling_id: str, about: str = "vote") -> ObjectToBallot:
    return ObjectToBallot(ballot.ballot_id, about, dwelling_id, "这一票不是我家投的", "key-00000001")


def test_household_contests_a_vote_recorded_in_its_name(
    ctx: Context, estate: EstateFixture, ballot: BallotFixture
) -> None:
    home = estate.dwelling_ids[0]
    receipt = record(ctx, ballot, home)
    family = acting_as(ctx, make_resident(ctx, home, relation="family"))
    raised = object_to_ballot(family, objecting(ballot, home))
    assert (raised.subject_kind, raised.subject_id, raised.state) == ("vote", receipt, "open")


@pytest.mark.parametrize("relation", ["tenant", "neighbour"])
def test_tenants_and_neighbours_cannot_contest_it(
    ctx: Context, estate: EstateFixture, ballot: BallotFixture, relation: str
) -> None:
    home = estate.dwelling_ids[0]
    record(ctx, ballot, home)
    own = estate.dwelling_ids[1] if relation == "neighbour" else home
    who = make_resident(ctx, own, relation="owner" if relation == "neighbour" else relation)
    with pytest.raises(NotFound):
        object_to_ballot(acting_as(ctx, who), objecting(ballot, home))


def test_nothing_recorded_nothing_to_contest(
    ctx: Context, estate: EstateFixture, ballot: BallotFixture
) -> None:
    owner = acting_as(ctx, make_resident(ctx, estate.dwelling_ids[0]))
    for about in ("vote", "proxy"):
        with pytest.raises(NotFound):
            object_to_ballot(owner, objecting(ballot, estate.dwelling_ids[0], about))
    with pytest.raises(Conflict):
        object_to_ballot(owner, objecting(ballot, estate.dwelling_ids[0], "result"))


def test_striking_needs_an_upheld_objection_and_a_second_person(
    ctx: Context, estate: EstateFixture, ballot: BallotFixture
) -> None:
    home = estate.dwelling_ids[0]
    receipt = record(ctx, ballot, home)
    owner = acting_as(ctx, make_resident(ctx, home))
    first, second = (
        acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id)) for _ in range(2)
    )
    with pytest.raises(Conflict) as refused:
        correct_vote(first, ballot.ballot_id, receipt, "住户否认")
    assert refused.value.code == "no_upheld_objection"
    raised = object_to_ballot(owner, objecting(ballot, home))
    notices.reply_objection(first, ReplyObjection(raised.id, True, "经核实，确非本户所投"))
    with pytest.raises(Conflict) as alone:
        correct_vote(first, ballot.ballot_id, receipt, "住户否认")
    assert alone.value.code == "two_people"
    correct_vote(second, ballot.ballot_id, receipt, "住户否认")
    state = ctx.session.exec(select(Vote.state).where(col(Vote.receipt) == receipt)).one()
    assert state == "rejected"
