"""How a chat becomes known: a code typed in it, or WeChat's id across apps; and how that ends."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from sqlmodel import select

from backend.bootstrap import build_ports
from backend.identity.rules.consents import NOTICE_VERSION
from backend.identity.service import account_of_unionid, keep_unionid
from backend.infra.context import Ports
from backend.infra.installation import move_clock
from backend.kernel.access import Role
from backend.ledger.tables import LedgerEvent
from backend.notifications.service import chats, followers
from backend.notifications.tables import ChatTask
from backend.wsgi import build_app
from bot import chat_jobs
from bot.replies import texts
from tests.bot.chatting import Chatting
from tests.factories.people import ResidentFixture, StaffFixture, make_resident, make_staff
from tests.factories.phones import FakeExchange
from tests.factories.simulator import SimulatorHandle, start_simulator

RESIDENT, STAFF = "/api/v1/me/chat", "/api/v1/staff/chat"
MINUTES = 60 * 1_000_000


def ask(chatting: Chatting, person: ResidentFixture | StaffFixture, method: str, path: str) -> Any:
    headers = {"Authorization": f"Bearer {person.token}"}
    return chatting.app.test_client().open(path, method=method, headers=headers)


def code_of(chatting: Chatting, person: ResidentFixture | StaffFixture, path: str = RESIDENT) -> str:
    answer = ask(chatting, person, "POST", f"{path}/code")
    assert answer.status_code == 201
    return str(answer.get_json()["code"])


@pytest.fixture
def person(chatting: Chatting) -> ResidentFixture:
    home = chatting.estate(1).dwelling_ids[0]
    with chatting.acting() as ctx:
        return make_resident(ctx, home)


@pytest.fixture
def officer(chatting: Chatting) -> StaffFixture:
    estate = chatting.estate(1)
    with chatting.acting() as ctx:
        return make_staff(ctx, Role.TOWN, estate.community.id)


def test_a_resident_links_by_typing_the_code(chatting: Chatting, person: ResidentFixture) -> None:
    assert ask(chatting, person, "GET", RESIDENT).get_json() == {"linked_at": None}
    call = chatting.official.text("oNew", code_of(chatting, person))
    assert [chatting.send(call) for _ in range(3)] == [texts.LINKED_RESIDENT] * 3
    assert chatting.say("oNew", "投票") == texts.NOTHING_OPEN
    assert ask(chatting, person, "GET", RESIDENT).get_json()["linked_at"] is not None
    assert ask(chatting, person, "DELETE", RESIDENT).status_code == 204
    assert chatting.say("oNew", "投票") == texts.HOW_TO_BIND
    assert ask(chatting, person, "DELETE", RESIDENT).status_code == 204


def test_a_code_serves_one_chat_for_ten_minutes(chatting: Chatting, person: ResidentFixture) -> None:
    code = code_of(chatting, person)
    assert chatting.say("oFirst", code) == texts.LINKED_RESIDENT
    assert chatting.say("oSecond", code) == texts.WRONG_CODE
    former, newer = code_of(chatting, person), code_of(chatting, person)
    assert chatting.say("oThird", former) == texts.WRONG_CODE
    move_clock(chatting.ports.engine, 11 * MINUTES)
    late = chatting.official.text("oThird", newer, age=-660)
    assert chatting.send(late) == texts.WRONG_CODE


def test_guessing_is_locked_out(chatting: Chatting, person: ResidentFixture) -> None:
    wrong = chatting.official.text("oGuesser", "00000000")
    for _ in range(7):
        assert chatting.send(wrong) == texts.WRONG_CODE, "a repetition is no new guess"
    for number in range(1, 5):
        assert chatting.say("oGuesser", f"0000000{number}") == texts.WRONG_CODE
    assert chatting.say("oGuesser", code_of(chatting, person)) == texts.LOCKED
    assert chatting.say("oOther", code_of(chatting, person)) == texts.LINKED_RESIDENT


def test_staff_link_is_audited_and_revocable(chatting: Chatting, officer: StaffFixture) -> None:
    code = code_of(chatting, officer, STAFF)
    assert chatting.say("oOfficer", code) == texts.LINKED_STAFF
    assert chatting.say("oOfficer", "汇总") == texts.LATER
    assert ask(chatting, officer, "DELETE", STAFF).status_code == 204
    assert chatting.say("oOfficer", "汇总") == texts.STAFF_ONLY
    with chatting.acting() as ctx:
        rows = ctx.session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == officer.account_id)).all()
    kinds = {row.type for row in rows}
    assert kinds == {"staff.chat_code_issued", "staff.chat_linked", "staff.chat_unlinked"}
    assert not any(code in str(row.payload) or "oOfficer" in str(row.payload) for row in rows)


def test_an_officer_who_lives_here_is_both(
    chatting: Chatting, officer: StaffFixture, person: ResidentFixture
) -> None:
    assert chatting.say("oBoth", code_of(chatting, officer, STAFF)) == texts.LINKED_STAFF
    assert chatting.say("oBoth", code_of(chatting, person)) == texts.LINKED_RESIDENT
    assert chatting.say("oBoth", "汇总") == texts.LATER
    assert chatting.say("oBoth", "投票") == texts.NOTHING_OPEN


def test_codes_and_chats_are_stored_blind(chatting: Chatting, person: ResidentFixture) -> None:
    code = code_of(chatting, person)
    chatting.say("oHidden", code)
    with chatting.ports.engine.connect() as connection:
        for table in ("chat_code", "follower", "wechat_arrival", "chat_task"):
            stored = str(connection.exec_driver_sql(f"SELECT * FROM {table}").all())
            assert code not in stored and "oHidden" not in stored


@pytest.fixture(scope="module")
def simulator() -> Iterator[SimulatorHandle]:
    """A simulator to ask who a follower is."""
    handle = start_simulator()
    yield handle
    handle.stop()


@pytest.fixture
def online(ports: Ports, simulator: SimulatorHandle) -> Iterator[Chatting]:
    """The app with a way to WeChat."""
    settings = replace(ports.settings, wechat_api_base=simulator.base_url)
    linked = build_ports(settings, engine=ports.engine)
    made = Chatting(build_app(linked), linked)
    yield made
    made.close()


def test_a_follower_is_recognised_across_apps(online: Chatting, simulator: SimulatorHandle) -> None:
    (user,) = simulator.create_users([{"openid": "oMiniPerson", "unionid": "union-1"}])
    home = online.estate(1).dwelling_ids[0]
    with online.acting() as ctx:
        person = make_resident(ctx, home)
        for _ in range(2):
            keep_unionid(ctx, person.account_id, "union-1")
    follower = user["official_openid"]
    simulator.control("POST", "users/oMiniPerson/follow", {"following": True})
    hello = online.official.event(follower, "subscribe", EventKey="")
    for _ in range(2):
        assert "先做两步" in online.send(online.official.call(hello))
    assert chat_jobs.recognise_followers(online.ports) == 1
    assert chat_jobs.recognise_followers(online.ports) == 0
    assert online.say(follower, "投票") == texts.NOTHING_OPEN
    with online.acting() as ctx:
        assert followers.accounts_of_follower(ctx, follower) == {"resident": person.account_id}


def test_logging_in_keeps_the_id_across_apps(online: Chatting) -> None:
    world = Chatting(build_app(replace(online.ports, wechat=FakeExchange())), online.ports)
    for unionid in ("/union-2", "", "/union-2"):
        body = {"code": f"openid:oLogsIn{unionid}", "privacy_notice": NOTICE_VERSION}
        assert world.app.test_client().post("/api/v1/session", json=body).status_code == 201
    with world.acting() as ctx:
        account_id = account_of_unionid(ctx, "union-2")
        assert account_id is not None and account_of_unionid(ctx, "union-3") is None
        keep_unionid(ctx, account_id, "union-3")
        assert account_of_unionid(ctx, "union-2") is None
    world.close()


def test_strangers_are_looked_up_once_and_wechats_silence_is_survived(
    online: Chatting, simulator: SimulatorHandle
) -> None:
    for _ in range(5):
        assert online.say("oNobodyKnows", "投票") == texts.HOW_TO_BIND
    online.close()
    assert online.count("chat_task") == 1
    simulator.inject("error", errcode=-1, count=2, path="/cgi-bin/user/info")
    assert chat_jobs.recognise_followers(online.ports) == 0
    assert chat_jobs.recognise_followers(online.ports) == 0
    assert online.say("oNobodyKnows", "投票") == texts.HOW_TO_BIND
    move_clock(online.ports.engine, 7 * 60 * MINUTES)
    assert chat_jobs.forget_chats(online.ports) > 0
    assert (online.count("chat_task"), online.count("wechat_arrival")) == (0, 0)


def test_a_follower_who_cannot_be_read_holds_up_no_other(
    online: Chatting, simulator: SimulatorHandle
) -> None:
    (user,) = simulator.create_users([{"openid": "oMiniPerson", "unionid": "union-1"}])
    with online.acting() as ctx:
        person = make_resident(ctx)
        keep_unionid(ctx, person.account_id, "union-1")
        for kind in ("recognise", "answer"):
            ctx.session.add(
                ChatTask(key=f"{kind}:odd", kind=kind, openid_sealed="gone.AAAA", created_at=ctx.clock.now())
            )
    simulator.control("POST", "users/oMiniPerson/follow", {"following": True})
    online.send(
        online.official.call(online.official.event(user["official_openid"], "subscribe", EventKey=""))
    )
    for _ in range(8):
        chat_jobs.answer_chats(online.ports)
    assert sum(chat_jobs.recognise_followers(online.ports) for _ in range(8)) == 1
    with online.acting() as ctx:
        assert chats.waiting_tasks(ctx, "answer") == []
