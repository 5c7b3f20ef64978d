"""The simulator itself: WeChat's shapes and limits, and its control API against careless callers."""

from __future__ import annotations

import http.client
import json
import socket
import subprocess
import sys
import threading
import time
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest

from backend.rehearsal.phones import PhoneError, SimulatedPhones
from tests.factories.simulator import APP_ID, APP_SECRET, SimulatorHandle
from tests.wechat.conftest import OPENID, PHONE

TOKEN, PHONE_PATH, SESSION = (
    "/cgi-bin/stable_token",
    "/wxa/business/getuserphonenumber",
    "/sns/jscode2session",
)
ACCOUNT = {"appid": APP_ID, "secret": APP_SECRET}


def ask(
    simulator: SimulatorHandle, method: str, path: str, body: object = None, *, raw: bool = False
) -> tuple[int, Any]:
    connection = http.client.HTTPConnection(urlsplit(simulator.base_url).netloc, timeout=10)
    try:
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        connection.request(method, path, content)
        response = connection.getresponse()
        answer = response.read()
        return response.status, answer.decode() if raw else json.loads(answer or b"null")
    finally:
        connection.close()


def fetch_token(simulator: SimulatorHandle, *, force: bool = False) -> dict[str, Any]:
    body = {**ACCOUNT, "grant_type": "client_credential", "force_refresh": force}
    status, answer = ask(simulator, "POST", TOKEN, body)
    assert status == 200
    return dict(answer)


def phone_errcode(simulator: SimulatorHandle, token: str) -> int:
    body = {"code": simulator.phone_code(OPENID)}
    return int(
        ask(simulator, "POST", f"{PHONE_PATH}?{urlencode({'access_token': token})}", body)[1]["errcode"]
    )


def test_normal_mode_gives_the_same_token(simulator: SimulatorHandle) -> None:
    first = fetch_token(simulator)
    simulator.advance(6800)
    second = fetch_token(simulator)
    assert first["access_token"] == second["access_token"]
    assert first["expires_in"] in (7199, 7200)
    assert second["expires_in"] in (399, 400)


def test_both_tokens_are_valid_in_the_last_five_minutes(simulator: SimulatorHandle) -> None:
    first = fetch_token(simulator)["access_token"]
    simulator.advance(6950)
    second = fetch_token(simulator)["access_token"]
    assert first != second
    assert [phone_errcode(simulator, token) for token in (first, second)] == [0, 0]
    simulator.advance(251)
    assert [phone_errcode(simulator, token) for token in (first, second)] == [42001, 0]


def test_forced_refresh_ends_the_old_token_20_times_a_day(simulator: SimulatorHandle) -> None:
    simulator.advance(seconds_to_one_o_clock())  # the test's ten minutes lie in one day
    tokens = [fetch_token(simulator)["access_token"]]
    for _ in range(20):
        tokens.append(fetch_token(simulator, force=True)["access_token"])
        simulator.advance(31)
    assert len(set(tokens)) == 21
    assert phone_errcode(simulator, tokens[0]) == 40001
    assert fetch_token(simulator, force=True)["errcode"] == 45009
    simulator.advance(86_400)
    assert "access_token" in fetch_token(simulator, force=True)


def seconds_to_one_o_clock() -> int:
    """Return how long it is until one in the morning in China, from one hour on."""
    return 86_400 - int(time.time() + 8 * 3600) % 86_400 + 3600


def test_forced_refresh_within_30_seconds_changes_nothing(simulator: SimulatorHandle) -> None:
    first = fetch_token(simulator, force=True)
    assert fetch_token(simulator, force=True)["access_token"] == first["access_token"]


def test_shape_of_the_phone_answer(simulator: SimulatorHandle) -> None:
    token = fetch_token(simulator)["access_token"]
    path = f"{PHONE_PATH}?{urlencode({'access_token': token})}"
    _, answer = ask(simulator, "POST", path, {"code": simulator.phone_code(OPENID)})
    watermark = answer["phone_info"].pop("watermark")
    assert watermark["appid"] == APP_ID
    assert answer == {
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {"phoneNumber": PHONE, "purePhoneNumber": PHONE, "countryCode": "86"},
    }


