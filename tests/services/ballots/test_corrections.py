"""What an upheld objection to the result mends, by two people, with the correction published."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import col, select

from backend.ballots.queries.paperwork import recall_sample
from backend.ballots.repository.votes import find_vote
from backend.ballots.service import closing
from backend.ballots.service.amendment_rows import ProposeAmendment
from backend.ballots.service.amendments import confirm_amendment, propose_amendment
from backend.ballots.service.objections import ObjectToBallot, object_to_ballot
from backend.ballots.service.paper import SheetState, show_photo
from backend.ballots.tables import Ballot, PaperVote
from backend.infra.context import Context
from backend.kernel.errors import Conflict, Forbidden
from backend.kernel.ids import new_id
from backend.notices import queries as notices
from backend.notices.service import ReplyObjection, reply_objection
from tests.factories.people import acting_as, make_resident
from tests.services.ballots.desk import Office, confirm, enter, open_office, sealed_batch


def with_a_lapsed_paper(ctx: Context) -> tuple[Office, SheetState]:
    """Return an office under its preliminary result, with a sheet entered in time that nobody confirmed."""
    office = open_office(ctx, dwellings=4)
    sheet = enter(office, sealed_batch(office, 2), 1, 0)
    now = ctx.clock.now()
    times = {"opens_at": now - timedelta(days=9), "closes_at": now - timedelta(days=4)}
    changed = update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id).values(**times)
    ctx.session.connection().execute(changed)
    ctx.session.expire_all()
    closing.close_ballot(ctx, office.ballot.ballot_id)
    ctx.session.expire_all()
    closing.seal_ballot(ctx, office.ballot.ballot_id)
    closing.publish_preliminary(office.clerk, office.ballot.ballot_id)
    return office, sheet


def uphold(ctx: Context, office: Office) -> None:
    """Let a member object to the result, and the third person find them right."""
    home = office.estate.dwelling_ids[0]
    who = acting_as(ctx, make_resident(ctx, home))
    command = ObjectToBallot(office.ballot.ballot_id, "result", home, "纸质票没有计入，面积也不对", new_id())
    raised = object_to_ballot(who, command)
    reply_objection(office.third, ReplyObjection(raised.id, True, "异议成立"))


def result_of(ctx: Context, office: Office) -> dict[str, str]:
    chosen = select(Ballot).where(Ballot.id == office.ballot.ballot_id)
    ballot = ctx.session.exec(chosen.execution_options(populate_existing=True)).one()
    [test] = ballot.result[0]["rules"][0]["tests"]
    return {"numerator": test["numerator"], "denominator": test["denominator"]}


def corrections_of(ctx: Context, office: Office) -> list[str]:
    published = notices.notices_about(ctx.session, "ballot", office.ballot.ballot_id)
    return [notice.body for notice in published if notice.kind == "amendment"]


def test_a_paper_that_nobody_confirmed_in_time_is_counted(ctx: Context) -> None:
    office, sheet = with_a_lapsed_paper(ctx)
    assert result_of(ctx, office)["numerator"] == "0"
    with pytest.raises(Conflict, match="no_upheld_objection"):
        confirm(office, sheet, 0)
    uphold(ctx, office)
    assert show_photo(office.second, sheet.receipt) == b"photo"
    with pytest.raises(Conflict, match="sheet_mismatch"):
        confirm(office, sheet, 0, "against")
    counted = confirm(office, sheet, 0)
    assert (counted.state, counted.vote_state, counted.sheet_no) == ("confirmed", "standing", 1)
    lapsed = find_vote(ctx.session, sheet.receipt)
    assert lapsed is not None and lapsed.state == "rejected"  # what was sealed stays as it was
    assert result_of(ctx, office)["numerator"] == "1"
    [notice] = corrections_of(ctx, office)
    assert "补计" in notice
    kept = ctx.session.get_one(PaperVote, counted.receipt)
    assert kept.entered_by != kept.decided_by
    assert len(recall_sample(ctx.session, office.ballot.ballot_id, "seed", 9)) == 1
    with pytest.raises(Conflict):
        confirm(office, sheet, 0)


def test_who_upheld_alone_or_entered_the_sheet_does_not_count_it(ctx: Context) -> None:
    office, sheet = with_a_lapsed_paper(ctx)
    uphold(ctx, office)
    for person, error in ((office.third, Conflict), (office.clerk, Forbidden)):
        by_them = Office(office.estate, office.ballot, person, person, person, office.photo)
        with pytest.raises(error):
            confirm(by_them, sheet, 0)


def test_the_roll_is_corrected_and_the_result_counted_again(ctx: Context) -> None:
    office, _ = with_a_lapsed_paper(ctx)
    change = ProposeAmendment(office.ballot.ballot_id, "remove", "重复登记", entry_id=office.entry(3))
    with pytest.raises(Conflict, match="no_upheld_objection"):
        propose_amendment(office.clerk, change)
    uphold(ctx, office)
    proposed = propose_amendment(office.clerk, change)
    over = update(Ballot).where(col(Ballot.id) == office.ballot.ballot_id)
    ctx.session.connection().execute(over.values(objections_until=ctx.clock.now() - timedelta(seconds=1)))
    ctx.session.expire_all()
    with pytest.raises(Conflict, match="amendments_open"):
        closing.finalise(office.clerk, office.ballot.ballot_id)
    confirm_amendment(office.second, proposed.id)
    assert result_of(ctx, office)["denominator"] == "3"
    [notice] = corrections_of(ctx, office)
    assert "移出名册" in notice
    assert "重复登记" in notice
    assert closing.finalise(office.clerk, office.ballot.ballot_id).state == "final"
