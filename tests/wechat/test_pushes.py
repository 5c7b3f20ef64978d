"""The simulator's callbacks, received by a real server that opens them with the product's own functions."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from backend.infra.wechat.callbacks import (
    Callback,
    CallbackError,
    CallbackSettings,
    open_callback,
    seal_reply,
    text_reply,
)
from backend.infra.wechat.content import ContentGateway
from backend.infra.wechat.gateway import WeChatGateway
from backend.infra.wechat.messages import WeChatMessages
from tests.factories.simulator import (
    APP_ID,
    CALLBACK_AES_KEY,
    CALLBACK_TOKEN,
    OFFICIAL_ID,
    SimulatorHandle,
)
from tests.wechat.conftest import OPENID
from wechat_simulator.events import BROKEN

MINI = CallbackSettings(APP_ID, CALLBACK_TOKEN, CALLBACK_AES_KEY)
OFFICIAL = CallbackSettings(OFFICIAL_ID, CALLBACK_TOKEN, CALLBACK_AES_KEY)


@dataclass
class Receiver:
    """What the product would be: it opens what comes and answers as told."""

    url: str = ""
    received: list[Callback] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)
    answer: Callable[[Callback], str] = lambda _callback: "success"
    status: int = 200
    slow_seconds: float = 0.0
    calls: int = 0

    def wait(self, count: int) -> list[Callback]:
        deadline = time.monotonic() + 5
        while len(self.received) < count and time.monotonic() < deadline:
            time.sleep(0.01)
        assert len(self.received) == count
        return self.received

    def take(self, path: str, body: bytes) -> str:
        self.calls += 1
        time.sleep(self.slow_seconds)
        parts = urlsplit(path)
        settings = MINI if parts.path == "/mini" else OFFICIAL
        query = dict(parse_qsl(parts.query))
        try:
            callback = open_callback(settings, query, body, int(time.time()))
        except CallbackError as error:
            self.refused.append(type(error).__name__)
            return "refused"
        self.received.append(callback)
        return self.answer(callback)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    state = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            content = state.take(self.path, self.rfile.read(int(self.headers["Content-Length"]))).encode()
            self.send_response(state.status)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.handle_error = lambda *_: None  # type: ignore[method-assign]  # the caller may have given up
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_port}"
    yield state
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize("form", ["xml", "json"])
def test_popup_refusal_and_sending_are_told(
    simulator: SimulatorHandle, receiver: Receiver, messages: WeChatMessages, form: str
) -> None:
    simulator.connect_callback("mini", f"{receiver.url}/mini", form)
    simulator.subscribe(OPENID, t1="accept", t2="reject", t3="ban")
    messages.send_subscribe(OPENID, "t1", "", {"thing1": "提醒"})
    simulator.control("POST", f"users/{OPENID}/unsubscribe", {"template_id": "t1"})
    told = {callback.event: callback.subscriptions for callback in receiver.wait(3)}
    assert [(item.template_id, item.status) for item in told["subscribe_msg_popup_event"]] == [
        ("t1", "accept"),
        ("t2", "reject"),
    ]
    assert [(item.template_id, item.status) for item in told["subscribe_msg_sent_event"]] == [
        ("t1", "success")
    ]
    assert [(item.template_id, item.status) for item in told["subscribe_msg_change_event"]] == [
        ("t1", "reject")
    ]
    assert {callback.openid for callback in receiver.received} == {OPENID}


def test_chat_shows_the_answer(simulator: SimulatorHandle, receiver: Receiver) -> None:
    receiver.answer = lambda callback: seal_reply(
        OFFICIAL, text_reply(callback, f"收到：{callback.text('Content')}", 1), int(time.time())
    )
    simulator.connect_callback("official", f"{receiver.url}/official")
    simulator.control("POST", f"users/{OPENID}/follow", {"following": False})
    receiver.wait(1)
    simulator.control("POST", f"users/{OPENID}/chat", {"text": "进度 ]]>"})
    receiver.wait(2)
    assert wait_for_chat(simulator, 3)[-1]["text"] == "收到：进度 ]]>"


@pytest.mark.parametrize(("answer", "shown"), [("", []), ("success", []), ("<html>", [BROKEN])])
def test_other_answers_show_nothing_or_a_fault(
    simulator: SimulatorHandle, receiver: Receiver, answer: str, shown: list[str]
) -> None:
    receiver.answer = lambda _callback: answer
    simulator.connect_callback("official", f"{receiver.url}/official")
    simulator.control("POST", f"users/{OPENID}/chat", {"text": "你好"})
    receiver.wait(1)
    chat = wait_for_chat(simulator, 1 + len(shown))
    assert [message["text"] for message in chat[1:]] == shown


def test_slow_product_is_asked_four_times(simulator: SimulatorHandle, receiver: Receiver) -> None:
    receiver.slow_seconds = 0.4
    simulator.connect_callback("official", f"{receiver.url}/official", timeout_ms=100)
    simulator.control("POST", f"users/{OPENID}/chat", {"text": "你好"})
    keys = {callback.key for callback in receiver.wait(4)}
    assert len(keys) == 1
    assert wait_for_chat(simulator, 2)[-1]["text"] == BROKEN
    (push,) = simulator.control("GET", "pushes")["pushes"]
    assert push == {"account": "official", "event": "text", "attempts": ["timeout"] * 4, "is_taken": False}


def test_product_that_was_away_gets_it_at_the_second_try(
    simulator: SimulatorHandle, receiver: Receiver
) -> None:
    def recover(_callback: Callback) -> str:
        receiver.status = 200
        return "success"

    receiver.status, receiver.answer = 503, recover
    original = receiver.take

    def fail_once(path: str, body: bytes) -> str:
        answer = original(path, body)
        receiver.status = 503 if receiver.calls == 1 else 200
        return answer

    receiver.take = fail_once  # type: ignore[method-assign]  # this test's own server
    simulator.connect_callback("official", f"{receiver.url}/official")
    simulator.control("POST", f"users/{OPENID}/chat", {"text": "你好"})
    first, second = receiver.wait(2)
    assert first.key == second.key


def test_media_verdict_comes_later(
    simulator: SimulatorHandle, receiver: Receiver, gateway: WeChatGateway
) -> None:
    simulator.connect_callback("mini", f"{receiver.url}/mini", "json")
    simulator.login_code(OPENID)
    trace = ContentGateway(gateway.account).check_media(OPENID, "http://127.0.0.1/risky.jpg", 2)
    (callback,) = receiver.wait(1)
    assert (callback.event, callback.text("trace_id")) == ("wxa_media_check", trace)
    assert callback.fields["result"]["suggest"] == "risky"


MESSAGE = {
    "ToUserName": "gh_x",
    "FromUserName": "f1",
    "CreateTime": 1,
    "MsgType": "text",
    "Content": "x",
    "MsgId": "1",
}


@pytest.mark.parametrize(
    ("how", "refused"),
    [
        ({"message": MESSAGE}, None),
        ({"message": MESSAGE, "age_seconds": 1000}, "Stale"),
        ({"message": MESSAGE, "break": "signature"}, "BadSignature"),
        ({"message": MESSAGE, "break": "encryption"}, "BadMessage"),
        ({"raw": "<xml>"}, "BadMessage"),
        ({"raw": "{"}, "BadMessage"),
        ({"raw": "x" * 70_000}, "Oversized"),
    ],
)
def test_the_control_calls_the_product_wrongly_on_demand(
    simulator: SimulatorHandle, receiver: Receiver, how: dict[str, object], refused: str | None
) -> None:
    simulator.connect_callback("official", f"{receiver.url}/official")
    answers = simulator.control("POST", "callbacks/official/attempt", {**how, "times": 2})["answers"]
    assert [answer["status"] for answer in answers] == ["200", "200"]
    assert receiver.refused == ([refused] * 2 if refused else [])
    assert len({callback.key for callback in receiver.received}) == (0 if refused else 1)


def wait_for_chat(simulator: SimulatorHandle, count: int) -> list[dict[str, Any]]:
    deadline = time.monotonic() + 5
    while len(chat := simulator.chat(OPENID)) < count and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(chat) == count
    return chat
