"""Callbacks: only WeChat's own, only fresh ones, only whole ones; whatever else comes is a typed refusal."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.infra.wechat.callbacks import (
    MOST_BYTES,
    BadMessage,
    BadSignature,
    Callback,
    CallbackError,
    CallbackSettings,
    Oversized,
    Stale,
    Subscription,
    open_callback,
    seal_reply,
    text_reply,
    verify_address,
)
from tests.factories.simulator import CALLBACK_AES_KEY, CALLBACK_TOKEN
from wechat_simulator.crypto import seal, sign, unseal
from wechat_simulator.pushes import Address, envelope, read_reply

NOW = 1_796_000_000
APP = "wxdemo0000000001"
SETTINGS = CallbackSettings(APP, CALLBACK_TOKEN, CALLBACK_AES_KEY)
TEXT = {
    "ToUserName": "gh_1",
    "FromUserName": "oPerson",
    "CreateTime": NOW,
    "MsgType": "text",
    "Content": "进度 <b> & ]]> 完",
    "MsgId": "23000000000000001",
}


def address(form: str = "xml", app_id: str = APP) -> Address:
    return Address("http://127.0.0.1:1/", CALLBACK_TOKEN, CALLBACK_AES_KEY, app_id, form)


def receive(fields: dict[str, Any], form: str = "xml", now: int = NOW) -> Callback:
    sent = envelope(address(form), fields, NOW)
    return open_callback(SETTINGS, sent.query, sent.body, now)


def sealed(plain: bytes) -> tuple[dict[str, str], bytes]:
    """Return a rightly signed envelope around any bytes."""
    encrypted = seal(CALLBACK_AES_KEY, APP, plain)
    query = {
        "timestamp": str(NOW),
        "nonce": "n",
        "msg_signature": sign(CALLBACK_TOKEN, str(NOW), "n", encrypted),
    }
    return query, json.dumps({"Encrypt": encrypted}).encode()


def event(what: str, listed: Any, form: str, at: int = NOW) -> dict[str, Any]:
    holder = (
        {"List": listed} if form == "json" else {f"SubscribeMsg{what.capitalize()}Event": {"List": listed}}
    )
    head = {"ToUserName": "gh_1", "FromUserName": "oPerson", "CreateTime": at, "MsgType": "event"}
    return {**head, "Event": f"subscribe_msg_{what}_event", **holder}


@pytest.mark.parametrize("form", ["xml", "json"])
def test_a_text_arrives_whole(form: str) -> None:
    callback = receive(TEXT, form)
    assert (callback.kind, callback.event, callback.openid) == ("text", "", "oPerson")
    assert callback.text("Content") == TEXT["Content"]
    assert (callback.created_at, callback.is_json) == (NOW, form == "json")
    assert "oPerson" not in repr(callback)


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("as_object", [True, False])
def test_subscriptions_come_as_object_or_array(form: str, count: int, as_object: bool) -> None:
    items = [
        {"TemplateId": f"t{n}", "SubscribeStatusString": "accept", "PopupScene": "0"} for n in range(count)
    ]
    callback = receive(event("popup", items[0] if as_object and count == 1 else items, form), form)
    assert callback.subscriptions == tuple(Subscription(f"t{n}", "accept") for n in range(count))


def test_sent_event_has_its_result() -> None:
    item = {"TemplateId": "t1", "MsgID": "77", "ErrorCode": "0", "ErrorStatus": "success"}
    assert receive(event("sent", item, "json"), "json").subscriptions == (
        Subscription("t1", "success", "77", "0"),
    )


@pytest.mark.parametrize("listed", ["", [], [1, None], {}, 5, None, {"List": []}])
def test_odd_lists_do_no_harm(listed: object) -> None:
    callback = receive(event("popup", listed, "json"), "json")
    assert all(item.template_id == "" for item in callback.subscriptions)


def test_repetitions_have_one_key_and_news_another() -> None:
    item = {"TemplateId": "t1", "MsgID": "77", "ErrorCode": "0", "ErrorStatus": "success"}
    same = {receive(TEXT).key, receive(TEXT, "json").key, receive({**TEXT, "CreateTime": NOW + 5}).key}
    others = {
        receive({**TEXT, "MsgId": "2"}).key,
        receive(event("sent", item, "json"), "json").key,
        receive(event("sent", {**item, "MsgID": "78"}, "json"), "json").key,
        receive(event("sent", item, "json", NOW + 1), "json").key,
        receive(event("popup", item, "json"), "json").key,
    }
    assert len(same) == 1
    assert len(others | same) == 6
    assert receive(event("sent", item, "xml")).key == receive(event("sent", item, "json"), "json").key


@pytest.mark.parametrize(
    ("age", "is_fresh"), [(0, True), (300, True), (-300, True), (301, False), (-301, False)]
)
def test_only_fresh_messages_are_taken(age: int, is_fresh: bool) -> None:
    if is_fresh:
        assert receive(TEXT, now=NOW + age).kind == "text"
        return
    with pytest.raises(Stale):
        receive(TEXT, now=NOW + age)


@pytest.mark.parametrize("part", ["msg_signature", "timestamp", "nonce"])
@pytest.mark.parametrize("value", [None, "", "1796000001", "é", "\ud800"])
def test_any_change_breaks_the_signature(part: str, value: str | None) -> None:
    sent = envelope(address(), TEXT, NOW)
    query = {name: text for name, text in sent.query.items() if name != part}
    if value is not None:
        query[part] = value
    with pytest.raises(BadSignature):
        open_callback(SETTINGS, query, sent.body, NOW)


def test_other_token_key_or_app_is_refused() -> None:
    sent = envelope(address(), TEXT, NOW)
    with pytest.raises(BadSignature):
        open_callback(CallbackSettings(APP, "other", CALLBACK_AES_KEY), sent.query, sent.body, NOW)
    with pytest.raises(BadMessage):
        open_callback(CallbackSettings(APP, CALLBACK_TOKEN, "z" * 43), sent.query, sent.body, NOW)
    with pytest.raises(BadMessage):
        open_callback(
            CallbackSettings("wxother", CALLBACK_TOKEN, CALLBACK_AES_KEY), sent.query, sent.body, NOW
        )


BODIES = [
    b"",
    b"<",
    b"{",
    b"[]",
    b"{}",
    b"null",
    b"<xml/>",
    b"<xml>text</xml>",
    b"<xml><Encrypt></xml>",
    b"<xml><A>1</A></xml>",
    b'{"Encrypt": 5}',
    b'{"Encrypt": ["a"]}',
    b"<xml><Encrypt>a</Encrypt><Encrypt>b</Encrypt></xml>",
    b"{" + b'"a":{' * 2000,
    b"[" * 40_000,
    b"<a>" * 1000,
    b'<!DOCTYPE x [<!ENTITY a "aa">]><xml><Encrypt>&a;</Encrypt></xml>',
    b'<!DOCTYPE x SYSTEM "file:///etc/passwd"><xml><Encrypt>a</Encrypt></xml>',
    b"\xff\xfe\x00",
    "<xml><Encrypt>码</Encrypt></xml>".encode("gbk"),
]


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_malformed_bodies_are_typed_refusals(body: bytes) -> None:
    with pytest.raises(BadMessage):
        open_callback(SETTINGS, {"timestamp": str(NOW), "nonce": "n", "msg_signature": "x"}, body, NOW)


@pytest.mark.parametrize("body", BODIES, ids=range(len(BODIES)))
def test_malformed_messages_inside_a_right_envelope_too(body: bytes) -> None:
    with pytest.raises(BadMessage):
        open_callback(SETTINGS, *sealed(body), NOW)


@pytest.mark.parametrize("encrypted", ["", "AAAA", "A" * 64, "!!!!", "é", "\ud800", "A" * 43 + "="])
def test_signed_rubbish_is_a_typed_refusal(encrypted: str) -> None:
    try:
        signature = sign(CALLBACK_TOKEN, str(NOW), "n", encrypted)
    except UnicodeEncodeError:
        signature = "cannot be signed"
    query = {"timestamp": str(NOW), "nonce": "n", "msg_signature": signature}
    with pytest.raises((BadMessage, BadSignature)):
        open_callback(SETTINGS, query, json.dumps({"Encrypt": encrypted}).encode(), NOW)


@given(body=st.binary(max_size=300), encrypted=st.text(max_size=100))
def test_no_bytes_raise_anything_else(body: bytes, encrypted: str) -> None:
    for sent in (body, json.dumps({"Encrypt": encrypted}).encode()):
        with pytest.raises(CallbackError):
            open_callback(SETTINGS, {"timestamp": str(NOW)}, sent, NOW)
    with pytest.raises(CallbackError):
        open_callback(SETTINGS, *sealed(body), NOW)


def test_oversized_is_refused_unread() -> None:
    with pytest.raises(Oversized):
        open_callback(SETTINGS, {}, b"x" * (MOST_BYTES + 1), NOW)


@pytest.mark.parametrize("stamp", ["", "x", "-5", "1e9", "９９", "9" * 40])
def test_signed_but_senseless_timestamp(stamp: str) -> None:
    encrypted = seal(CALLBACK_AES_KEY, APP, b"<xml/>")
    query = {"timestamp": stamp, "nonce": "n", "msg_signature": sign(CALLBACK_TOKEN, stamp, "n", encrypted)}
    with pytest.raises(BadMessage):
        open_callback(SETTINGS, query, json.dumps({"Encrypt": encrypted}).encode(), NOW)


def test_address_check_echoes_only_for_wechat() -> None:
    query = {"timestamp": str(NOW), "nonce": "n", "echostr": "42"}
    signed = {**query, "signature": sign(CALLBACK_TOKEN, str(NOW), "n")}
    assert verify_address(SETTINGS, signed, NOW) == "42"
    with pytest.raises(BadSignature):
        verify_address(SETTINGS, query, NOW)
    with pytest.raises(Stale):
        verify_address(SETTINGS, signed, NOW + 1000)


def test_sealed_reply_is_what_wechat_reads() -> None:
    words = "您所在小区：还差 12 户 ]]> <完>"
    sealed_reply = seal_reply(SETTINGS, text_reply(receive(TEXT), words, NOW), NOW)
    assert read_reply(address(), sealed_reply) == (True, words)
    as_json = json.loads(seal_reply(SETTINGS, "{}", NOW, as_json=True))
    assert unseal(CALLBACK_AES_KEY, APP, as_json["Encrypt"]) == b"{}"
    expected = sign(CALLBACK_TOKEN, str(NOW), as_json["Nonce"], as_json["Encrypt"])
    assert as_json["MsgSignature"] == expected


@pytest.mark.parametrize(
    ("token", "key"), [("", CALLBACK_AES_KEY), ("t", "short"), ("t", "é" * 43), ("t", "")]
)
def test_unusable_secrets_are_refused_at_start(token: str, key: str) -> None:
    with pytest.raises(ValueError, match="callback"):
        CallbackSettings(APP, token, key)


def test_settings_hide_their_secrets() -> None:
    assert CALLBACK_TOKEN not in repr(SETTINGS)
    assert CALLBACK_AES_KEY not in repr(SETTINGS)
