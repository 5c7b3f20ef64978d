"""Whatever a program sends to WeChat's paths, the simulator answers as WeChat would: never with a 5xx."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.factories.simulator import (
    APP_ID,
    APP_SECRET,
    DEMO_ROOM,
    OFFICIAL_ID,
    OFFICIAL_SECRET,
    SimulatorHandle,
)
from tests.wechat.conftest import OPENID

FIELDS = {
    "/cgi-bin/message/subscribe/send": ("touser", "template_id", "page", "data", "miniprogram_state", "lang"),
    "/cgi-bin/message/custom/send": ("touser", "msgtype", "text"),
    "/cgi-bin/message/template/send": (
        "touser",
        "template_id",
        "url",
        "data",
        "miniprogram",
        "client_msg_id",
    ),
    "/cgi-bin/menu/create": ("button",),
    "/cgi-bin/webhook/send": ("msgtype", "markdown", "text"),
    "/cgi-bin/stable_token": ("grant_type", "appid", "secret", "force_refresh"),
    "/wxa/msg_sec_check": ("version", "openid", "scene", "content"),
    "/wxa/media_check_async": ("version", "openid", "scene", "media_url", "media_type"),
    "/wxa/getwxacodeunlimit": ("scene", "page", "check_path", "env_version", "width"),
    "/wxa/business/getuserphonenumber": ("code",),
    "/__sim/users": ("users", "count"),
    "/__sim/faults": ("kind", "count", "path", "errcode"),
    "/__sim/consents": ("grants",),
    "/__sim/templates": ("templates", "pages"),
    f"/__sim/users/{OPENID}/subscribe": ("answers",),
    f"/__sim/users/{OPENID}/chat": ("text",),
    f"/__sim/users/{OPENID}/click": ("key", "name"),
}
_WORDS = [
    OPENID,
    "t1",
    "text",
    "markdown",
    "client_credential",
    APP_ID,
    2,
    1,
    430,
    "content",
    "value",
    "name",
]
_LEAF = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=5), st.sampled_from(_WORDS))
_NAMES = st.sampled_from(["thing1", "value", "content", "name", "sub_button", "appid", "template_id", "t1"])
_ANY = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=3),
    max_leaves=6,
)


@pytest.fixture(scope="module")
def prepared(
    running_simulator: SimulatorHandle,
) -> Iterator[tuple[http.client.HTTPConnection, dict[str, str]]]:
    running_simulator.reset()
    running_simulator.create_users([{"openid": OPENID, "phone": "13800000001", "official_openid": OPENID}])
    running_simulator.login_code(OPENID)
    tokens = {}
    for name, app_id, secret in (
        ("mini", APP_ID, APP_SECRET),
        ("official", OFFICIAL_ID, OFFICIAL_SECRET),
    ):
        body = {"grant_type": "client_credential", "appid": app_id, "secret": secret}
        tokens[name] = running_simulator.phones.ask("POST", "/cgi-bin/stable_token", body)["access_token"]
    connection = http.client.HTTPConnection(urlsplit(running_simulator.base_url).netloc, timeout=10)
    yield connection, tokens
    connection.close()
    running_simulator.reset()


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_no_body_breaks_it(
    prepared: tuple[http.client.HTTPConnection, dict[str, str]], data: st.DataObject
) -> None:
    connection, tokens = prepared
    path = data.draw(st.sampled_from(sorted(FIELDS)))
    body = {name: data.draw(_ANY) for name in FIELDS[path] if data.draw(st.booleans())}
    is_official = any(part in path for part in ("custom", "template/", "menu"))
    query = f"?access_token={tokens['official' if is_official else 'mini']}&key={DEMO_ROOM}"
    connection.request("POST", path + query, json.dumps(body))
    response = connection.getresponse()
    response.read()
    assert response.status < 500


@pytest.mark.parametrize("text", ["\ud800", "\x00", "￿"])
def test_odd_characters_break_nothing(
    prepared: tuple[http.client.HTTPConnection, dict[str, str]], text: str
) -> None:
    connection, tokens = prepared
    token = f"?access_token={tokens['mini']}"
    calls = {
        f"/cgi-bin/webhook/send?key={DEMO_ROOM}": {"msgtype": "text", "text": {"content": text}},
        f"/wxa/msg_sec_check{token}": {"version": 2, "openid": OPENID, "scene": 1, "content": text},
        f"/__sim/users/{OPENID}/chat": {"text": text},
        f"/cgi-bin/message/subscribe/send{token}": {
            "touser": OPENID,
            "template_id": "t1",
            "data": {"thing1": {"value": text}},
        },
    }
    for path, body in calls.items():
        connection.request("POST", path, json.dumps(body))
        response = connection.getresponse()
        response.read()
        assert response.status < 500, path
    for path in (
        f"/__sim/users/{OPENID}/chat",
        "/__sim/messages",
        f"/phones/{OPENID}",
        f"/rooms/{DEMO_ROOM}",
    ):
        connection.request("GET", path)
        response = connection.getresponse()
        response.read()
        assert response.status == 200, path
