"""Paper: two people and a photo, never more than the batch holds, no place until confirmed."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session, col, select

from backend.ballots.errors import BallotClosed, BallotNotOpen, IdempotencyMismatch
from backend.ballots.queries.history import HouseholdVote, Viewer, votes_of_dwellings
from backend.ballots.queries.paperwork import entries_per_person, recall_sample
from backend.ballots.repository.votes import find_vote, move_vote
from backend.ballots.service.batches import RegisterBatch, list_batches, register_batch, witness_batch
from backend.ballots.service.codes import code_of, find_entry
from backend.ballots.service.paper import (
    ConfirmSheet,
    EnterSheet,
    confirm_sheet,
    enter_sheet,
    list_sheets,
    return_sheet,
    show_photo,
)
from backend.ballots.service.paper_files import confirm_file, enter_file
from backend.ballots.tables import Ballot, PaperVote, Vote, VoteDisposition
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import format_receipt
from backend.ledger.tables import LedgerEvent
from tests.services.ballots.desk import Office, confirm, enter, open_office, sealed_batch, staff
from tests.services.ballots.test_reviews import tap


def set_ballot(office: Office, session: Session, **values: object) -> None:
    session.connection().execute(
        update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id).values(**values)
    )


def events(session: Session, event_type: str) -> list[LedgerEvent]:
    session.flush()
    return list(session.exec(select(LedgerEvent).where(LedgerEvent.type == event_type)))


def state_of(session: Session, receipt: str) -> str:
    vote = find_vote(session, receipt)
    assert vote is not None
    return vote.state


def test_batch_is_registered_once_under_one_key(ctx: Context) -> None:
    office = open_office(ctx)
    command = RegisterBatch(office.ballot.ballot_id, 3, office.photo, "key-00001")
    first = register_batch(office.clerk, command)
    assert register_batch(office.clerk, command).id == first.id
    with pytest.raises(IdempotencyMismatch):
        register_batch(office.clerk, RegisterBatch(office.ballot.ballot_id, 4, office.photo, "key-00001"))
    second = register_batch(
        office.clerk, RegisterBatch(office.ballot.ballot_id, 4, office.photo, "key-00002")
    )
    assert (first.number, second.number) == (1, 2)
    assert [view.batch.id for view in list_batches(office.clerk, office.ballot.ballot_id, 1, 10)] == [
        second.id
    ]


@pytest.mark.parametrize("count", [0, 5001])
def test_batch_count_is_bounded(ctx: Context, count: int) -> None:
    office = open_office(ctx)
    with pytest.raises(Unprocessable):
        register_batch(office.clerk, RegisterBatch(office.ballot.ballot_id, count, office.photo, new_id()))


def test_batch_needs_its_photo(ctx: Context) -> None:
    office = open_office(ctx)
    with pytest.raises(Unprocessable, match="file_missing"):
        register_batch(office.clerk, RegisterBatch(office.ballot.ballot_id, 1, "0" * 64, new_id()))


def test_nobody_witnesses_the_own_batch(ctx: Context) -> None:
    office = open_office(ctx)
    batch = register_batch(office.clerk, RegisterBatch(office.ballot.ballot_id, 3, office.photo, new_id()))
    with pytest.raises(Forbidden, match="second_person"):
        witness_batch(office.clerk, batch.id, 3)
    with pytest.raises(Conflict, match="count_differs"):
        witness_batch(office.second, batch.id, 2)
    assert witness_batch(office.second, batch.id, 3).witnessed_by == office.second.actor.account_id
    assert witness_batch(office.second, batch.id, 3).id == batch.id
    with pytest.raises(Conflict, match="batch_witnessed"):
        witness_batch(office.third, batch.id, 3)


def test_batch_is_neither_registered_nor_witnessed_after_the_deadline(ctx: Context) -> None:
    office = open_office(ctx)
    batch = register_batch(office.clerk, RegisterBatch(office.ballot.ballot_id, 3, office.photo, new_id()))
    set_ballot(office, ctx.session, closes_at=ctx.clock.now() - timedelta(seconds=1))
    with pytest.raises(BallotClosed):
        witness_batch(office.second, batch.id, 3)
    with pytest.raises(BallotClosed):
        register_batch(office.clerk, RegisterBatch(office.ballot.ballot_id, 3, office.photo, new_id()))
    with pytest.raises(Conflict, match="batch_unwitnessed"):
        enter(office, batch, 1, 0)


def test_batch_of_a_ballot_not_open_is_refused(ctx: Context) -> None:
    office = open_office(ctx, state="notice")
    with pytest.raises(BallotNotOpen):
        register_batch(office.clerk, RegisterBatch(office.ballot.ballot_id, 3, office.photo, new_id()))


def test_sheet_holds_no_place_until_a_second_person_confirms_it(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    sheet = enter(office, batch, 1, 0)
    assert state_of(ctx.session, sheet.receipt) == "pending"
    assert not events(ctx.session, "vote.recorded")
    with pytest.raises(Forbidden, match="second_person"):
        confirm_sheet(office.clerk, ConfirmSheet(sheet.receipt, office.entry(0), office.marks()))
    done = confirm(office, sheet, 0)
    assert (done.state, done.vote_state, done.needs_review) == ("confirmed", "standing", False)
    told = events(ctx.session, "vote.recorded")
    assert [(event.subject_kind, event.subject_id) for event in told] == [
        ("dwelling", office.estate.dwelling_ids[0])
    ]
    assert told[0].payload == {"ballot": office.ballot.ballot_id, "channel": "paper"}
    assert confirm(office, sheet, 0).vote_state == "standing"
    assert len(events(ctx.session, "vote.recorded")) == 1


def test_constraint_alone_refuses_one_person_confirming_their_own_entry(ctx: Context) -> None:
    office = open_office(ctx)
    sheet = enter(office, sealed_batch(office), 1, 0)
    own = update(PaperVote).where(col(PaperVote.receipt) == sheet.receipt)
    with pytest.raises(IntegrityError), ctx.session.begin_nested():
        ctx.session.connection().execute(own.values(decided_by=sheet.entered_by, state="confirmed"))


@pytest.mark.parametrize(("dwelling", "choice"), [(0, "against"), (1, "for")])
def test_other_reading_is_refused_without_saying_what_differs(
    ctx: Context, dwelling: int, choice: str
) -> None:
    office = open_office(ctx)
    sheet = enter(office, sealed_batch(office), 1, 0)
    with pytest.raises(Conflict, match="sheet_mismatch") as refused:
        confirm(office, sheet, dwelling, choice)
    assert "反对" not in refused.value.message and "同意" not in refused.value.message
    assert state_of(ctx.session, sheet.receipt) == "pending"


def test_returned_sheet_frees_its_number(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    wrong = enter(office, batch, 1, 0, "against")
    with pytest.raises(Conflict, match="sheet_taken"):
        enter(office, batch, 1, 1)
    with pytest.raises(Forbidden, match="second_person"):
        return_sheet(office.clerk, wrong.receipt, "录错")
    assert return_sheet(office.second, wrong.receipt, "录错").vote_state == "rejected"
    assert return_sheet(office.second, wrong.receipt, "录错").state == "returned"
    again = enter(office, batch, 1, 0, "for")
    assert confirm(office, again, 0).vote_state == "standing"
    with pytest.raises(Conflict, match="sheet_decided"):
        return_sheet(office.third, again.receipt, "晚了")


def test_same_entry_sent_twice_gives_the_same_receipt(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    assert enter(office, batch, 1, 0).receipt == enter(office, batch, 1, 0).receipt
    assert len(events(ctx.session, "paper.entered")) == 1


def test_never_more_sheets_than_the_batch_holds(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office, count=1)
    with pytest.raises(Unprocessable, match="sheet_no"):
        enter(office, batch, 2, 0)
    sheet = enter(office, batch, 1, 0)
    with pytest.raises(IntegrityError), ctx.session.begin_nested():
        ctx.session.add(
            PaperVote(
                receipt=sheet.receipt[::-1],
                batch_id=batch.id,
                paper_count=2,
                sheet_no=2,
                entered_by="x",
                entered_at=ctx.clock.now(),
            )
        )


@pytest.mark.parametrize("state", ["sealed", "preliminary", "final", "voided", "suspended"])
def test_nothing_is_entered_or_confirmed_after_sealing(ctx: Context, state: str) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    sheet = enter(office, batch, 1, 0)
    set_ballot(office, ctx.session, state=state)
    with pytest.raises(Conflict, match="wrong_state"):
        enter(office, batch, 2, 1)
    with pytest.raises(Conflict, match="no_upheld_objection" if state == "preliminary" else "wrong_state"):
        confirm(office, sheet, 0)
    with pytest.raises(Conflict, match="wrong_state"):
        return_sheet(office.second, sheet.receipt, "x")


def test_counting_days_end_by_the_database_clock_whatever_the_job_does(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    now = ctx.clock.now()
    opens_at = now - timedelta(days=9)
    set_ballot(office, ctx.session, opens_at=opens_at, closes_at=now - timedelta(days=2, hours=23))
    assert enter(office, batch, 1, 0).state == "entered"
    set_ballot(office, ctx.session, closes_at=now - timedelta(days=3))
    with pytest.raises(Conflict, match="paper_closed"):
        enter(office, batch, 2, 1)


def test_confirmed_paper_waits_for_review_when_the_place_is_taken(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    confirm(office, enter(office, batch, 1, 0), 0)
    late = confirm(office, enter(office, batch, 2, 0, "against"), 0, "against")
    assert late.needs_review
    assert events(ctx.session, "vote.recorded")[-1].payload["waits_for_review"] is True


def test_illegal_moves_of_a_vote_do_not_exist(ctx: Context) -> None:
    office = open_office(ctx)
    sheet = enter(office, sealed_batch(office), 1, 0)
    for source, target in (("pending", "held"), ("rejected", "standing"), ("replaced", "standing")):
        with pytest.raises(ValueError, match="never moves"):
            move_vote(ctx, sheet.receipt, source, target, "x")
    assert not move_vote(ctx, sheet.receipt, "held", "standing", "x")
    assert ctx.session.exec(select(VoteDisposition)).first() is None


def test_steward_enters_for_the_own_building_only(ctx: Context) -> None:
    office = open_office(ctx, dwellings=4, per_building=2)
    steward = staff(ctx, office.estate, Role.BUILDING_STEWARD, building_id=office.estate.building_ids[0])
    batch = register_batch(steward, RegisterBatch(office.ballot.ballot_id, 2, office.photo, new_id()))
    witness_batch(office.second, batch.id, 2)
    own = EnterSheet(batch.id, 1, office.entry(0), office.marks(), office.photo)
    assert enter_sheet(steward, own).state == "entered"
    with pytest.raises(NotFound):
        enter_sheet(steward, EnterSheet(batch.id, 2, office.entry(2), office.marks(), office.photo))
    with pytest.raises(NotFound):
        witness_batch(steward, sealed_batch(office).id, 3)


def test_staff_of_another_estate_learn_nothing(ctx: Context) -> None:
    office, other = open_office(ctx), open_office(ctx)
    batch = sealed_batch(office)
    sheet = enter(office, batch, 1, 0)
    with pytest.raises(NotFound):
        list_sheets(other.clerk, batch.id, None, (0, ""), 10)
    with pytest.raises(NotFound):
        confirm_sheet(other.clerk, ConfirmSheet(sheet.receipt, office.entry(0), office.marks()))
    with pytest.raises(NotFound):
        enter_sheet(office.clerk, EnterSheet(batch.id, 2, other.entry(0), office.marks(), office.photo))


def test_list_for_the_second_reader_shows_no_room_and_no_mark(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    enter(office, batch, 2, 1)
    enter(office, batch, 1, 0)
    sheets = list_sheets(office.second, batch.id, "entered", (0, ""), 10)
    assert [(sheet.sheet_no, sheet.building) for sheet in sheets] == [(1, "1栋"), (2, "1栋")]
    assert "101" not in repr(sheets)
    assert list_sheets(office.second, batch.id, "confirmed", (0, ""), 10) == []


def test_every_look_at_a_photo_is_an_event(ctx: Context) -> None:
    office = open_office(ctx)
    sheet = enter(office, sealed_batch(office), 1, 0)
    assert show_photo(office.second, sheet.receipt) == b"photo"
    assert len(events(ctx.session, "paper.photo_shown")) == 1


def test_entry_is_found_by_printed_code_and_by_door(ctx: Context) -> None:
    office, other = open_office(ctx), open_office(ctx)
    ballot_id = office.ballot.ballot_id
    code = code_of(ctx, ballot_id, office.entry(2))
    assert find_entry(office.clerk, ballot_id, code=code).id == office.entry(2)
    assert find_entry(office.clerk, ballot_id, door="1-1-103").id == office.entry(2)
    assert find_entry(office.clerk, ballot_id, door="1栋1单元103室").id == office.entry(2)
    foreign = code_of(ctx, other.ballot.ballot_id, other.entry(0))
    for wrong in (foreign, code[:-1] + ("0" if code[-1] != "0" else "1"), "GJ1:x", ""):
        with pytest.raises(Unprocessable):
            find_entry(office.clerk, ballot_id, code=wrong)
    with pytest.raises(Unprocessable):
        find_entry(office.clerk, ballot_id, door="9-9-999")


def test_legacy_consent_is_imported_as_a_table_and_marked_everywhere(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office, count=3, channel="legacy")
    table = "序号,房屋,事项1,事项2\n1,1-1-101,同意,同意\n2,1-1-102,反对,弃权\n3,1-1-103,同意,无效\n"
    assert enter_file(office.clerk, batch.id, table.encode()) == 3
    assert enter_file(office.clerk, batch.id, table.encode()) == 3
    other = table.replace("2,1-1-102,反对", "2,1-1-102,同意")
    result = confirm_file(office.second, batch.id, other.encode())
    assert (result.confirmed, result.mismatched, result.not_entered) == (2, [2], [])
    votes = ctx.session.exec(select(Vote).where(Vote.ballot_id == office.ballot.ballot_id)).all()
    assert {(vote.channel, vote.state) for vote in votes} == {("legacy", "standing"), ("legacy", "pending")}
    assert len(votes) == 3
    assert {event.payload["channel"] for event in events(ctx.session, "vote.recorded")} == {"legacy"}


def test_paper_of_today_is_never_entered_or_confirmed_by_table(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    table = "序号,房屋,事项1,事项2\n1,1-1-101,同意,同意\n".encode()
    with pytest.raises(Conflict, match="sheet_by_sheet"):
        enter_file(office.clerk, batch.id, table)
    sheet = enter(office, batch, 1, 0)
    with pytest.raises(Conflict, match="sheet_by_sheet"):
        confirm_file(office.second, batch.id, table)
    assert state_of(ctx.session, sheet.receipt) == "pending"


def test_table_with_an_unknown_door_enters_nothing(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office, channel="legacy")
    table = "序号,房屋,事项1,事项2\n1,1-1-101,同意,同意\n2,7-7-777,同意,同意\n"
    with pytest.raises(Unprocessable) as refused:
        enter_file(office.clerk, batch.id, table.encode())
    assert [problem.where for problem in refused.value.fields] == ["3.房屋"]
    assert list_sheets(office.clerk, batch.id, None, (0, ""), 10) == []


def test_auditor_sees_rates_per_person_and_draws_the_same_sample(ctx: Context) -> None:
    office = open_office(ctx)
    batch = sealed_batch(office)
    for number in range(3):
        sheet = enter(office, batch, number + 1, number)
        if number:
            confirm(office, sheet, number)
    rate = entries_per_person(ctx.session, office.ballot.ballot_id)[0]
    assert (rate.account_id, rate.entered, rate.confirmed) == (office.clerk.actor.account_id, 3, 2)
    assert rate.busiest_minute == 3
    drawn = recall_sample(ctx.session, office.ballot.ballot_id, "seed", 10)
    assert {recall.dwelling_id for recall in drawn} == set(office.estate.dwelling_ids[1:3])
    assert drawn == recall_sample(ctx.session, office.ballot.ballot_id, "seed", 10)


def test_a_household_finds_its_paper_vote_by_receipt_and_its_tenant_does_not(ctx: Context) -> None:
    office = open_office(ctx)
    sheet = confirm(office, enter(office, sealed_batch(office), 1, 0), 0)
    home = office.estate.dwelling_ids[0]

    def seen(*contesting: str) -> HouseholdVote:
        viewer = Viewer(new_id(), frozenset(contesting))
        [row] = votes_of_dwellings(ctx.session, [home], viewer, before=None, limit=9)
        return row

    assert seen(home).receipt == format_receipt(sheet.receipt)
    assert not seen(home).is_mine
    assert seen().receipt is None
    assert seen(office.estate.dwelling_ids[1]).receipt is None


def test_a_vote_cast_online_stays_with_whoever_cast_it(ctx: Context) -> None:
    office = open_office(ctx)
    tap(ctx, office, 0)
    home = office.estate.dwelling_ids[0]
    [row] = votes_of_dwellings(ctx.session, [home], Viewer(new_id(), frozenset({home})), before=None, limit=9)
    assert row.receipt is None