@pytest.mark.parametrize(
    ("method", "path", "body", "errcode"),
    [
        ("GET", TOKEN, None, 43002),
        ("POST", TOKEN, b"not json", 47001),
        ("POST", TOKEN, [], 47001),
        ("POST", TOKEN, ACCOUNT, 40002),
        ("POST", TOKEN, {"grant_type": "client_credential"}, 41002),
        ("POST", TOKEN, {"grant_type": "client_credential", "appid": APP_ID}, 41004),
        ("POST", TOKEN, {"grant_type": "client_credential", "appid": "x", "secret": "y"}, 40013),
        ("POST", TOKEN, {"grant_type": "client_credential", "appid": APP_ID, "secret": "y"}, 40125),
        ("POST", SESSION, {}, 43001),
        ("GET", SESSION, None, 41002),
        ("GET", f"{SESSION}?{urlencode(ACCOUNT)}", None, 40002),
        ("GET", f"{SESSION}?{urlencode(ACCOUNT)}&grant_type=authorization_code", None, 41008),
        ("POST", PHONE_PATH, {"code": "x"}, 41001),
        ("POST", f"{PHONE_PATH}?access_token=short", {"code": "x"}, 40014),
        ("POST", f"{PHONE_PATH}?access_token={'x' * 100}", {"code": "x"}, 40001),
    ],
)
def test_errors_come_with_status_200(
    simulator: SimulatorHandle, method: str, path: str, body: object, errcode: int
) -> None:
    status, answer = ask(simulator, method, path, body)
    assert (status, answer["errcode"]) == (200, errcode)
    assert "rid: " in answer["errmsg"]


@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("users", {}),
        ("users", {"users": "x"}),
        ("users", {"users": [1]}),
        ("users", {"users": [{"phone": 1}]}),
        ("users", {"users": [{"password": "x"}]}),
        ("users", {"users": [{"openid": ""}]}),
        ("users", {"count": -1}),
        ("users", {"count": True}),
        ("users", []),
        ("users", b"{"),
        ("clock", {"advance_seconds": -1}),
        ("clock", {"advance_seconds": 10**30}),
        ("faults", {"kind": "fire"}),
        ("faults", {"kind": "slow", "milliseconds": 10**9}),
        ("token/expire", {"errcode": 1}),
        ("token/expire", {"errcode": []}),
        ("faults", {"kind": "http_error"}),
        ("outage", {}),
        ("consents", {"grants": "x"}),
        ("consents", {"grants": [["o", "t"]]}),
        ("consents", {"grants": [["o", "t", "1"]]}),
        ("rooms", {"key": "k"}),
        ("templates", {"templates": [1]}),
        ("templates", {"templates": [{"template_id": "t"}]}),
        ("templates", {"templates": [{"template_id": "t", "title": "x", "labels": 1}]}),
        ("templates", {"pages": [1]}),
        ("callbacks/mini", {}),
        ("callbacks/mini", {"url": "http://example.org/", "token": "t", "aes_key": "a" * 43}),
        ("callbacks/mini", {"url": "http://127.0.0.1:1/", "token": "t", "aes_key": "short"}),
        (
            "callbacks/official",
            {"url": "http://127.0.0.1:1/", "token": "t", "aes_key": "a" * 43, "form": "json"},
        ),
        (f"users/{OPENID}/subscribe", {}),
        (f"users/{OPENID}/subscribe", {"answers": {"t": "maybe"}}),
        (f"users/{OPENID}/subscribe", {"answers": dict.fromkeys("abcd", "accept")}),
        (f"users/{OPENID}/popup", {"template_ids": []}),
        (f"users/{OPENID}/chat", {"text": ""}),
        (f"users/{OPENID}/click", {}),
    ],
)
def test_careless_control_calls_are_told(simulator: SimulatorHandle, path: str, body: object) -> None:
    status, answer = ask(simulator, "POST", f"/__sim/{path}", body)
    assert status == 400
    assert answer["error"]


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "users/nobody/inbox", 404),
        ("GET", "users/nobody/chat", 404),
        ("POST", "users/nobody/popup", 404),
        ("POST", "users/nobody/follow", 404),
        ("POST", "users/nobody/oauth_code", 404),
        ("GET", "rooms/none", 404),
        ("GET", "popups/9", 404),
        ("GET", "popups/0", 404),
        ("POST", "callbacks/other", 404),
        ("POST", "callbacks/mini/attempt", 409),
        ("GET", "messages?after=x", 400),
    ],
)
def test_what_is_not_there_is_said(simulator: SimulatorHandle, method: str, path: str, status: int) -> None:
    found, answer = ask(simulator, method, f"/__sim/{path}")
    assert (found, bool(answer["error"])) == (status, True)


