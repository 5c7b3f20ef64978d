"""Corrections of a frozen roll: two people, a reason, exact totals, a record that can be undone."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlmodel import col, select

from backend.ballots.queries.paperwork import amendments_of
from backend.ballots.repository.amendments import counted_roll
from backend.ballots.repository.votes import find_vote
from backend.ballots.service import closing
from backend.ballots.service.amendment_rows import ProposeAmendment
from backend.ballots.service.amendments import (
    confirm_amendment,
    list_amendments,
    propose_amendment,
    reject_votes_of_removed,
    withdraw_amendment,
)
from backend.ballots.service.proxies import register_mandate
from backend.ballots.tables import Ballot, RollEntry, VoteDisposition
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger.rules.record_roll import roll_hash, undo
from backend.ledger.tables import LedgerEvent
from backend.notices import queries as notice_queries
from backend.notices.rules import mask_door
from backend.registry.tables import Dwelling, Owner
from tests.factories.people import make_resident
from tests.services.ballots.desk import Office, enter, open_office, sealed_batch, staff
from tests.services.ballots.test_proxies import mandate_for
from tests.services.ballots.test_reviews import tap


def propose(office: Office, change: str, **more: object) -> str:
    command = ProposeAmendment(office.ballot.ballot_id, change, "登记簿有误", **more)  # type: ignore[arg-type] # passed through
    return propose_amendment(office.clerk, command).id


def totals(ctx: Context, office: Office) -> tuple[int | None, int | None, int | None]:
    chosen = select(Ballot).where(Ballot.id == office.ballot.ballot_id)
    ballot = ctx.session.exec(chosen.execution_options(populate_existing=True)).one()
    return ballot.roll_heads, ballot.roll_households, ballot.roll_area_centi


def test_area_is_corrected_by_two_people_and_totals_follow(ctx: Context) -> None:
    office = open_office(ctx)
    key = propose(office, "area", entry_id=office.entry(0), area_centi=9050)
    assert totals(ctx, office) == (4, 4, 32000)
    with pytest.raises(Forbidden, match="second_person"):
        confirm_amendment(office.clerk, key)
    assert confirm_amendment(office.second, key).state == "confirmed"
    assert confirm_amendment(office.second, key).state == "confirmed"
    assert totals(ctx, office) == (4, 4, 33050)
    with pytest.raises(Conflict, match="amendment_decided"):
        withdraw_amendment(office.clerk, key)
    event = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.type == "roll.amended")).one()
    assert event.payload["amended_roll"] == roll_hash(counted_roll(ctx.session, office.ballot.ballot_id))


def test_owner_can_be_that_of_another_entry_and_heads_fall(ctx: Context) -> None:
    office = open_office(ctx)
    key = propose(office, "owner", entry_id=office.entry(1), same_owner_as=office.entry(0))
    confirm_amendment(office.second, key)
    assert totals(ctx, office) == (3, 4, 32000)
    entry = ctx.session.get(RollEntry, office.entry(1))
    other = ctx.session.get(RollEntry, office.entry(0))
    assert entry is not None and other is not None
    assert (entry.owner_id, entry.head_no) == (other.owner_id, other.head_no)


def test_a_mandate_ends_with_the_ownership_it_was_given_by(ctx: Context) -> None:
    office, proxy = open_office(ctx), make_resident(ctx).account_id
    mandate = register_mandate(office.clerk, mandate_for(office, 1, proxy)).mandate
    other = register_mandate(office.clerk, mandate_for(office, 2, proxy)).mandate
    key = propose(office, "owner", entry_id=office.entry(1), same_owner_as=office.entry(0))
    confirm_amendment(office.second, key)
    for row, ended in ((mandate, True), (other, False)):
        ctx.session.refresh(row)
        assert (row.revoked_at is not None) is ended


def test_owner_can_be_the_one_the_registry_now_knows(ctx: Context) -> None:
    office = open_office(ctx)
    with pytest.raises(Unprocessable, match="amendment"):
        propose(office, "owner", entry_id=office.entry(1))
    buyer = new_id()
    ctx.session.execute(
        insert(Owner),
        [
            {"id": buyer, "estate_id": office.estate.estate.id, "key": "NEW", "kind": "person"}
            | {"name_sealed": ctx.vault.seal("新业主", "owner.name")}
        ],
    )
    home = update(Dwelling).where(col(Dwelling.id) == office.estate.dwelling_ids[1])
    ctx.session.connection().execute(home.values(owner_id=buyer))
    confirm_amendment(office.second, propose(office, "owner", entry_id=office.entry(1)))
    entry = ctx.session.get(RollEntry, office.entry(1))
    assert entry is not None and (entry.owner_id, entry.head_no) == (buyer, 5)
    assert totals(ctx, office) == (4, 4, 32000)


def test_removed_entry_takes_its_votes_with_it_and_can_come_back(ctx: Context) -> None:
    office = open_office(ctx)
    online = tap(ctx, office, 0)
    held = tap(ctx, office, 0, "held")
    paper = enter(office, sealed_batch(office), 1, 0).receipt
    confirm_amendment(office.second, propose(office, "remove", entry_id=office.entry(0)))
    assert totals(ctx, office) == (3, 3, 24000)
    for receipt in (online, held, paper):
        vote = find_vote(ctx.session, receipt)
        assert vote is not None and vote.state == "rejected"
    reasons = ctx.session.exec(select(VoteDisposition.reason)).all()
    assert set(reasons) == {"entry_removed"} and len(reasons) == 3
    back = propose(office, "add", dwelling_id=office.estate.dwelling_ids[0])
    assert confirm_amendment(office.second, back).roll_entry_id == office.entry(0)
    assert totals(ctx, office) == (4, 4, 32000)


def test_dwelling_missing_from_the_roll_is_added_from_the_registry(ctx: Context) -> None:
    office = open_office(ctx)
    home = new_id()
    sample = ctx.session.get(Dwelling, office.estate.dwelling_ids[0])
    assert sample is not None
    row = sample.model_dump() | {"id": home, "key": "1/1/999", "code": "999", "exclusive_area_centi": 5000}
    with pytest.raises(Unprocessable, match="amendment"):
        propose(office, "add", dwelling_id=home)
    ctx.session.execute(insert(Dwelling), [row])
    with pytest.raises(Conflict, match="already_on_roll"):
        propose(office, "add", dwelling_id=office.estate.dwelling_ids[0])
    key = propose(office, "add", dwelling_id=home)
    ctx.session.connection().execute(
        update(Dwelling).where(col(Dwelling.id) == home).values(exclusive_area_centi=5001)
    )
    with pytest.raises(Conflict, match="amendment_stale"):
        confirm_amendment(office.second, key)
    withdraw_amendment(office.clerk, key)
    confirm_amendment(office.second, propose(office, "add", dwelling_id=home))
    assert totals(ctx, office) == (4, 5, 37001)


def test_household_mark_is_corrected(ctx: Context) -> None:
    office = open_office(ctx)
    confirm_amendment(
        office.second, propose(office, "household", entry_id=office.entry(0), is_household=False)
    )
    assert totals(ctx, office) == (4, 3, 32000)


def test_second_proposal_on_a_row_that_moved_is_stale(ctx: Context) -> None:
    office = open_office(ctx)
    first = propose(office, "area", entry_id=office.entry(0), area_centi=9000)
    second = propose(office, "area", entry_id=office.entry(0), area_centi=9100)
    confirm_amendment(office.second, first)
    with pytest.raises(Conflict, match="amendment_stale"):
        confirm_amendment(office.second, second)


def test_confirmed_amendments_lead_back_to_the_frozen_roll(ctx: Context) -> None:
    office = open_office(ctx)
    ballot_id = office.ballot.ballot_id
    frozen = roll_hash(counted_roll(ctx.session, ballot_id))
    for change, more in (
        ("area", {"entry_id": office.entry(0), "area_centi": 9000}),
        ("owner", {"entry_id": office.entry(0), "same_owner_as": office.entry(1)}),
        ("remove", {"entry_id": office.entry(2)}),
        ("household", {"entry_id": office.entry(3), "is_household": False}),
    ):
        confirm_amendment(office.second, propose(office, change, **more))
    propose(office, "area", entry_id=office.entry(3), area_centi=7000)
    lines = amendments_of(ctx.session, ballot_id)
    assert [line.number for line in lines] == [1, 2, 3, 4]
    assert lines[0].text == "更正面积：80.00 → 90.00 平方米"
    rows = {row.entry: row for row in counted_roll(ctx.session, ballot_id)}
    former, counts = undo(rows, [(line.before, line.after) for line in lines])
    assert roll_hash(former.values()) == frozen
    assert (counts.added, counts.corrected, counts.removed) == (0, 3, 1)


@pytest.mark.parametrize(
    ("change", "more", "where"),
    [
        ("area", {}, "area_centi"),
        ("area", {"area_centi": 0}, "area_centi"),
        ("area", {"area_centi": 8000}, "area_centi"),
        ("household", {}, "is_household"),
        ("household", {"is_household": True}, "is_household"),
        ("owner", {"same_owner_as": "x"}, "same_owner_as"),
        ("melt", {}, "change"),
    ],
)
def test_nonsense_is_refused_by_field(ctx: Context, change: str, more: dict[str, object], where: str) -> None:
    office = open_office(ctx)
    with pytest.raises(Unprocessable) as refused:
        propose(office, change, entry_id=office.entry(0), **more)
    assert [problem.where for problem in refused.value.fields] == [where]


def test_only_while_voting_or_counting_and_only_in_scope(ctx: Context) -> None:
    sealed = open_office(ctx, state="sealed")
    with pytest.raises(Conflict, match="wrong_state"):
        propose(sealed, "area", entry_id=sealed.entry(0), area_centi=9000)
    office = open_office(ctx)
    key = propose(office, "area", entry_id=office.entry(0), area_centi=9000)
    with pytest.raises(NotFound):
        confirm_amendment(open_office(ctx).clerk, key)
    with pytest.raises(Forbidden):
        confirm_amendment(staff(ctx, office.estate, Role.GRID_OFFICER), key)
    with pytest.raises(NotFound):
        propose(office, "remove", entry_id=sealed.entry(0))
    assert [row.id for row in list_amendments(office.clerk, office.ballot.ballot_id, None, 10)] == [key]


def test_sealer_rejects_a_vote_that_slipped_onto_a_removed_entry(ctx: Context) -> None:
    office = open_office(ctx)
    confirm_amendment(office.second, propose(office, "remove", entry_id=office.entry(0)))
    late, kept = tap(ctx, office, 0), tap(ctx, office, 1)
    assert reject_votes_of_removed(ctx, office.ballot.ballot_id) == 1
    assert reject_votes_of_removed(ctx, office.ballot.ballot_id) == 0
    first, second = find_vote(ctx.session, late), find_vote(ctx.session, kept)
    assert first is not None and second is not None
    assert (first.state, second.state) == ("rejected", "standing")


def end_voting(ctx: Context, office: Office, *, days_ago: int) -> None:
    now = ctx.clock.now()
    times = {"opens_at": now - timedelta(days=30), "closes_at": now - timedelta(days=days_ago, seconds=1)}
    changed = update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id).values(**times)
    ctx.session.flush()
    ctx.session.connection().execute(changed)
    ctx.session.expire_all()
    closing.close_ballot(ctx, office.ballot.ballot_id)
    ctx.session.expire_all()


def test_the_seal_waits_for_a_proposed_amendment(ctx: Context) -> None:
    office = open_office(ctx)
    key = propose(office, "area", entry_id=office.entry(0), area_centi=9050)
    end_voting(ctx, office, days_ago=0)
    assert closing.seal_ballot(ctx, office.ballot.ballot_id) is None
    assert confirm_amendment(office.second, key).state == "confirmed"
    sealed = closing.seal_ballot(ctx, office.ballot.ballot_id)
    assert sealed is not None
    assert sealed.roll_area_centi == 33050


def test_a_proposal_left_lying_over_the_counting_days_is_withdrawn_by_the_seal(ctx: Context) -> None:
    office = open_office(ctx)
    key = propose(office, "area", entry_id=office.entry(0), area_centi=9050)
    end_voting(ctx, office, days_ago=4)
    sealed = closing.seal_ballot(ctx, office.ballot.ballot_id)
    assert sealed is not None
    assert sealed.roll_area_centi == 32000
    [left] = list_amendments(office.clerk, office.ballot.ballot_id, None, 9)
    assert (left.id, left.state) == (key, "withdrawn")


def another(ctx: Context, office: Office, use: str) -> str:
    """Put a further dwelling of this use beside the first one; returns its id."""
    table = Dwelling.__table__  # type: ignore[attr-defined]
    first = ctx.session.execute(table.select().where(table.c.id == office.estate.dwelling_ids[0])).one()
    key = new_id()
    copy = dict(first._mapping) | {
        "id": key,
        "key": f"{use}/1",
        "code": use,
        "use": use,
        "is_household": False,
    }
    ctx.session.execute(insert(table), [copy])
    return key


@pytest.mark.parametrize(("kind", "use"), [("plan", "parking"), ("canvass", "parking"), ("canvass", "shop")])
def test_what_the_roll_leaves_out_is_not_added_later(ctx: Context, kind: str, use: str) -> None:
    office = open_office(ctx, kind=kind)
    with pytest.raises(Unprocessable, match="amendment"):
        propose(office, "add", dwelling_id=another(ctx, office, use))


def test_parking_is_added_where_the_local_rule_counts_it(ctx: Context) -> None:
    office = open_office(ctx, parameters={"count_parking": 1})
    key = propose(office, "add", dwelling_id=another(ctx, office, "parking"))
    assert confirm_amendment(office.second, key).state == "confirmed"
    assert totals(ctx, office)[1] == 4


def test_a_roll_of_households_keeps_none_that_is_no_household(ctx: Context) -> None:
    office = open_office(ctx, kind="canvass")
    with pytest.raises(Unprocessable, match="amendment"):
        propose(office, "household", entry_id=office.entry(0), is_household=False)
    assert confirm_amendment(office.second, propose(office, "remove", entry_id=office.entry(0))).state == (
        "confirmed"
    )


def test_the_result_notice_lists_every_amendment_and_the_hash_of_the_roll_that_counted(ctx: Context) -> None:
    office = open_office(ctx)
    for change in ({"change": "area", "area_centi": 9050}, {"change": "household", "is_household": False}):
        key = propose(office, str(change.pop("change")), entry_id=office.entry(0), **change)
        confirm_amendment(office.second, key)
    before = ctx.session.get_one(Ballot, office.ballot.ballot_id).roll_hash
    end_voting(ctx, office, days_ago=4)
    closing.seal_ballot(ctx, office.ballot.ballot_id)
    closing.publish_preliminary(office.clerk, office.ballot.ballot_id)
    notices = notice_queries.notices_about(ctx.session, "ballot", office.ballot.ballot_id)
    [body] = [notice.body for notice in notices if notice.kind == "preliminary"]
    entry = ctx.session.get_one(RollEntry, office.entry(0))
    room = f"{entry.building_label}{entry.entrance_label}{entry.door_label}"
    assert f"1．{mask_door(room)}　更正面积：80.00 → 90.50 平方米；事由：登记簿有误" in body
    assert "2．" in body and room not in body
    assert str(before) in body
    assert roll_hash(counted_roll(ctx.session, office.ballot.ballot_id)) in body
