"""A ballot from draft to final result, and every way it can be stopped."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text, update
from sqlmodel import col, select

from backend.ballots import queries
from backend.ballots.errors import WrongState
from backend.ballots.repository.cast import build_statements
from backend.ballots.rules.periods import objections_end
from backend.ballots.service import closing, opening, preparing, reading, serving
from backend.ballots.service.preparing import AddMotion, CreateBallot
from backend.ballots.tables import Ballot, RollEntry, Vote
from backend.infra.context import Context
from backend.kernel.access import Role
from backend.kernel.clock import local_date
from backend.kernel.errors import Conflict, Forbidden, NotFound, PreconditionFailed, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerCheckpoint, LedgerEvent
from backend.notices import queries as notices
from backend.notices.rules import Subject
from backend.notices.service import RaiseObjection, ReplyObjection, raise_objection, reply_objection
from backend.registry.service import OpenDisplay, open_roll_display
from backend.registry.tables import Dwelling
from tests.factories.ballots import make_ballot
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate

DAY = timedelta(days=1)


@pytest.fixture
def estate(ctx: Context) -> EstateFixture:
    return make_estate(ctx, dwellings=6)


@pytest.fixture
def committee(ctx: Context, estate: EstateFixture) -> Context:
    return acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))


def draft(committee: Context, estate: EstateFixture, kind: str = "canvass", **options: object) -> Ballot:
    return preparing.create_ballot(committee, CreateBallot(estate.estate.id, kind, "是否实施改造", **options))  # type: ignore[arg-type]


def announce(
    committee: Context, estate: EstateFixture, kind: str = "canvass", rule: str = "gansu-2022/inclusion"
) -> Ballot:
    ballot = draft(committee, estate, kind)
    preparing.add_motion(committee, AddMotion(ballot.id, "是否同意改造？", "", rule, "按省文件"))
    if kind == "plan":
        sha256 = committee.storage.put(b"the plan")
        preparing.add_document(committee, ballot.id, sha256, "改造方案", "application/pdf")
    opens_at = committee.clock.now() + 16 * DAY
    preparing.set_window(committee, ballot.id, (opens_at, opens_at + 10 * DAY), None)
    return opening.publish_notice(committee, ballot.id)


def display(committee: Context, estate_id: str) -> None:
    today = local_date(committee.clock.now())
    open_roll_display(committee, OpenDisplay(estate_id, today, today + 7 * DAY))


def make_ready(committee: Context, ballot: Ballot, *, serve: bool = True) -> None:
    display(committee, ballot.estate_id)
    for name in ("roll_checked", "committee_told", "posted_on_site"):
        preparing.state_check(committee, ballot.id, name, "已完成", None)
    if serve:
        homes = tuple(row.dwelling_id for row in _roll(committee, ballot))
        serving.record_service(
            committee, serving.RecordService(ballot.id, "in_person", dwelling_ids=homes, note="当面送达")
        )


def test_a_draft_is_not_announced_until_everything_is_there(
    committee: Context, estate: EstateFixture
) -> None:
    ballot = draft(committee, estate, "plan")
    with pytest.raises(Unprocessable) as refused:
        opening.publish_notice(committee, ballot.id)
    assert {field.where for field in refused.value.fields} == {"motions", "documents", "window"}


def test_a_rule_without_its_local_number_blocks_the_notice(committee: Context, estate: EstateFixture) -> None:
    ballot = draft(committee, estate)
    preparing.add_motion(
        committee, AddMotion(ballot.id, "是否同意改造？", "", "cn-50-2021/inclusion", "按国家文件")
    )
    missing = {item.name for item in opening.preflight(committee, ballot.id) if not item.is_met}
    assert "rules" in missing


def test_two_motions_of_one_title_are_refused(committee: Context, estate: EstateFixture) -> None:
    ballot = draft(committee, estate)
    asked = AddMotion(ballot.id, "是否同意改造？", "", "gansu-2022/inclusion", "按省文件")
    preparing.add_motion(committee, asked)
    with pytest.raises(Unprocessable) as refused:
        preparing.add_motion(committee, replace(asked, title=" 是否同意改造？ "))
    assert [field.where for field in refused.value.fields] == ["title"]


def test_opening_is_blocked_by_name_until_checks_and_service_are_done(
    committee: Context, estate: EstateFixture
) -> None:
    ballot = announce(committee, estate, "plan", "cn-civil-code/general")
    with pytest.raises(Unprocessable) as refused:
        opening.open_ballot(committee, ballot.id)
    assert {field.where for field in refused.value.fields} == {
        "roll_display",
        "roll_checked",
        "committee_told",
        "posted_on_site",
        "service",
    }
    make_ready(committee, ballot)
    opened = opening.open_ballot(committee, ballot.id)
    assert (opened.state, opened.roll_heads, opened.roll_households) == ("open", 6, 6)
    published = [notice.kind for notice in notices.notices_about(committee.session, "ballot", ballot.id)]
    assert published.count("voting") == 2


def test_the_roll_is_displayed_and_every_objection_to_it_answered_before_it_is_frozen(
    committee: Context, estate: EstateFixture
) -> None:
    ballot = announce(committee, estate)
    home = estate.dwelling_ids[0]
    resident = acting_as(committee, make_resident(committee, home))
    raised = raise_objection(resident, RaiseObjection(Subject.ROLL, home, home, "面积不对", new_id()))
    make_ready(committee, ballot, serve=False)
    with pytest.raises(Unprocessable) as refused:
        opening.open_ballot(committee, ballot.id)
    assert [field.where for field in refused.value.fields] == ["roll_objections"]
    reply_objection(committee, ReplyObjection(raised.id, False, "已核对登记簿"))
    assert opening.open_ballot(committee, ballot.id).state == "open"


def test_an_objection_from_outside_the_ballot_s_roll_does_not_block_it(
    committee: Context, estate: EstateFixture
) -> None:
    ballot = announce(committee, estate)
    shop = estate.dwelling_ids[0]
    closed = update(Dwelling).where(col(Dwelling.id) == shop).values(use="shop", is_household=False)
    committee.session.connection().execute(closed)
    resident = acting_as(committee, make_resident(committee, shop))
    raise_objection(resident, RaiseObjection(Subject.ROLL, shop, shop, "面积不对", new_id()))
    make_ready(committee, ballot, serve=False)
    assert opening.open_ballot(committee, ballot.id).state == "open"


def test_roll_keeps_its_entries_between_notice_and_opening(committee: Context, estate: EstateFixture) -> None:
    ballot = announce(committee, estate)
    before = {row.dwelling_id: (row.id, row.pseudonym) for row in _roll(committee, ballot)}
    make_ready(committee, ballot, serve=False)
    opened = opening.open_ballot(committee, ballot.id)
    assert {row.dwelling_id: (row.id, row.pseudonym) for row in _roll(committee, ballot)} == before
    assert opened.roll_hash == ballot.roll_hash


def _roll(committee: Context, ballot: Ballot) -> list[RollEntry]:
    return list(committee.session.exec(select(RollEntry).where(RollEntry.ballot_id == ballot.id)))


def test_nothing_of_an_announced_ballot_can_be_changed(committee: Context, estate: EstateFixture) -> None:
    ballot = announce(committee, estate)
    with pytest.raises(WrongState):
        preparing.add_motion(committee, AddMotion(ballot.id, "又一项", "", "gansu-2022/inclusion", "补充"))
    with pytest.raises(WrongState):
        preparing.add_document(committee, ballot.id, "0" * 64, "新文件", "application/pdf")
    with pytest.raises(WrongState):
        preparing.set_window(committee, ballot.id, (ballot.opens_at, ballot.closes_at), None)  # type: ignore[arg-type]


def test_an_edit_of_an_older_version_is_refused(committee: Context, estate: EstateFixture) -> None:
    ballot = draft(committee, estate)
    now = committee.clock.now()
    with pytest.raises(PreconditionFailed):
        preparing.set_window(committee, ballot.id, (now + DAY, now + 9 * DAY), ballot.version + 1)


def test_deadline_moves_once_with_a_reason_and_only_later(
    ctx: Context, committee: Context, estate: EstateFixture
) -> None:
    ballot_id = make_ballot(ctx, estate).ballot_id
    ballot = reading.show_ballot(committee, ballot_id)
    assert ballot.closes_at is not None
    with pytest.raises(Unprocessable):
        opening.extend(committee, ballot_id, ballot.closes_at - DAY, "提前结束")
    moved = opening.extend(committee, ballot_id, ballot.closes_at + 2 * DAY, "暴雨停电")
    assert moved.extensions == 1
    with pytest.raises(Conflict):
        opening.extend(committee, ballot_id, ballot.closes_at + 4 * DAY, "再延一次")


def test_suspend_resume_void_each_publish_a_notice(
    ctx: Context, committee: Context, estate: EstateFixture
) -> None:
    ballot_id = make_ballot(ctx, estate).ballot_id
    for step, state in (("suspend", "suspended"), ("resume", "open")):
        assert opening.stop(committee, ballot_id, step, "名册有误").state == state
    ctx.session.connection().execute(text("UPDATE installation SET clock_offset_us = 60000000"))
    for step, state in (("suspend", "suspended"), ("void", "voided")):
        assert opening.stop(committee, ballot_id, step, "名册有误").state == state
    told = [notice.title[:4] for notice in notices.notices_about(ctx.session, "ballot", ballot_id)]
    assert told == ["暂停投票", "恢复投票", "暂停投票", "表决作废"]
    with pytest.raises(WrongState):
        opening.stop(committee, ballot_id, "resume", "再来")
    rerun = draft(committee, estate, rerun_of=ballot_id)
    assert rerun.rerun_of == ballot_id


def test_a_ballot_suspended_over_its_close_is_voided_not_resumed(
    ctx: Context, committee: Context, estate: EstateFixture
) -> None:
    ballot_id = make_ballot(ctx, estate).ballot_id
    opening.stop(committee, ballot_id, "suspend", "名册有争议")
    _end_now(ctx, ballot_id)
    with pytest.raises(Conflict, match="close_passed"):
        opening.stop(committee, ballot_id, "resume", "争议已解决")
    opening.stop(committee, ballot_id, "void", "暂停已过截止时间")
    assert draft(committee, estate, rerun_of=ballot_id).state == "draft"


def _end_now(ctx: Context, ballot_id: str) -> None:
    now = ctx.clock.now()
    times = {"opens_at": now - 9 * DAY, "closes_at": now - DAY}
    ctx.session.connection().execute(update(Ballot).where(col(Ballot.id) == ballot_id).values(**times))
    ctx.session.expire_all()


def test_close_seal_publish_and_finalise(ctx: Context, committee: Context, estate: EstateFixture) -> None:
    fixture = make_ballot(ctx, estate)
    assert closing.close_ballot(ctx, fixture.ballot_id) is None
    _end_now(ctx, fixture.ballot_id)
    assert closing.close_ballot(ctx, fixture.ballot_id) is not None
    sealed = closing.seal_ballot(ctx, fixture.ballot_id)
    assert sealed is not None
    assert sealed.state == "sealed"
    assert {row["outcome"] for row in sealed.result} <= {"failed", "undecidable"}
    assert closing.seal_ballot(ctx, fixture.ballot_id) is None
    point = ctx.session.exec(
        select(LedgerCheckpoint).where(LedgerCheckpoint.tree == f"ballot:{fixture.ballot_id}")
    ).one()
    assert (point.number, point.size) == (1, 0)
    shown = closing.publish_preliminary(committee, fixture.ballot_id)
    assert shown.objections_until is not None and shown.preliminary_at is not None
    assert shown.objections_until == objections_end(local_date(shown.preliminary_at), 7)
    with pytest.raises(Conflict):
        closing.finalise(committee, fixture.ballot_id)
    over = {"objections_until": ctx.clock.now() - timedelta(seconds=1)}
    ctx.session.connection().execute(update(Ballot).where(col(Ballot.id) == fixture.ballot_id).values(**over))
    ctx.session.expire_all()
    assert closing.finalise(committee, fixture.ballot_id).state == "final"
    texts = [notice.body for notice in notices.notices_about(ctx.session, "ballot", fixture.ballot_id)]
    assert any(point.root in text for text in texts)
    assert any("要求不低于 7/10" in text for text in texts)
    assert not [text for text in texts if ">" in text]


def test_result_is_hidden_until_it_is_published(
    ctx: Context, committee: Context, estate: EstateFixture
) -> None:
    fixture = make_ballot(ctx, estate, kind="committee_election", max_choices=1)
    _end_now(ctx, fixture.ballot_id)
    closing.close_ballot(ctx, fixture.ballot_id)
    sealed = closing.seal_ballot(ctx, fixture.ballot_id)
    assert sealed is not None
    owners = acting_as(ctx, make_staff(ctx, Role.OWNERS_COMMITTEE, estate.community.id))
    assert reading.may_see_result(committee, sealed)
    assert not reading.may_see_result(owners, sealed)
    evidence = queries.ballot_evidence(ctx.session, fixture.ballot_id)
    assert evidence is not None
    assert [row.sums for row in evidence.results] == [None, None]


def test_strangers_and_wrong_roles_get_nothing(ctx: Context, estate: EstateFixture) -> None:
    ballot_id = make_ballot(ctx, estate).ballot_id
    elsewhere = acting_as(
        ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, make_estate(ctx, dwellings=1).community.id)
    )
    with pytest.raises(NotFound):
        reading.show_ballot(elsewhere, ballot_id)
    with pytest.raises(NotFound):
        opening.stop(elsewhere, ballot_id, "void", "看看")
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, estate.community.id))
    with pytest.raises(Forbidden):
        opening.stop(auditor, ballot_id, "void", "看看")


def test_snapshot_needs_five_new_votes_a_notice_and_a_new_day(
    ctx: Context, committee: Context, estate: EstateFixture
) -> None:
    plain = make_ballot(ctx, estate, kind="canvass")
    with pytest.raises(Forbidden):
        reading.take_snapshot(committee, plain.ballot_id)
    larger = make_estate(ctx, community=estate.community, dwellings=10)
    tracked = make_ballot(ctx, larger, kind="canvass", parameters={"track_consensus": 1})
    with pytest.raises(Conflict):
        reading.take_snapshot(committee, tracked.ballot_id)
    for number, entry in enumerate(tracked.entry_ids.values()):
        ctx.session.add(_vote(ctx, tracked.ballot_id, entry, number, tracked.documents_hash))
    ctx.session.flush()
    taken = reading.take_snapshot(committee, tracked.ballot_id)
    assert taken.owners_voted == 5  # of ten: the newest five stay out
    assert taken.sums[0] | {"motion": ""} == {
        "motion": "",
        "households": "10",
        "participating": "5",
        "for": "5",
    }
    assert reading.take_snapshot(committee, tracked.ballot_id).taken_at == taken.taken_at


def _vote(ctx: Context, ballot_id: str, entry: str, number: int, documents_hash: str) -> Vote:
    return Vote(
        receipt=f"{number:012d}",
        ballot_id=ballot_id,
        roll_entry_id=entry,
        request_hash=b"",
        channel="online",
        arrived_as="standing",
        state="standing",
        choices="ff",
        documents_hash=documents_hash,
        nonce=bytes(32),
        cast_at=ctx.clock.now() - timedelta(seconds=60 - number),
    )


def test_every_step_left_an_event_without_personal_data(committee: Context, estate: EstateFixture) -> None:
    ballot = announce(committee, estate)
    chosen = select(LedgerEvent).where(
        LedgerEvent.subject_kind == "ballot", LedgerEvent.subject_id == ballot.id
    )
    types = {event.type for event in committee.session.exec(chosen)}
    assert {"ballot.created", "ballot.motion_added", "ballot.window_set", "ballot.publish_notice"} <= types


def test_statements_are_built_for_the_database_at_hand(ctx: Context) -> None:
    built = build_statements(ctx.ports.settings, ctx.ports.engine)
    assert type(built).__name__.lower().startswith(ctx.ports.engine.dialect.name)
