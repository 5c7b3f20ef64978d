"""Notices never change; objections are raised from one's own dwelling and answered once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest
from sqlalchemy import text
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session, select

from backend.identity.tables import Binding
from backend.infra.context import Context, Ports
from backend.infra.crypto import build_vault
from backend.infra.storage import Storage
from backend.kernel.access import SYSTEM, Role
from backend.kernel.errors import Conflict, Forbidden, NotFound, TooMany, Unauthenticated, Unprocessable
from backend.ledger.tables import LedgerEvent
from backend.notices import queries, service
from backend.notices.queries import ObjectionFilter
from backend.notices.rules import MAX_OPEN_OBJECTIONS, notice_hash
from backend.notices.service import PublishNotice, RaiseObjection, ReplyObjection
from backend.notices.tables import Objection, PublicNotice
from tests.factories.databases import make_settings
from tests.factories.people import acting_as, make_resident, make_staff
from tests.factories.phones import FakeExchange
from tests.factories.places import EstateFixture, make_estate


def words(estate_id: str, body: str = "正文") -> PublishNotice:
    return PublishNotice(estate_id, "ballot", "b" * 20, "voting", "表决公告", body)


def about_roll(place: EstateFixture, key: str = "key-0001") -> RaiseObjection:
    home = place.dwelling_ids[0]
    return RaiseObjection("roll", home, home, "面积不对，应为 82.5 平方米", key)


def committee(ctx: Context, place: EstateFixture) -> Context:
    return acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id))


def test_a_notice_is_published_once_with_its_hash(ctx: Context) -> None:
    place = make_estate(ctx)
    first = service.publish_notice(ctx, words(place.estate.id))
    assert first.sha256 == notice_hash("表决公告", "正文")
    assert service.publish_notice(ctx, words(place.estate.id)) == first
    other = service.publish_notice(ctx, words(place.estate.id, "另一正文"))
    assert [found.id for found in queries.notices_about(ctx.session, "ballot", "b" * 20)] == [
        first.id,
        other.id,
    ]
    event = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == first.id)).one()
    assert event.payload["sha256"] == first.sha256
    assert event.organisation_id == place.community.id


def test_a_published_notice_cannot_be_edited_or_deleted(ctx: Context) -> None:
    place = make_estate(ctx, dwellings=1)
    service.publish_notice(ctx, words(place.estate.id))
    for statement in ("UPDATE public_notice SET body = 'x'", "DELETE FROM public_notice"):
        with pytest.raises(DatabaseError), ctx.session.begin_nested():
            ctx.session.connection().execute(text(statement))


def test_notices_are_paged_and_seen_by_their_own_residents_only(ctx: Context) -> None:
    place, other = make_estate(ctx), make_estate(ctx)
    for number in range(5):
        service.publish_notice(ctx, words(place.estate.id, f"正文{number}"))
    elsewhere = service.publish_notice(ctx, words(other.estate.id, "别处"))
    resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    first = service.my_notices(resident, 3, None)
    rest = service.my_notices(resident, 3, (first[-1].published_at, first[-1].id))
    assert [found.body for found in first + rest] == [f"正文{n}" for n in (4, 3, 2, 1, 0)]
    assert service.my_notice(resident, first[0].id) == first[0]
    for unknown in (elsewhere.id, "0" * 20):
        with pytest.raises(NotFound):
            service.my_notice(resident, unknown)
    assert service.my_notices(resident, 3, None, "final") == []
    assert len(service.list_notices(committee(ctx, place), place.estate.id, 10, None)) == 5
    with pytest.raises(NotFound):
        service.list_notices(committee(ctx, other), place.estate.id, 10, None)


def test_staff_write_roll_notices_by_hand_and_nothing_that_belongs_to_a_ballot(ctx: Context) -> None:
    place = make_estate(ctx, dwellings=1)
    staff = committee(ctx, place)
    assert service.publish_written_notice(staff, place.estate.id, "roll", "名册公示", "请核对").kind == "roll"
    for kind in ("final", "rumour"):
        with pytest.raises(Unprocessable):
            service.publish_written_notice(staff, place.estate.id, kind, "结果", "通过")
    with pytest.raises(Unprocessable):
        service.publish_notice(staff, replace(words(place.estate.id), kind="rumour"))
    with pytest.raises(Unprocessable):
        service.publish_written_notice(staff, place.estate.id, "roll", "  ", "请核对")
    auditor = acting_as(ctx, make_staff(ctx, Role.AUDITOR, place.community.id))
    with pytest.raises(Forbidden):
        service.publish_notice(auditor, words(place.estate.id))


def test_an_objection_is_sealed_idempotent_and_listed(ctx: Context) -> None:
    place = make_estate(ctx)
    resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    raised = service.raise_objection(resident, about_roll(place))
    assert service.raise_objection(resident, about_roll(place)) == raised
    with pytest.raises(Unprocessable):
        service.raise_objection(resident, replace(about_roll(place), text="别的内容"))
    row = ctx.session.exec(select(Objection).where(Objection.id == raised.id)).one()
    assert "面积" not in row.text_sealed
    assert service.my_objections(resident, 10, None) == [raised]
    staff = committee(ctx, place)
    wanted = ObjectionFilter(place.estate.id, state="open", subject_kind="roll")
    assert service.list_objections(staff, wanted, 10, None) == [raised]
    assert service.list_objections(staff, wanted, 10, (raised.raised_at, raised.id)) == []
    assert service.list_objections(staff, replace(wanted, ballot_id="x"), 10, None) == []
    event = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == raised.id)).one()
    assert "面积" not in str(event.payload)


def test_objections_come_from_ones_own_dwelling_only(ctx: Context) -> None:
    place = make_estate(ctx)
    resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    neighbour = replace(about_roll(place), dwelling_id=place.dwelling_ids[1])
    other_entry = replace(about_roll(place), subject_id=place.dwelling_ids[1])
    for command in (neighbour, other_entry):
        with pytest.raises(NotFound):
            service.raise_objection(resident, command)
    with pytest.raises(Unprocessable):
        service.raise_objection(resident, replace(about_roll(place), subject_kind="weather"))
    with pytest.raises(Unprocessable):
        service.raise_objection(resident, replace(about_roll(place), text=" \n"))
    with pytest.raises(Unauthenticated):
        service.raise_objection(committee(ctx, place), about_roll(place))


def test_an_objection_takes_a_later_binding_out_of_force(ctx: Context) -> None:
    place = make_estate(ctx)
    home = place.dwelling_ids[0]
    mine = make_resident(ctx, home)
    intruder = make_resident(ctx, home, relation="family")
    later = ctx.session.exec(select(Binding).where(Binding.account_id == intruder.account_id)).one()
    later.requested_at = ctx.clock.now()
    ctx.session.add(later)
    ctx.session.flush()
    me = acting_as(ctx, mine)
    command = RaiseObjection("binding", later.id, home, "我不认识这个人", "key-0003")
    assert service.raise_objection(me, command).state == "open"
    ctx.session.refresh(later)
    assert later.state == "pending"
    elsewhere = acting_as(ctx, make_resident(ctx, place.dwelling_ids[1]))
    with pytest.raises(NotFound):
        service.raise_objection(elsewhere, replace(command, dwelling_id=place.dwelling_ids[1]))
    with pytest.raises(NotFound):
        service.raise_objection(me, replace(command, subject_id="0" * 20, idempotency_key="key-0004"))


def test_a_result_is_objected_to_by_ballot_and_counted(ctx: Context) -> None:
    place = make_estate(ctx)
    resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    command = RaiseObjection("result", "b" * 20, place.dwelling_ids[0], "计票有误", "key-0002")
    raised = service.raise_objection(resident, command)
    assert raised.ballot_id == "b" * 20
    assert queries.count_open_objections(ctx.session, "b" * 20) == 1
    service.reply_objection(ctx, ReplyObjection(raised.id, False, "已当众复核，计票无误。"))
    assert queries.count_open_objections(ctx.session, "b" * 20) == 0
    assert queries.count_objections_by_state(ctx.session, "b" * 20) == {"rejected": 1}


def test_an_answer_stands_once_and_is_shown_to_the_resident(ctx: Context) -> None:
    place = make_estate(ctx)
    resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    raised = service.raise_objection(resident, about_roll(place))
    staff = committee(ctx, place)
    with pytest.raises(Unprocessable):
        service.reply_objection(staff, ReplyObjection(raised.id, True, " "))
    answered = service.reply_objection(staff, ReplyObjection(raised.id, True, "已按产权证更正。"))
    assert (answered.state, answered.reply) == ("upheld", "已按产权证更正。")
    assert service.my_objections(resident, 10, None)[0].reply == "已按产权证更正。"
    for again in (
        lambda: service.reply_objection(staff, ReplyObjection(raised.id, False, "改判")),
        lambda: service.withdraw_objection(resident, raised.id),
    ):
        with pytest.raises(Conflict):
            again()


def test_only_the_right_staff_answer_and_only_the_author_withdraws(ctx: Context) -> None:
    place, other = make_estate(ctx), make_estate(ctx)
    resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    raised = service.raise_objection(resident, about_roll(place))
    with pytest.raises(NotFound):
        service.reply_objection(committee(ctx, other), ReplyObjection(raised.id, True, "好"))
    owners = acting_as(ctx, make_staff(ctx, Role.OWNERS_COMMITTEE, place.community.id))
    with pytest.raises(Forbidden):
        service.reply_objection(owners, ReplyObjection(raised.id, True, "好"))
    neighbour = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    for unknown in (raised.id, "0" * 20):
        with pytest.raises(NotFound):
            service.withdraw_objection(neighbour, unknown)
    assert service.withdraw_objection(resident, raised.id).state == "withdrawn"


def test_one_person_cannot_flood_the_committee(ctx: Context) -> None:
    place = make_estate(ctx)
    resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
    for number in range(MAX_OPEN_OBJECTIONS):
        service.raise_objection(resident, about_roll(place, f"key-{number:04}"))
    with pytest.raises(TooMany):
        service.raise_objection(resident, about_roll(place, "key-9999"))


def test_of_two_answers_at_once_exactly_one_stands(engine: Engine, tmp_path: Path) -> None:
    settings = make_settings(engine.url.render_as_string(hide_password=False), tmp_path)
    vault = build_vault(settings)
    ports = Ports(settings, engine, vault, Storage(tmp_path, vault), FakeExchange())
    with Session(engine, expire_on_commit=False) as session:
        ctx = Context(session, SYSTEM, ports, "test")
        place = make_estate(ctx)
        resident = acting_as(ctx, make_resident(ctx, place.dwelling_ids[0]))
        raised = service.raise_objection(resident, about_roll(place))
        session.commit()
    start = Barrier(4)

    def answer(position: int) -> bool:
        start.wait()
        with Session(engine) as session:
            ctx = Context(session, SYSTEM, ports, "test")
            try:
                service.reply_objection(ctx, ReplyObjection(raised.id, position % 2 == 0, f"答复{position}"))
                session.commit()
            except Conflict:
                return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(answer, range(4))).count(True) == 1
    with Session(engine) as session:
        assert session.exec(select(Objection)).one().reply is not None
        assert session.exec(select(PublicNotice)).all() == []
