"""Sending: what arrives, what is refused, and that nothing is ever sent twice by itself."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest

from backend.infra.wechat.account import WeChatAccount
from backend.infra.wechat.client import WeChatSettings
from backend.infra.wechat.errors import (
    BUSY,
    Configuration,
    Passing,
    Permanent,
    Quota,
    Unknown,
    UserRefused,
    WeChatError,
)
from backend.infra.wechat.messages import MiniProgramLink, WeChatMessages
from tests.factories.simulator import APP_ID, APP_SECRET, DEMO_ROOM, SimulatorHandle
from tests.wechat.conftest import OPENID, SharedStore

SUBSCRIBE = "/cgi-bin/message/subscribe/send"
CUSTOM = "/cgi-bin/message/custom/send"
ROBOT = "/cgi-bin/webhook/send"
TEMPLATE = "tmplReminder"
DATA = {"thing1": "北塔花园加装电梯表决", "date2": "2026年12月1日 18:00", "phrase3": "未投票"}


def remind(messages: WeChatMessages) -> None:
    messages.send_subscribe(OPENID, TEMPLATE, "pages/ballot/ballot?id=1", DATA)


def test_subscription_message_arrives_and_uses_one_consent(
    messages: WeChatMessages, simulator: SimulatorHandle
) -> None:
    simulator.subscribe(OPENID, **{TEMPLATE: "accept"})
    remind(messages)
    (arrived,) = simulator.inbox(OPENID)
    assert (arrived["fields"], arrived["link"]) == (DATA, "pages/ballot/ballot?id=1")
    with pytest.raises(UserRefused) as caught:
        remind(messages)
    assert caught.value.code == 43101
    assert len(simulator.inbox(OPENID)) == 1


@pytest.mark.parametrize("answer", ["reject", "ban", "filter"])
def test_no_message_without_an_accept(
    messages: WeChatMessages, simulator: SimulatorHandle, answer: str
) -> None:
    assert simulator.subscribe(OPENID, **{TEMPLATE: answer}) == {
        "errMsg": "requestSubscribeMessage:ok",
        TEMPLATE: answer,
    }
    with pytest.raises(UserRefused):
        remind(messages)


def test_consents_add_up_and_end_with_a_refusal(messages: WeChatMessages, simulator: SimulatorHandle) -> None:
    for _ in range(3):
        simulator.subscribe(OPENID, **{TEMPLATE: "accept"})
    remind(messages)
    simulator.control("POST", f"users/{OPENID}/unsubscribe", {"template_id": TEMPLATE})
    with pytest.raises(UserRefused):
        remind(messages)
    assert len(simulator.inbox(OPENID)) == 1


@pytest.mark.parametrize(
    ("change", "kind", "code"),
    [
        ({"openid": "oNobody"}, Permanent, 40003),
        ({"template_id": "tmplUnknown"}, Configuration, 40037),
        ({"page": "pages/none/none"}, Configuration, 41030),
        ({"data": {**DATA, "phrase3": "超过五个汉字了"}}, Permanent, 47003),
        ({"data": {"thing1": "x"}}, Permanent, 47003),
        ({"data": {}}, Permanent, 47003),
    ],
)
def test_wrong_messages_are_refused_by_kind(
    messages: WeChatMessages,
    simulator: SimulatorHandle,
    change: dict[str, object],
    kind: type[WeChatError],
    code: int,
) -> None:
    simulator.control(
        "POST",
        "templates",
        {
            "templates": [{"template_id": TEMPLATE, "title": "投票提醒", "fields": list(DATA)}],
            "pages": ["pages/home/home"],
        },
    )
    simulator.subscribe(OPENID, **{TEMPLATE: "accept"})
    call = {"openid": OPENID, "template_id": TEMPLATE, "page": "pages/home/home", "data": DATA, **change}
    with pytest.raises(kind) as caught:
        messages.send_subscribe(**call)  # type: ignore[arg-type]  # the table holds the call's own arguments
    assert caught.value.code == code
    assert simulator.inbox(OPENID) == []


def test_field_error_names_the_field(messages: WeChatMessages) -> None:
    with pytest.raises(Permanent, match="phrase3"):
        messages.send_subscribe(OPENID, TEMPLATE, "", {"phrase3": "not Chinese"})


@pytest.mark.parametrize(
    ("fault", "kind", "arrives"),
    [
        ({"kind": "error", "errcode": -1}, Passing, False),
        ({"kind": "error", "errcode": 45009}, Quota, False),
        ({"kind": "error", "errcode": 43101}, UserRefused, False),
        ({"kind": "error", "errcode": 47003}, Permanent, False),
        ({"kind": "http_error", "errcode": 503}, Passing, False),
        ({"kind": "http_error", "errcode": 429}, Passing, False),
        ({"kind": "http_error", "errcode": 502}, Unknown, False),
        ({"kind": "http_error", "errcode": 404}, Configuration, False),
        ({"kind": "drop"}, Unknown, False),
        ({"kind": "drop_after"}, Unknown, True),
        ({"kind": "slow", "milliseconds": 900}, Unknown, True),
    ],
)
def test_a_message_is_sent_once_whatever_happens(
    messages: WeChatMessages,
    simulator: SimulatorHandle,
    fault: dict[str, object],
    kind: type[WeChatError],
    arrives: bool,
) -> None:
    for _ in range(3):
        simulator.subscribe(OPENID, **{TEMPLATE: "accept"})
    simulator.inject(**{**fault, "path": SUBSCRIBE})  # type: ignore[arg-type]  # inject's own arguments
    with pytest.raises(kind):
        remind(messages)
    assert simulator.calls(SUBSCRIBE) == 1
    if arrives:
        assert wait_for(lambda: len(simulator.inbox(OPENID)) == 1)
    else:
        assert simulator.inbox(OPENID) == []


@pytest.mark.parametrize("errcode", [40001, 42001])
def test_token_that_ends_in_mid_batch_is_renewed_and_nothing_doubled(
    messages: WeChatMessages, simulator: SimulatorHandle, errcode: int
) -> None:
    for _ in range(2):
        simulator.subscribe(OPENID, **{TEMPLATE: "accept"})
    remind(messages)
    simulator.spoil_tokens(errcode)
    remind(messages)
    assert len(simulator.inbox(OPENID)) == 2
    assert simulator.calls(SUBSCRIBE) == 3


def test_lasting_token_refusal_is_bounded(messages: WeChatMessages, simulator: SimulatorHandle) -> None:
    simulator.inject("error", errcode=40001, count=100, path=SUBSCRIBE)
    with pytest.raises(Configuration):
        remind(messages)
    assert simulator.calls(SUBSCRIBE) == 2


def test_nobody_listening_means_not_sent(store: SharedStore, simulator: SimulatorHandle) -> None:
    account = WeChatAccount(WeChatSettings(APP_ID, APP_SECRET, simulator.base_url), store)
    account.ask_with_token("/wxa/business/getuserphonenumber", {"code": simulator.phone_code(OPENID)})
    away = WeChatAccount(WeChatSettings(APP_ID, APP_SECRET, "http://127.0.0.1:9"), store)
    with pytest.raises(Passing) as caught:
        remind(WeChatMessages(away))
    assert not caught.value.may_be_done


def test_connection_idle_for_long_is_not_used_again(simulator: SimulatorHandle, store: SharedStore) -> None:
    account = WeChatAccount(WeChatSettings(APP_ID, APP_SECRET, simulator.base_url), store)
    messages = WeChatMessages(account)
    simulator.control("POST", "consents", {"grants": [[OPENID, TEMPLATE, 2]]})
    remind(messages)
    pools = account._local.client._http.get_adapter("https://api.weixin.qq.com").poolmanager.pools
    assert len(pools) == 1
    account._local.client._used_at -= 60
    account._local.client.refresh()
    assert len(pools) == 0
    remind(messages)
    assert len(simulator.inbox(OPENID)) == 2


def test_quota_says_when_to_come_back(messages: WeChatMessages, simulator: SimulatorHandle) -> None:
    simulator.inject("error", errcode=45009, count=2)
    for send, seconds in (
        (lambda: messages.send_robot(DEMO_ROOM, "x"), 60),
        (lambda: remind(messages), 3600),
    ):
        with pytest.raises(Quota) as caught:
            send()
        assert caught.value.retry_after == seconds


def test_custom_message_needs_the_persons_word(
    messages: WeChatMessages, simulator: SimulatorHandle, official_openid: str
) -> None:
    simulator.advance(61)
    with pytest.raises(UserRefused) as caught:
        messages.send_custom(official_openid, "您好")
    assert caught.value.code == 45015
    simulator.control("POST", f"users/{OPENID}/chat", {"text": "进度"})
    for _ in range(5):
        messages.send_custom(official_openid, "已有 12 户投票")
    with pytest.raises(UserRefused) as caught:
        messages.send_custom(official_openid, "再说一句")
    assert caught.value.code == 45047
    assert [message["kind"] for message in simulator.chat(OPENID)] == ["mine", *["custom"] * 5]


def test_custom_message_after_a_tap_three_within_a_minute(
    messages: WeChatMessages, simulator: SimulatorHandle, official_openid: str
) -> None:
    for _ in range(3):
        messages.send_custom(official_openid, "欢迎")
    with pytest.raises(UserRefused) as caught:
        messages.send_custom(official_openid, "欢迎")
    assert caught.value.code == 45047


def test_template_message_is_cut_and_sent_once_by_key(
    messages: WeChatMessages, simulator: SimulatorHandle, official_openid: str
) -> None:
    page = MiniProgramLink(APP_ID, "pages/home/home")
    for _ in range(2):
        messages.send_template(
            official_openid, "tmplOfficial", "", {"thing1": "字" * 30}, mini_program=page, once_key="k1"
        )
    (arrived,) = simulator.inbox(OPENID)
    assert (arrived["fields"], arrived["link"]) == ({"thing1": "字" * 20}, "pages/home/home")


def test_template_message_needs_a_follower(
    messages: WeChatMessages, simulator: SimulatorHandle, official_openid: str
) -> None:
    simulator.control("POST", f"users/{OPENID}/follow", {"following": False})
    with pytest.raises(UserRefused) as caught:
        messages.send_template(official_openid, "tmplOfficial", "https://example.org/", {"thing1": "通知"})
    assert caught.value.code == 43004


def test_without_an_official_account_it_is_configuration(store: SharedStore) -> None:
    only_mini = WeChatMessages(WeChatAccount(WeChatSettings(APP_ID, APP_SECRET), store))
    with pytest.raises(Configuration):
        only_mini.send_custom("f1", "x")


def test_robot_writes_into_its_group_twenty_times_a_minute(
    messages: WeChatMessages, simulator: SimulatorHandle
) -> None:
    for number in range(20):
        messages.send_robot(DEMO_ROOM, f"**今日汇总** {number}")
    with pytest.raises(Quota) as caught:
        messages.send_robot(DEMO_ROOM, "太多了")
    assert caught.value.retry_after == 60
    simulator.advance(61)
    messages.send_robot(DEMO_ROOM, "纯文本", "text")
    room = simulator.control("GET", f"rooms/{DEMO_ROOM}")
    assert [room["total"], room["messages"][-1]["kind"]] == [21, "text"]


def test_robot_needs_a_key_and_a_sensible_size(messages: WeChatMessages, simulator: SimulatorHandle) -> None:
    with pytest.raises(Configuration) as caught:
        messages.send_robot("no-such-key", "x")
    assert caught.value.code == 93000
    messages.send_robot(DEMO_ROOM, "字" * 1365)
    refused: list[Callable[[], None]] = [
        lambda: messages.send_robot(DEMO_ROOM, "字" * 1366),
        lambda: messages.send_robot(DEMO_ROOM, "字" * 683, "text"),
        lambda: messages.send_robot(DEMO_ROOM, ""),
        lambda: messages.send_robot(DEMO_ROOM, "x", "voice"),
    ]
    before = simulator.calls(ROBOT)
    for send in refused:
        with pytest.raises(Permanent):
            send()
    assert simulator.calls(ROBOT) == before


def test_half_a_character_is_never_sent(messages: WeChatMessages, simulator: SimulatorHandle) -> None:
    for send in (
        lambda: messages.send_robot(DEMO_ROOM, "\ud800"),
        lambda: messages.send_subscribe(OPENID, TEMPLATE, "", {"thing1": "\ud800"}),
    ):
        with pytest.raises(Permanent):
            send()
    assert simulator.calls(ROBOT) == simulator.calls(SUBSCRIBE) == 0


def test_robot_answer_that_is_lost_is_unknown(messages: WeChatMessages, simulator: SimulatorHandle) -> None:
    simulator.inject("drop_after", path=ROBOT)
    with pytest.raises(Unknown):
        messages.send_robot(DEMO_ROOM, "x")
    assert simulator.calls(ROBOT) == 1


def test_storm_of_busy_answers_makes_no_storm_of_ours(
    messages: WeChatMessages, simulator: SimulatorHandle
) -> None:
    simulator.inject("error", errcode=-1, count=1000, path=SUBSCRIBE)
    for _ in range(10):
        with pytest.raises(Passing) as caught:
            remind(messages)
        assert caught.value.code == BUSY
    assert simulator.calls(SUBSCRIBE) == 10


def wait_for(condition: Callable[[], bool], seconds: float = 5) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True
