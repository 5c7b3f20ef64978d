"""Calls that are not WeChat's, or not for now, or not readable: right answers, never a 5xx, no second effect."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from backend.infra.installation import move_clock
from backend.infra.wechat.callbacks import MOST_BYTES
from backend.wsgi import build_app
from tests.bot.chatting import Chatting
from tests.factories.wechat_calls import Call, WeChatCaller
from wechat_simulator.crypto import sign

ACCOUNTS = ("official", "mini")
OPENID = "oFollower0001"


def caller(chatting: Chatting, account: str, form: str = "xml") -> WeChatCaller:
    return WeChatCaller.of(chatting.ports.settings, account, form)


@pytest.mark.parametrize("account", ACCOUNTS)
def test_address_check_echoes_only_to_who_knows_the_token(chatting: Chatting, account: str) -> None:
    client, known = chatting.app.test_client(), caller(chatting, account)
    stamp = str(int(time.time()))

    def check(token: str, moment: str, echo: str = "echo<b>1</b>") -> Any:
        query = {"signature": sign(token, moment, "n"), "timestamp": moment, "nonce": "n", "echostr": echo}
        return client.get(f"/wechat/{account}", query_string=query)

    answer = check(known.token, stamp)
    assert (answer.status_code, answer.text, answer.mimetype) == (200, "echo<b>1</b>", "text/plain")
    assert check("another-token", stamp).status_code == 403
    assert check(known.token, str(int(stamp) - 3600)).status_code == 403
    assert check(known.token, "soon").status_code == 400
    assert client.get(f"/wechat/{account}").status_code == 403
    assert client.get("/wechat/other").status_code == 404


def _wrong_signature(known: WeChatCaller) -> Call:
    return known.text(OPENID, "投票", token="not-the-token")


def _stale(known: WeChatCaller) -> Call:
    return known.text(OPENID, "投票", age=301)


def _from_the_future(known: WeChatCaller) -> Call:
    return known.text(OPENID, "投票", age=-310)


def _other_key(known: WeChatCaller) -> Call:
    return known.text(OPENID, "投票", aes_key="x" * 42 + "A")


def _not_base64(known: WeChatCaller) -> Call:
    return known.envelope("这不是密文")


def _half_a_block(known: WeChatCaller) -> Call:
    return known.envelope("AAAA")


def _empty_cipher(known: WeChatCaller) -> Call:
    return known.envelope("")


def _other_app(known: WeChatCaller) -> Call:
    other = WeChatCaller("wxanother0000001", known.token, known.aes_key, known.account, known.form)
    return other.text(OPENID, "投票")


def _raw(text: bytes) -> Callable[[WeChatCaller], Call]:
    return lambda known: known.call(raw=text)


def _outer(body: bytes, kind: str = "text/xml") -> Callable[[WeChatCaller], Call]:
    def call(known: WeChatCaller) -> Call:
        return Call(known.text(OPENID, "投票").path, body, kind)

    return call


_BOMB = b'<!DOCTYPE a [<!ENTITY b "cccc">]><xml><Encrypt>&b;</Encrypt></xml>'
_DEEP = b"<xml>" + b"<a>" * 50 + b"</a>" * 50 + b"</xml>"
_HALF = b'{"FromUserName": "\\ud800", "MsgType": "text", "CreateTime": 1}'
_NOBODY = b"<xml><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>"
_STRANGE = b"<xml><FromUserName>a b</FromUserName><MsgType>text</MsgType><CreateTime>1</CreateTime></xml>"
ABUSES: dict[str, tuple[Callable[[WeChatCaller], Call], int]] = {
    "wrong signature": (_wrong_signature, 403),
    "stale": (_stale, 403),
    "from the future": (_from_the_future, 403),
    "encrypted with another key": (_other_key, 400),
    "ciphertext is no base64": (_not_base64, 400),
    "ciphertext is half a block": (_half_a_block, 400),
    "ciphertext is empty": (_empty_cipher, 400),
    "for another app": (_other_app, 400),
    "inner text is no XML": (_raw(b"hello"), 400),
    "inner XML is cut": (_raw(b"<xml><MsgType>text"), 400),
    "inner JSON is cut": (_raw(b'{"MsgType": "te'), 400),
    "inner JSON is a list": (_raw(b"[1, 2]"), 400),
    "inner JSON is deep": (_raw(b'{"a":' * 5000 + b"1" + b"}" * 5000), 400),
    "inner JSON has half a character": (_raw(_HALF), 400),
    "inner text is no UTF-8": (_raw(b"<xml>\xff\xfe</xml>"), 400),
    "no sender": (_raw(_NOBODY), 400),
    "sender is no openid": (_raw(_STRANGE), 400),
    "empty body": (_outer(b""), 400),
    "body is no XML": (_outer(b"hello"), 400),
    "body has entities": (_outer(_BOMB), 400),
    "body is deep": (_outer(_DEEP), 400),
    "body is not encrypted": (_outer(b"<xml><MsgType>text</MsgType></xml>"), 400),
    "body is JSON without ciphertext": (_outer(b'{"Encrypt": 5}', "application/json"), 400),
    "body has a wrong type": (_outer(b"\x00\x01", "multipart/form-data; boundary=x"), 400),
    "oversized": (_outer(b"<xml>" + b" " * MOST_BYTES + b"</xml>"), 413),
}


@pytest.mark.parametrize("form", ["xml", "json"])
@pytest.mark.parametrize("account", ACCOUNTS)
def test_every_abuse_is_refused_and_leaves_nothing(chatting: Chatting, account: str, form: str) -> None:
    known = caller(chatting, account, form)
    for name, (abuse, expected) in ABUSES.items():
        status, body = chatting.post(abuse(known))
        assert status == expected, (name, status, body)
        assert set(json.loads(body)) == {"code", "message"}, name
    for table in ("wechat_arrival", "chat_task", "consent_grant", "failed_try"):
        assert chatting.count(table) == 0


def test_parts_of_the_query_may_be_missing_or_doubled(chatting: Chatting) -> None:
    good = chatting.official.text(OPENID, "投票")
    address, _, query = good.path.partition("?")
    for part in query.split("&"):
        left = "&".join(other for other in query.split("&") if other != part)
        status, _ = chatting.post(Call(f"{address}?{left}", good.body, good.content_type))
        is_needed = part.split("=")[0] in ("timestamp", "nonce", "msg_signature")
        assert status == (403 if is_needed else 200), part
    status, _ = chatting.post(Call(f"{address}?timestamp=%ff&{query}", good.body, good.content_type))
    assert status == 403


def test_one_accounts_secrets_do_not_open_the_other(chatting: Chatting) -> None:
    call = chatting.official.text(OPENID, "投票")
    assert chatting.post(Call(call.path.replace("official", "mini"), call.body, call.content_type))[0] == 403


def test_a_repeated_question_gets_the_same_answer_and_changes_nothing(chatting: Chatting) -> None:
    call = chatting.official.text(OPENID, "你好")
    answers = [chatting.send(call) for _ in range(4)]
    assert len(set(answers)) == 1 and answers[0]
    assert chatting.count("wechat_arrival") == 0


def test_the_same_event_signed_anew_is_one_arrival(chatting: Chatting) -> None:
    fields = chatting.official.event(OPENID, "subscribe", EventKey="")
    for _ in range(3):
        chatting.send(chatting.official.call(fields))
    assert chatting.count("wechat_arrival") == 1


def test_repetitions_at_once_are_one_arrival(chatting: Chatting) -> None:
    call = chatting.official.call(chatting.official.event(OPENID, "subscribe", EventKey=""))
    answers: list[str] = []
    threads = [threading.Thread(target=lambda: answers.append(chatting.send(call))) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 6 and len(set(answers)) == 1
    assert chatting.count("wechat_arrival") == 1


def test_who_writes_too_often_is_told_so_and_others_are_answered(chatting: Chatting) -> None:
    answers = [chatting.say("oFlood", "你好") for _ in range(33)]
    assert len(set(answers)) == 2
    assert answers[29] != answers[30] and "太快" in answers[30]
    assert chatting.say("oOther", "你好") == answers[0]
    # WeChat itself is not refused: what is no chat always counts.
    unfollow = chatting.official.call(chatting.official.event("oFlood", "unsubscribe"))
    assert chatting.post(unfollow) == (200, "success")


def test_without_secrets_there_is_no_such_address(chatting: Chatting) -> None:
    bare = replace(
        chatting.ports,
        settings=replace(chatting.ports.settings, callback_token_official="", wechat_official_app_id=""),
    )
    closed = Chatting(build_app(bare), chatting.ports)
    assert closed.post(chatting.official.text(OPENID, "投票"))[0] == 404
    assert closed.app.test_client().get("/wechat/official").status_code == 404
    assert closed.post(chatting.mini.call(chatting.mini.event(OPENID, "other")))[0] == 200
    closed.close()


def test_freshness_follows_the_database_clock(chatting: Chatting) -> None:
    call = chatting.official.text(OPENID, "你好")
    assert chatting.post(call)[0] == 200
    move_clock(chatting.ports.engine, 3600 * 1_000_000)
    later = chatting.official.text(OPENID, "你好", age=-3600)
    assert chatting.post(later)[0] == 200, "a rehearsal's clock is the one that counts"
