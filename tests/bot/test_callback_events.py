"""Events: consents count once whoever tells of them, followers come and go, pictures are judged."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from backend.infra.context import Context
from backend.infra.wechat.pushed import MediaCheck, registered
from backend.notifications.repository import consents
from backend.notifications.rules.templates import SIMULATED
from backend.notifications.service import followers
from backend.notifications.service.subscriptions import RecordAnswers, record_answers
from tests.bot.chatting import Chatting
from tests.factories.people import ResidentFixture, acting_as, make_resident
from tests.factories.wechat_calls import WeChatCaller

REMINDER, RECORD = (SIMULATED[name].template_id for name in ("reminder", "record"))  # type: ignore[index] # a StrEnum
ACCEPT = {"SubscribeStatusString": "accept", "PopupScene": "0"}


@pytest.fixture
def person(chat: Chatting) -> ResidentFixture:
    home = chat.estate(1).dwelling_ids[0]
    with chat.acting() as ctx:
        return make_resident(ctx, home)


def openid_of(chat: Chatting, person: ResidentFixture) -> str:
    from backend.identity.service.contacts import contacts_of

    with chat.acting() as ctx:
        openid = contacts_of(ctx, [person.account_id])[person.account_id].openid
    assert openid is not None
    return openid


def left(chat: Chatting, person: ResidentFixture, purpose: str = "reminder") -> int:
    with chat.acting() as ctx:
        return consents.balances(ctx.session, person.account_id).get(purpose, 0)


def popup(chat: Chatting, openid: str, listed: Any, form: str = "json", event: str = "popup") -> Any:
    """Return a subscription event with its list in the way of a form."""
    name = f"subscribe_msg_{event}_event"
    wrapper = f"SubscribeMsg{event.capitalize()}Event"
    held = {"json": {"List": listed}, "xml": {wrapper: {"List": listed}}, "bare": {wrapper: listed}}[form]
    return chat.mini.event(openid, name, **held)


def told(chat: Chatting, fields: Any, form: str = "json") -> None:
    caller = WeChatCaller.of(chat.ports.settings, "mini", "xml" if form == "xml" else "json")
    assert chat.post(caller.call(fields)) == (200, "success")


@pytest.mark.parametrize("form", ["json", "xml", "bare"])
def test_list_as_object_and_as_array(chat: Chatting, person: ResidentFixture, form: str) -> None:
    openid = openid_of(chat, person)
    one = {"TemplateId": REMINDER, **ACCEPT}
    told(chat, popup(chat, openid, one, form), form)
    assert (left(chat, person), left(chat, person, "record")) == (1, 0)
    told(chat, popup(chat, openid, [one, {"TemplateId": RECORD, **ACCEPT}], form), form)
    assert (left(chat, person), left(chat, person, "record")) == (2, 1)


def test_an_accept_counts_once_whoever_tells_of_it_how_often(chat: Chatting, person: ResidentFixture) -> None:
    fields = popup(chat, openid_of(chat, person), {"TemplateId": REMINDER, **ACCEPT})
    for _ in range(3):
        told(chat, fields)
    with chat.acting() as ctx:
        for _ in range(2):
            record_answers(acting_as(ctx, person), RecordAnswers("tap-00000001", {REMINDER: "accept"}))
    told(chat, fields)
    assert left(chat, person) == 1


def test_a_setting_turned_off_ends_what_was_left(chat: Chatting, person: ResidentFixture) -> None:
    openid = openid_of(chat, person)
    told(chat, popup(chat, openid, {"TemplateId": REMINDER, **ACCEPT}))
    refused = {"TemplateId": REMINDER, "SubscribeStatusString": "reject"}
    told(chat, popup(chat, openid, refused, event="change"))
    assert left(chat, person) == 0


def test_sent_events_count_nothing_again(
    chat: Chatting, person: ResidentFixture, caplog: pytest.LogCaptureFixture
) -> None:
    openid = openid_of(chat, person)
    told(chat, popup(chat, openid, {"TemplateId": REMINDER, **ACCEPT}))
    good = {"TemplateId": REMINDER, "MsgID": "1", "ErrorCode": "0", "ErrorStatus": "success"}
    bad = {"TemplateId": REMINDER, "MsgID": "2", "ErrorCode": "5", "ErrorStatus": "failed"}
    with caplog.at_level(logging.WARNING, "gongjue.bot"):
        told(chat, popup(chat, openid, [good, bad], event="sent"))
    assert left(chat, person) == 1
    assert [record.message for record in caplog.records] == ["message_not_shown"]
    assert openid not in caplog.text


def test_strangers_and_unknown_events_are_taken_and_do_nothing(chat: Chatting) -> None:
    before = chat.count("consent_grant")
    told(chat, popup(chat, "oNobody", {"TemplateId": REMINDER, **ACCEPT}))
    for strange in ([], "text", None, [1, 2], {"TemplateId": {"a": 1}}, {"SubscribeStatusString": "accept"}):
        told(chat, popup(chat, "oNobody", strange))
    told(chat, chat.mini.event("oNobody", "user_enter_tempsession"))
    told(chat, chat.mini.message("oNobody", "text", Content="有人吗"))
    assert chat.count("consent_grant") == before


@pytest.fixture
def heard() -> Iterator[list[MediaCheck]]:
    """What the plugged-in listeners were told; the first of them fails."""
    checks: list[MediaCheck] = []

    def broken(_ctx: Context, _check: MediaCheck) -> None:
        raise RuntimeError("listener at fault")

    registered.media_listeners[:0] = [broken, lambda _ctx, check: checks.append(check)]
    yield checks
    del registered.media_listeners[:2]


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_media_check_is_handed_on_once(chat: Chatting, heard: list[MediaCheck], form: str) -> None:
    for suggestion, errcode in (("pass", 0), ("risky", 0), ("risky", -1008)):
        result = {"suggest": suggestion, "label": 20001}
        more = {
            "trace_id": f"{form}-{suggestion}-{errcode}",
            "errcode": errcode,
            "result": result,
            "version": 2,
        }
        fields = chat.mini.event("oAnybody", "wxa_media_check", **more)
        for _ in range(2):
            told(chat, fields, form)
    assert heard == [
        MediaCheck(f"{form}-pass-0", "pass", 20001),
        MediaCheck(f"{form}-risky-0", "risky", 20001),
        MediaCheck(f"{form}-risky--1008", "failed", 20001),
    ]
    told(chat, chat.mini.event("oAnybody", "wxa_media_check"), form)
    assert len(heard) == 3


def test_leaving_ends_the_link_and_following_again_greets(chat: Chatting) -> None:
    home = chat.estate(1).dwelling_ids[0]
    chat.resident("oGone", home)
    assert "看全部" not in chat.say("oGone", "进度")
    leave = chat.official.call(chat.official.event("oGone", "unsubscribe"))
    for _ in range(2):
        assert chat.post(leave) == (200, "success")
    with chat.acting() as ctx:
        assert followers.accounts_of_follower(ctx, "oGone") == {}
    follow = chat.official.event("oGone", "subscribe", EventKey="")
    assert "先做两步" in chat.send(chat.official.call(follow))


def test_other_events_of_the_official_account_are_taken(chat: Chatting) -> None:
    for name, more in (
        ("TEMPLATESENDJOBFINISH", {"MsgID": 5, "Status": "success"}),
        ("VIEW", {"EventKey": "https://example.cn"}),
        ("LOCATION", {"Latitude": "38.1"}),
        ("view_miniprogram", {"EventKey": "pages/index/index"}),
    ):
        call = chat.official.call(chat.official.event("oAny", name, **more))
        assert chat.post(call) == (200, "success"), name
