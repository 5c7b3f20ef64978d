"""Hostile requests: every one gets a problem that names its kind, none a 5xx, none an echo of what was sent."""

from __future__ import annotations

import json
from typing import Any

import pytest

from backend.infra.limits import FloodGate
from tests.api.conftest import World
from tests.factories.people import make_resident, make_staff
from tests.factories.places import make_estate

SESSION = "/api/v1/session"
KEY = {"Idempotency-Key": "problem-key-1"}
NAME = "王小明十三亿"


@pytest.fixture
def world(shared_world: World) -> World:
    """The module's app with fresh flood counters."""
    shared_world.app.floods = FloodGate("memory://")
    return shared_world


def send(world: World, body: bytes, path: str = SESSION, method: str = "POST", **headers: str) -> Any:
    named = {"Content-Type": "application/json"} | {
        key.replace("_", "-"): text for key, text in headers.items()
    }
    return world.app.test_client().open(path, method=method, data=body, headers=named)


def is_problem(answer: Any, status: int, code: str | None = None) -> None:
    assert answer.status_code == status, answer.get_data(as_text=True)
    assert answer.mimetype == "application/json"
    problem = answer.get_json()
    assert set(problem) <= {"code", "message", "fields"}
    assert problem["message"]
    assert code is None or problem["code"] == code
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["X-Request-Id"]


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "application/x-www-form-urlencoded", ""])
def test_anything_but_json_is_refused(world: World, kind: str) -> None:
    is_problem(send(world, b'{"code":"x"}', Content_Type=kind), 415, "unsupported_media")


MALFORMED = {
    "cut off": b'{"code": "x"',
    "a list": b'[{"code": "x"}]',
    "a text": b'"x"',
    "null": b"null",
    "NaN": b'{"code": NaN}',
    "a lone surrogate": b'{"code": "\\ud800"}',
    "raw surrogate bytes": b'{"code": "\xed\xa0\x80"}',
    "not UTF-8": '{"code": "中"}'.encode("gb18030"),
    "UTF-16": '{"code": "x"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"code": "x"}',
    "two objects": b'{"code": "x"}{"code": "y"}',
    "a comment": b'{"code": "x" /* y */}',
    "very deep": b'{"code": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "NUL escaped": b'{"code": "a\\u0000b"}',
    "NUL raw": b'{"code": "a\x00b"}',
    "blanks": b"   ",
}


@pytest.mark.parametrize("body", MALFORMED.values(), ids=MALFORMED.keys())
def test_malformed_json_is_refused(world: World, body: bytes) -> None:
    is_problem(send(world, body), 400)


@pytest.mark.parametrize("path", ["/api/v1/receipts?code=a%00", "/api/v1/ballots/a%00/documents/b%00"])
def test_a_nul_in_the_address_is_refused_or_not_found(world: World, path: str) -> None:
    answer = world.app.test_client().get(path)
    assert answer.status_code in (400, 404)


def test_invented_tokens_get_round_no_limit_of_a_public_route(world: World) -> None:
    client = world.app.test_client()
    answers = [
        client.get(
            "/api/v1/receipts?code=1", headers={"Authorization": f"Bearer invented-{number}"}
        ).status_code
        for number in range(22)
    ]
    assert 429 not in answers[:20] and answers[20:] == [429, 429]


WRONG = {
    "no body": b"",
    "an empty object": b"{}",
    "a number for a text": b'{"code": 1}',
    "a huge number": b'{"code": ' + b"9" * 5000 + b"}",
    "a long text": json.dumps({"code": "x" * 5000}).encode(),
    "an unknown field": b'{"code": "x", "admin": true}',
    "null for a text": b'{"code": null}',
    "a list for a text": b'{"code": ["x"]}',
}


@pytest.mark.parametrize("body", WRONG.values(), ids=WRONG.keys())
def test_wrong_fields_are_named(world: World, body: bytes) -> None:
    is_problem(send(world, body), 400)


def test_the_last_of_two_equal_keys_counts_as_everywhere(world: World) -> None:
    answer = send(world, b'{"code": 7, "code": "openid:o-1"}')
    assert answer.status_code == 201


def test_a_body_over_the_limit_is_refused_unread(world: World) -> None:
    is_problem(send(world, b'{"code": "' + b"x" * 300_000 + b'"}'), 413, "too_large")


