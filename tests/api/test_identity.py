"""Logins, bindings, letters and staff over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from backend.bootstrap import wire_hooks
from backend.identity.rules.codes import new_code
from backend.identity.rules.consents import NOTICE_VERSION
from backend.kernel.access import Role
from tests.api.conftest import World
from tests.factories import photos
from tests.factories.people import make_resident, make_staff
from tests.factories.places import make_estate
from tests.services.identity.people import letter_for

PASSWORD = "correct horse battery"


class Caller:
    """Somebody with a token, or nobody."""

    def __init__(self, world: World, token: str | None = None) -> None:
        self._client = world.app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request to the API."""
        return self._client.open("/api/v1" + path, method=method, json=body, headers=self._headers)

    def upload(self, path: str, content: bytes) -> Any:
        """Send a photo and return what became of it."""
        headers = {**self._headers, "Idempotency-Key": "upload-key-1"}
        answer = self._client.post("/api/v1" + path, data=content, headers=headers)
        assert answer.status_code == 201, answer.get_data(as_text=True)
        return answer.get_json()

    def ok(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        """Send a request and return its JSON; it must succeed."""
        answer = self.ask(method, path, body)
        assert answer.status_code < 300, answer.get_data(as_text=True)
        return answer.get_json() if answer.status_code != 204 else None


def _resident(world: World, openid: str = "o-1") -> Caller:
    body = {"code": f"openid:{openid}", "device": "手机", "privacy_notice": NOTICE_VERSION}
    return Caller(world, Caller(world).ok("POST", "/session", body)["token"])


def test_a_resident_s_whole_way_in_and_out(world: World) -> None:
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=2)
        code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
        neighbour = make_resident(ctx, estate.dwelling_ids[0])
    notice = Caller(world).ok("GET", "/privacy-notice")
    assert notice["version"] == NOTICE_VERSION
    assert "个人信息" in notice["text"]
    # Every kind of data that the export of one's own data knows is named, and so is who sees a choice.
    for kind in (
        "投诉",
        "照片、视频",
        "问卷",
        "地图位置",
        "发给您的消息",
        "委托书",
        "纸质票照片",
        "审计记录",
    ):
        assert kind in notice["text"]
    me = _resident(world)
    assert me.ok("PATCH", "/me", {"name": "王芳"})["name"] == "王芳"
    bound = me.ok("POST", "/bindings/invite", {"code": code})
    assert (bound["dwelling"], bound["state"], bound["is_me"]) == ("1栋1单元101", "active", True)
    assert me.ask("POST", "/me/phone", {"code": f"phone:{estate.phones[1]}"}).status_code == 409
    me.ok("POST", "/me/consents", {"purpose": "phone", "notice_version": NOTICE_VERSION, "given": True})
    assert me.ok("POST", "/me/phone", {"code": f"phone:{estate.phones[1]}"})["phone"] == estate.phones[1]
    (second,) = me.ok("POST", "/bindings/phone", {})["items"]
    assert second["dwelling"] == "1栋1单元102"
    seen = Caller(world, neighbour.token).ok("GET", "/me/activity")["items"]
    assert {item["who"] for item in seen} == {"王*", "居*"}
    assert me.ok("GET", "/me/export")["account"]["name"] == "王芳"
    me.ok("DELETE", f"/bindings/{second['id']}")
    assert [item["state"] for item in me.ok("GET", "/bindings")["items"]].count("ended") == 1
    me.ok("POST", "/me/erase", {"confirm": True})
    assert me.ask("GET", "/me").status_code == 401


def test_logging_out_everywhere_takes_effect_at_once(world: World) -> None:
    lost, here = _resident(world), _resident(world)
    assert len(here.ok("GET", "/me/sessions")["items"]) == 2
    other = next(item["id"] for item in here.ok("GET", "/me/sessions")["items"] if not item["is_current"])
    here.ok("DELETE", f"/me/sessions/{other}")
    assert lost.ask("GET", "/me").status_code == 401
    here.ok("DELETE", "/me/sessions")
    assert here.ask("GET", "/me").status_code == 401


def test_five_wrong_codes_block_the_sixth_even_when_right(world: World) -> None:
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=1)
        code = letter_for(ctx, estate.estate.id, estate.dwelling_ids[0])
    me = _resident(world)
    for _ in range(5):
        assert me.ask("POST", "/bindings/invite", {"code": new_code()}).status_code == 422
    refused = me.ask("POST", "/bindings/invite", {"code": code})
    assert (refused.status_code, refused.get_json()["code"]) == (429, "locked_out")
    # A neighbour on the same wifi is not locked out by it.
    assert _resident(world, "o-2").ask("POST", "/bindings/invite", {"code": code}).status_code == 201


