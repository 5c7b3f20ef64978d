"""Several people at the same moment: constraints and conditional updates decide, on both databases."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from sqlalchemy.engine import Engine
from sqlmodel import Session, col, func, select

from backend.ballots.repository.votes import find_vote, take_sealing_lock
from backend.ballots.service.batches import RegisterBatch, register_batch, witness_batch
from backend.ballots.service.closing import finalise
from backend.ballots.service.corrections import correct_vote
from backend.ballots.service.objections import ObjectToBallot, object_to_ballot
from backend.ballots.service.paper import ConfirmSheet, EnterSheet, confirm_sheet, enter_sheet, return_sheet
from backend.ballots.service.proxies import RegisterMandate, register_mandate
from backend.ballots.service.reviews import DecideReview, decide_review
from backend.ballots.tables import Ballot, PaperBatch, PaperVote, ProxyMandate, Vote, VoteDisposition
from backend.infra.context import Context
from backend.infra.installation import move_clock
from backend.kernel.access import Actor
from backend.kernel.ids import new_id
from backend.notices.service import ReplyObjection, reply_objection
from tests.factories.people import acting_as, make_resident
from tests.services.ballots.desk import Office, confirm, enter, open_office, sealed_batch
from tests.services.ballots.test_reviews import tap
from tests.services.ballots.town import Town


@pytest.fixture
def town(engine: Engine, tmp_path: Path) -> Town:
    return Town(engine, tmp_path / "files")


def actor(context: Context) -> Actor:
    return context.actor


def count(session: Session, table: type, *where: object) -> int:
    return session.exec(select(func.count()).select_from(table).where(*where)).one()


def test_batches_registered_at_once_get_different_numbers_and_one_key_one_batch(town: Town) -> None:
    office: Office = town.act(lambda ctx: open_office(ctx))
    same = RegisterBatch(office.ballot.ballot_id, 3, office.photo, "same-key-1")
    commands = [
        same,
        same,
        *(RegisterBatch(office.ballot.ballot_id, 3, office.photo, new_id()) for _ in "123"),
    ]
    outcomes = town.at_once(
        [
            (actor(office.clerk), lambda ctx, command=command: register_batch(ctx, command))
            for command in commands
        ]
    )
    assert outcomes == ["done"] * 5
    with Session(town.engine) as session:
        assert sorted(session.exec(select(PaperBatch.number))) == [1, 2, 3, 4]


def test_one_of_two_witnesses_and_one_of_two_entries_of_a_number_wins(town: Town) -> None:
    office: Office = town.act(lambda ctx: open_office(ctx))
    made = RegisterBatch(office.ballot.ballot_id, 3, office.photo, new_id())
    batch_id = town.act(lambda ctx: register_batch(ctx, made).id, actor(office.clerk))
    witnesses = town.at_once(
        [(actor(who), lambda ctx: witness_batch(ctx, batch_id, 3)) for who in (office.second, office.third)]
    )
    assert witnesses.count("done") == 1
    entries = [
        EnterSheet(batch_id, 1, office.entry(number), office.marks(), office.photo) for number in range(3)
    ]
    outcomes = town.at_once(
        [(actor(office.clerk), lambda ctx, sheet=sheet: enter_sheet(ctx, sheet)) for sheet in entries]
    )
    assert Counter(outcomes) == {"done": 1, "sheet_taken": 2}
    with Session(town.engine) as session:
        assert count(session, PaperVote) == count(session, Vote) == 1


def test_confirm_and_return_at_once_leave_one_decision(town: Town) -> None:
    def prepare(ctx: Context) -> tuple[Office, str]:
        office = open_office(ctx)
        return office, enter(office, sealed_batch(office), 1, 0).receipt

    office, receipt = town.act(prepare)
    reading = ConfirmSheet(receipt, office.entry(0), office.marks())
    outcomes = town.at_once(
        [
            (actor(office.second), lambda ctx: confirm_sheet(ctx, reading)),
            (actor(office.third), lambda ctx: return_sheet(ctx, receipt, "录错")),
        ]
    )
    assert Counter(outcomes) == {"done": 1, "sheet_decided": 1}
    with Session(town.engine) as session:
        vote = find_vote(session, receipt)
        expected = "standing" if outcomes[0] == "done" else "rejected"
        assert vote is not None and vote.state == expected
        assert count(session, VoteDisposition) == 1


def test_two_sheets_of_one_entry_confirmed_at_once_give_one_standing_vote(town: Town) -> None:
    def prepare(ctx: Context) -> tuple[Office, list[str]]:
        office = open_office(ctx)
        batch = sealed_batch(office)
        return office, [enter(office, batch, number, 0).receipt for number in (1, 2, 3)]

    office, receipts = town.act(prepare)
    outcomes = town.at_once(
        [
            (
                actor(office.second),
                lambda ctx, receipt=receipt: confirm_sheet(
                    ctx, ConfirmSheet(receipt, office.entry(0), office.marks())
                ),
            )
            for receipt in receipts
        ]
    )
    assert outcomes == ["done"] * 3
    with Session(town.engine) as session:
        states = Counter(session.exec(select(Vote.state)))
        assert states == {"standing": 1, "pending": 2}


def test_two_reviewers_at_once_leave_one_vote_and_one_decision(town: Town) -> None:
    def prepare(ctx: Context) -> tuple[Office, str, str]:
        office = open_office(ctx)
        online = tap(ctx, office, 0)
        paper = confirm(office, enter(office, sealed_batch(office), 1, 0), 0).receipt
        return office, online, paper

    office, online, paper = town.act(prepare)
    fourth = Actor("staff", new_id(), office.third.actor.grants)
    outcomes = town.at_once(
        [
            (actor(office.third), lambda ctx: decide_review(ctx, DecideReview(paper, True, "有签名"))),
            (fourth, lambda ctx: decide_review(ctx, DecideReview(paper, False, "签名不符"))),
        ]
    )
    assert outcomes.count("done") == 1
    with Session(town.engine) as session:
        first, second = find_vote(session, online), find_vote(session, paper)
        assert first is not None and second is not None
        accepted = ("replaced", "standing") if outcomes[0] == "done" else ("standing", "rejected")
        assert (first.state, second.state) == accepted


def test_proxy_limit_holds_when_mandates_are_registered_at_once(town: Town) -> None:
    def prepare(ctx: Context) -> tuple[Office, str]:
        office = open_office(ctx, dwellings=6, parameters={"proxy_limit": 2})
        return office, make_resident(ctx).account_id

    office, proxy = town.act(prepare)
    commands = [
        RegisterMandate(office.ballot.ballot_id, office.entry(number), proxy, "全部事项", office.photo)
        for number in range(6)
    ]
    outcomes = town.at_once(
        [
            (actor(office.clerk), lambda ctx, command=command: register_mandate(ctx, command))
            for command in commands
        ]
    )
    assert Counter(outcomes) == {"done": 2, "proxy_limit": 4}
    with Session(town.engine) as session:
        assert sorted(session.exec(select(ProxyMandate.slot))) == [1, 2]


def behind_the_seal(
    town: Town, office: Office, who: Context, action: Callable[[Context], object]
) -> list[str]:
    """Let somebody act while the sealer holds the ballot; returns what came of it once it is sealed."""
    reached = threading.Event()

    def seal(ctx: Context) -> None:
        take_sealing_lock(ctx.session, office.ballot.ballot_id)
        assert ctx.clock.now()  # on SQLite the first statement takes the writer's lock
        reached.set()
        time.sleep(0.3)
        ctx.session.connection().execute(
            update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id).values(state="sealed")
        )

    sealer = threading.Thread(target=town.act, args=(seal,))
    sealer.start()
    assert reached.wait(10)
    outcomes = town.at_once([(actor(who), action)])
    sealer.join(10)
    return outcomes


def test_confirmation_that_meets_the_sealer_is_counted_or_refused(town: Town) -> None:
    def prepare(ctx: Context) -> tuple[Office, str]:
        office = open_office(ctx)
        return office, enter(office, sealed_batch(office), 1, 0).receipt

    office, receipt = town.act(prepare)

    def confirm_late(ctx: Context) -> None:
        reading = ConfirmSheet(receipt, office.entry(0), office.marks())
        confirm_sheet(ctx, reading)

    assert behind_the_seal(town, office, office.second, confirm_late) == ["wrong_state"]
    with Session(town.engine) as session:
        vote = find_vote(session, receipt)
        assert vote is not None and vote.state == "pending"


def test_a_strike_that_meets_the_sealer_changes_nothing_that_was_counted(town: Town) -> None:
    def prepare(ctx: Context) -> tuple[Office, str]:
        office = open_office(ctx)
        receipt = confirm(office, enter(office, sealed_batch(office), 1, 0), 0).receipt
        home = office.estate.dwelling_ids[0]
        told = ObjectToBallot(office.ballot.ballot_id, "vote", home, "不是我家投的", new_id())
        raised = object_to_ballot(acting_as(ctx, make_resident(ctx, home)), told)
        reply_objection(office.third, ReplyObjection(raised.id, True, "异议成立"))
        return office, receipt

    office, receipt = town.act(prepare)

    def strike(ctx: Context) -> None:
        correct_vote(ctx, office.ballot.ballot_id, receipt, "住户否认")

    assert behind_the_seal(town, office, office.second, strike) == ["wrong_state"]
    with Session(town.engine) as session:
        vote = find_vote(session, receipt)
        assert vote is not None and vote.state == "standing"


def test_an_objection_of_the_last_instant_is_answered_before_the_result_is_final(town: Town) -> None:
    def prepare(ctx: Context) -> tuple[Office, Actor]:
        office = open_office(ctx, state="preliminary")
        ends = {"objections_until": ctx.clock.now() + timedelta(days=1)}
        changed = update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id).values(**ends)
        ctx.session.connection().execute(changed)
        return office, actor(acting_as(ctx, make_resident(ctx, office.estate.dwelling_ids[0])))

    office, owner = town.act(prepare)
    raised = threading.Event()

    def object_late(ctx: Context) -> None:
        home = office.estate.dwelling_ids[0]
        object_to_ballot(ctx, ObjectToBallot(office.ballot.ballot_id, "result", home, "票数不对", new_id()))
        raised.set()
        time.sleep(0.3)

    objector = threading.Thread(target=town.act, args=(object_late, owner))
    objector.start()
    assert raised.wait(10)
    move_clock(town.engine, 2 * 86_400_000_000)
    finished = town.at_once([(actor(office.second), lambda ctx: finalise(ctx, office.ballot.ballot_id))])
    assert finished == ["objections_open"]
    objector.join(10)