def test_wrong_addresses_and_methods(world: World) -> None:
    client = world.app.test_client()
    for path in (
        "/api/v1/nothing",
        "/api/v2/session",
        "/api/v1/ballots/UPPER",
        "/..%2f..%2fetc/passwd",
        "/%00",
    ):
        is_problem(client.get(path), 404, "not_found")
    for method in ("PUT", "PATCH", "GET"):
        refused = client.open(SESSION, method=method)
        is_problem(refused, 405, "method_not_allowed")
        assert "POST" in refused.headers["Allow"]
    assert client.open(SESSION, method="BREW").status_code == 405
    assert client.open(SESSION, method="TRACE").status_code == 405


BAD_QUERIES = (
    "cursor=x",
    "cursor=%00",
    "cursor=" + "A" * 199,
    "cursor=W10",  # []
    "cursor=WzEsMl0",  # [1,2]
    "cursor=Wzk5OTk5OTk5OTk5OTk5OTk5OTksImEiXQ",  # [9999999999999999999,"a"]
    "cursor=Wy05MjIzMzcyMDM2ODU0Nzc1ODA4LCJhIl0",  # [-2**63,"a"]
    "cursor=WzEsImFcdTAwMDAiXQ",  # [1,"a\\u0000"]
    "limit=0",
    "limit=101",
    "limit=-1",
    "limit=1e3",
    "limit=" + "9" * 400,
    "limit=NaN",
    "limit=%EF%BC%91" + "%EF%BC%91" * 30,
)


@pytest.mark.parametrize("query", BAD_QUERIES)
@pytest.mark.parametrize("path", ["ballots", "notices", "objections", "me/votes"])
def test_bad_pages_are_refused(world: World, query: str, path: str) -> None:
    with world.arrange() as ctx:
        token = make_resident(ctx, make_estate(ctx, dwellings=1).dwelling_ids[0]).token
    answer = world.app.test_client().get(
        f"/api/v1/{path}?{query}", headers={"Authorization": f"Bearer {token}"}
    )
    is_problem(answer, 400)


HEADERS = (
    "Bearer",
    "Bearer ",
    "Bearer " + "x" * 10_000,
    "Basic YTpi",
    "bearer \x80\xff",
    "Bearer a b c",
    "Token x",
)


@pytest.mark.parametrize("value", HEADERS)
def test_strange_tokens_are_simply_nobody(world: World, value: str) -> None:
    answer = world.app.test_client().get("/api/v1/me", headers={"Authorization": value})
    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("key", ["", "short", "x" * 65, "spaces in it", "中文中文中文中文", "new\tline-key"])
def test_strange_idempotency_keys_are_refused(world: World, key: str) -> None:
    with world.arrange() as ctx:
        home = make_estate(ctx, dwellings=1).dwelling_ids[0]
        token = make_resident(ctx, home).token
    headers = {"Authorization": f"Bearer {token}", "Idempotency-Key": key.encode().decode("latin-1")}
    body = {"about": "roll", "about_id": home, "dwelling": home, "text": "面积不对"}
    answer = world.app.test_client().post("/api/v1/objections", json=body, headers=headers)
    is_problem(answer, 400, "idempotency_key")


def test_problems_never_echo_what_was_sent(world: World) -> None:
    """A mistyped field may hold a phone or a name: only its place is told."""
    phone = "13812345678"
    with world.arrange() as ctx:
        staff = make_staff(ctx, "residents_committee", make_estate(ctx, dwellings=1).community.id)
    bearer = {"Authorization": f"Bearer {staff.token}"}
    client = world.app.test_client()
    for path, body in (
        (SESSION, {"code": [phone], "device": {"x": NAME}}),
        (SESSION, {"code": "x", phone: NAME, NAME: phone}),
        ("/api/v1/staff/session", {"username": NAME, "password": phone}),
        ("/api/v1/staff/notices", {"estate": phone, "kind": NAME, "title": [NAME], "body": phone * 9000}),
    ):
        answer = client.post(path, json=body, headers=bearer)
        assert 400 <= answer.status_code < 500
        assert phone not in answer.text and NAME not in answer.text


@pytest.mark.parametrize("value", ["", "abc", "-1", "1.5", "9" * 30, "１", '"'])
def test_strange_versions_are_refused(world: World, value: str) -> None:
    with world.arrange() as ctx:
        place = make_estate(ctx, dwellings=1)
        staff = make_staff(ctx, "residents_committee", place.community.id)
    headers = {"Authorization": f"Bearer {staff.token}", "If-Match": value.encode().decode("latin-1")}
    answer = world.app.test_client().put(
        f"/api/v1/staff/estates/{place.estate.id}", json={"name": "新名"}, headers=headers
    )
    is_problem(answer, 400, "if_match")