def test_five_wrong_passwords_lock_the_account(world: World) -> None:
    with world.arrange() as ctx:
        town = make_staff(ctx, Role.TOWN, make_estate(ctx, dwellings=1).community.id)
    assert Caller(world, town.token).ok("GET", "/staff/session")["roles"][0]["role"] == "town"
    body = {"username": "nobody", "password": "wrong password 1"}
    statuses = [Caller(world).ask("POST", "/staff/session", body).status_code for _ in range(6)]
    assert statuses == [401] * 5 + [429]


def test_staff_hire_issue_letters_and_decide(world: World) -> None:
    wire_hooks()  # identity hands the proofs to media
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=2)
        town = Caller(world, make_staff(ctx, Role.TOWN, estate.community.id).token)
    grant = {"role": "residents_committee", "organisation_id": estate.community.id, "ends_on": "2099-12-31"}
    hired = town.ok(
        "POST",
        "/staff/accounts",
        {"username": "li.na", "name": "李娜", "password": PASSWORD, "grant": grant},
    )
    login = {"username": "li.na", "password": PASSWORD}
    committee = Caller(world, Caller(world).ok("POST", "/staff/session", login)["token"])
    place = f"/staff/estates/{estate.estate.id}"
    letters = committee.ask("POST", f"{place}/invites", {})
    assert (letters.status_code, letters.mimetype) == (200, "application/pdf")
    assert letters.data.startswith(b"%PDF-")
    (batch,) = committee.ok("GET", f"{place}/invites")["items"]
    assert (batch["batch"], batch["total"]) == (letters.headers["X-Invite-Batch"], 2)
    assert committee.ok("POST", f"{place}/invites/revoke", {"batch": batch["batch"]}) == {"revoked": 2}
    person = _resident(world)
    proof = person.upload(f"/media?estate={estate.estate.id}&purpose=proof", photos.jpeg())["id"]
    asking = {"estate_id": estate.estate.id, "door": "1-1-101", "relation": "owner", "photos": [proof]}
    assert person.ask("POST", "/bindings/requests", asking).get_json()["code"] == "name_required"
    person.ok("PATCH", "/me", {"name": "王芳"})
    asked = person.ok("POST", "/bindings/requests", asking)
    (pending,) = committee.ok("GET", f"{place}/bindings?state=pending")["items"]
    assert pending["id"] == asked["id"]
    (shown,) = committee.ok("POST", f"/staff/bindings/{asked['id']}/photos")["items"]
    assert shown["id"] == proof
    assert committee.ok("POST", f"/staff/bindings/{asked['id']}/person") == {"name": "王芳", "phone": None}
    decision = {"approve": True, "reason": "已核对"}
    assert committee.ok("POST", f"/staff/bindings/{asked['id']}/decision", decision)["state"] == "active"
    assert committee.ask("POST", f"/staff/bindings/{asked['id']}/decision", decision).status_code == 409
    assert (
        committee.ok("POST", f"/staff/bindings/{asked['id']}/end", {"reason": "搬走了"})["state"] == "ended"
    )
    assert town.ok("POST", f"/staff/accounts/{hired['id']}/disable")["state"] == "disabled"
    assert committee.ask("GET", "/staff/session").status_code == 401


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/me"),
        ("GET", "/me/export"),
        ("POST", "/bindings/phone"),
        ("GET", "/staff/session"),
        ("GET", "/staff/accounts"),
        ("POST", "/staff/estates/" + "0" * 20 + "/invites"),
    ],
)
def test_strangers_and_the_other_door_s_tokens_get_401(world: World, method: str, path: str) -> None:
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=1)
        resident = make_resident(ctx, estate.dwelling_ids[0])
        staff = make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id)
    wrong = resident if path.startswith("/staff") else staff
    for caller in (Caller(world), Caller(world, wrong.token), Caller(world, "x" * 43)):
        assert caller.ask(method, path, {} if method == "POST" else None).status_code == 401


def test_other_communities_see_nothing(world: World) -> None:
    with world.arrange() as ctx:
        here, there = make_estate(ctx, dwellings=1), make_estate(ctx, dwellings=1)
        committee = Caller(world, make_staff(ctx, Role.RESIDENTS_COMMITTEE, here.community.id).token)
    for method, path in (("GET", "invites"), ("POST", "invites"), ("GET", "bindings")):
        body: dict[str, Any] | None = {} if method == "POST" else None
        foreign = committee.ask(method, f"/staff/estates/{there.estate.id}/{path}", body)
        missing = committee.ask(method, f"/staff/estates/{'0' * 20}/{path}", body)
        assert foreign.status_code == missing.status_code == 404
        assert foreign.get_json() == missing.get_json()
    assert committee.ask("GET", "/staff/accounts").status_code == 403