def test_tokens_of_one_app_are_none_of_the_other(simulator: SimulatorHandle) -> None:
    token = urlencode({"access_token": fetch_token(simulator)["access_token"]})
    assert ask(simulator, "GET", f"/cgi-bin/menu/get?{token}")[1]["errcode"] == 40001
    assert ask(simulator, "POST", f"/cgi-bin/message/subscribe/send?{token}", {})[1]["errcode"] == 40003


def test_ten_thousand_users_in_one_call_and_paged(simulator: SimulatorHandle) -> None:
    created = simulator.create_users([{"phone": f"139{index:08}"} for index in range(10_000)])
    assert len({user["openid"] for user in created}) == 10_000
    _, page = ask(simulator, "GET", "/__sim/users?offset=1&limit=2")
    assert page["total"] == 10_001
    assert [user["phone"] for user in page["users"]] == ["13900000000", "13900000001"]
    assert ask(simulator, "GET", "/__sim/users?limit=-1")[0] == 400


def test_phones_say_what_is_missing(simulator: SimulatorHandle) -> None:
    simulator.create_users([{"openid": "oNoPhone"}])
    with pytest.raises(PhoneError, match="404"):
        simulator.login_code("nobody/../else?")
    with pytest.raises(PhoneError, match="409"):
        simulator.phone_code("oNoPhone")
    assert simulator.phones.health()["users"] == 2


def test_a_code_goes_to_one_of_many_racers(simulator: SimulatorHandle) -> None:
    query = urlencode(
        {**ACCOUNT, "grant_type": "authorization_code", "js_code": simulator.login_code(OPENID)}
    )
    answers: list[dict[str, Any]] = []
    racers = [
        threading.Thread(target=lambda: answers.append(ask(simulator, "GET", f"{SESSION}?{query}")[1]))
        for _ in range(12)
    ]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()
    assert sorted(answer.get("errcode", 0) for answer in answers) == [0] + [40163] * 11


def test_connections_are_kept(simulator: SimulatorHandle) -> None:
    connection = http.client.HTTPConnection(urlsplit(simulator.base_url).netloc, timeout=10)
    connection.request("GET", "/")
    assert json.loads(connection.getresponse().read())["user_count"] == 1
    first = connection.sock
    connection.request("POST", "/__sim/health", b"x" * 1000)  # a body that nobody reads
    assert connection.getresponse().read()
    connection.request("GET", "/__sim/health")
    assert json.loads(connection.getresponse().read())["ok"] is True
    assert connection.sock is first
    connection.close()


def test_same_seed_gives_the_same_people(simulator: SimulatorHandle) -> None:
    simulator.reset()
    first = simulator.create_users([{}, {}])
    simulator.reset()
    assert simulator.create_users([{}, {}]) == first


def test_it_imports_nothing_of_ours() -> None:
    program = (
        "import sys, wechat_simulator.__main__;"
        "print([name for name in sys.modules if name.split('.')[0] in"
        " ('backend', 'miniprogram_api', 'bot', 'migrations', 'tests', 'wechatpy')])"
    )
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert result.stdout.strip() == "[]"


def test_phones_survive_a_closed_connection(simulator: SimulatorHandle) -> None:
    phones = SimulatedPhones(simulator.base_url)
    phones.health()
    phones._local.connection.sock.shutdown(socket.SHUT_RDWR)  # as an idle connection ends
    assert phones.login_code(OPENID)
    phones.close()
