"""Reviews: two papers in one household's name, decided by somebody who touched neither."""

from __future__ import annotations

import secrets
from itertools import pairwise

import pytest
from sqlmodel import Session, select

from backend.ballots.queries.tally import moment_of
from backend.ballots.repository.votes import find_vote
from backend.ballots.service.reviews import DecideReview, decide_review, list_reviews
from backend.ballots.tables import Ballot, Vote, VoteDisposition
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.ledger.rules.receipt import new_receipt
from backend.ledger.tables import LedgerEvent
from tests.factories.people import make_resident
from tests.services.ballots.desk import Office, confirm, enter, open_office, sealed_batch, staff


def tap(ctx: Context, office: Office, dwelling: int, state: str = "standing") -> str:
    """Write an online vote as the casting path leaves it; returns its receipt."""
    resident = make_resident(ctx, office.estate.dwelling_ids[dwelling])
    receipt = new_receipt()
    ctx.session.add(
        Vote(
            receipt=receipt,
            ballot_id=office.ballot.ballot_id,
            roll_entry_id=office.entry(dwelling),
            account_id=resident.account_id,
            idempotency_key=receipt,
            request_hash=b"x",
            channel="online",
            arrived_as=state,
            state=state,
            choices="fa",
            documents_hash=office.ballot.documents_hash,
            nonce=secrets.token_bytes(32),
            cast_at=ctx.clock.now(),
        )
    )
    ctx.session.flush()
    return receipt


def state_of(session: Session, receipt: str) -> str:
    vote = find_vote(session, receipt)
    assert vote is not None
    return vote.state


def waiting_paper(ctx: Context) -> tuple[Office, str, str]:
    """Return an office with an online vote standing and a confirmed paper waiting for the same entry."""
    office = open_office(ctx)
    online = tap(ctx, office, 0)
    sheet = confirm(office, enter(office, sealed_batch(office), 1, 0, "against"), 0, "against")
    assert sheet.needs_review
    return office, online, sheet.receipt


def test_the_moment_of_a_tally_changes_with_every_vote_and_every_move_of_one(ctx: Context) -> None:
    office, _, paper = waiting_paper(ctx)
    moments = []
    for step in (
        lambda: None,
        lambda: decide_review(office.third, DecideReview(paper, True, "本人签名的纸质票")),
        lambda: tap(ctx, office, 1),
        lambda: tap(ctx, office, 2, state="held"),
    ):
        step()
        ballot = ctx.session.get_one(Ballot, office.ballot.ballot_id)
        moments.append(moment_of(ctx.session, ballot))
        assert moment_of(ctx.session, ballot) == moments[-1]
    assert all(earlier != later for earlier, later in pairwise(moments))


def test_signed_paper_prevails_on_review(ctx: Context) -> None:
    office, online, paper = waiting_paper(ctx)
    items, following = list_reviews(office.third, office.ballot.ballot_id, "", 10)
    assert [(item.receipt, item.standing_channel, item.suggestion) for item in items] == [
        (paper, "online", "accept")
    ]
    assert following is None
    assert decide_review(office.third, DecideReview(paper, True, "本人签名的纸质票")) == "standing"
    assert (state_of(ctx.session, online), state_of(ctx.session, paper)) == ("replaced", "standing")
    assert list_reviews(office.third, office.ballot.ballot_id, "", 10) == ([], None)
    moves = ctx.session.exec(select(VoteDisposition).where(VoteDisposition.receipt == online)).one()
    assert (moves.reason, moves.note, len(moves.nonce)) == ("review_replaced", "本人签名的纸质票", 32)
    assert decide_review(office.third, DecideReview(paper, True, "再点一次")) == "standing"
    told = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "vote.reviewed")).all()
    assert len(told) == 1 and told[0].subject_id == office.estate.dwelling_ids[0]
    assert "本人" not in str(told[0].payload)


def test_what_stands_can_be_kept(ctx: Context) -> None:
    office, online, paper = waiting_paper(ctx)
    assert decide_review(office.third, DecideReview(paper, False, "签名不符")) == "rejected"
    assert (state_of(ctx.session, online), state_of(ctx.session, paper)) == ("standing", "rejected")
    with pytest.raises(Conflict, match="review_decided"):
        decide_review(office.third, DecideReview(paper, True, "改主意"))


@pytest.mark.parametrize("who", ["clerk", "second"])
def test_who_touched_the_paper_does_not_decide(ctx: Context, who: str) -> None:
    office, _, paper = waiting_paper(ctx)
    with pytest.raises(Forbidden, match="second_person"):
        decide_review(getattr(office, who), DecideReview(paper, True, "理由"))


def test_held_online_vote_is_accepted_or_rejected(ctx: Context) -> None:
    office = open_office(ctx)
    first, held = tap(ctx, office, 0), tap(ctx, office, 0, "held")
    items, _ = list_reviews(office.clerk, office.ballot.ballot_id, "", 10)
    assert [(item.receipt, item.suggestion) for item in items] == [(held, "decide")]
    assert decide_review(office.clerk, DecideReview(held, True, "代表确认")) == "standing"
    assert state_of(ctx.session, first) == "replaced"
    again = tap(ctx, office, 0, "held")
    assert decide_review(office.clerk, DecideReview(again, False, "非本户代表")) == "rejected"
    assert state_of(ctx.session, held) == "standing"


def test_paper_not_yet_confirmed_is_not_up_for_review(ctx: Context) -> None:
    office = open_office(ctx)
    tap(ctx, office, 0)
    sheet = enter(office, sealed_batch(office), 1, 0)
    assert list_reviews(office.third, office.ballot.ballot_id, "", 10) == ([], None)
    with pytest.raises(Conflict, match="review_decided"):
        decide_review(office.third, DecideReview(sheet.receipt, True, "理由"))


def test_decision_needs_a_reason_and_the_permission(ctx: Context) -> None:
    office, _, paper = waiting_paper(ctx)
    with pytest.raises(Unprocessable, match="reason"):
        decide_review(office.third, DecideReview(paper, True, "  "))
    grid = staff(ctx, office.estate, Role.GRID_OFFICER)
    with pytest.raises(Forbidden):
        decide_review(grid, DecideReview(paper, True, "理由"))
    with pytest.raises(NotFound):
        decide_review(open_office(ctx).third, DecideReview(paper, True, "理由"))


def test_list_pages(ctx: Context) -> None:
    office = open_office(ctx)
    for number in range(3):
        tap(ctx, office, number)
        tap(ctx, office, number, "held")
    first, following = list_reviews(office.clerk, office.ballot.ballot_id, "", 2)
    rest, end = list_reviews(office.clerk, office.ballot.ballot_id, str(following), 2)
    assert len({item.receipt for item in [*first, *rest]}) == 3
    assert end is None
