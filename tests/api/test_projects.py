"""Policies, projects, gates, notices and objections over HTTP."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from backend.kernel.access import Role
from tests.api.conftest import World
from tests.factories.people import make_resident, make_staff
from tests.factories.places import EstateFixture, make_community, make_estate
from tests.services.projects.held_ballots import hold_ballot


class Caller:
    """Somebody with a token, or nobody."""

    def __init__(self, world: World, token: str | None = None) -> None:
        self._client = world.app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """Send a request to the API."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(
            "/api/v1" + path, method=method, json=body, headers={**self._headers, **named}
        )

    def ok(self, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str) -> Any:
        """Send a request and return its JSON; it must succeed."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code < 300, answer.get_data(as_text=True)
        return answer.get_json()

    def no(
        self, status: int, method: str, path: str, body: Mapping[str, Any] | None = None, **headers: str
    ) -> str:
        """Send a request that must be refused with this status; return the problem's code."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code == status, answer.get_data(as_text=True)
        return str(answer.get_json()["code"])


@dataclass
class Setting:
    """A county with its people, an estate, and a canvass that was held."""

    place: EstateFixture
    county: str
    ballot: str
    bureau: Caller
    committee: Caller
    outsider: Caller
    resident: Caller


@pytest.fixture
def setting(world: World) -> Setting:
    """Arrange it."""
    with world.arrange() as ctx:
        place = make_estate(ctx, dwellings=20)
        county = place.community.path.strip("/").split("/")[2]
        bureau = make_staff(ctx, Role.BUREAU, county)
        committee = make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id)
        outsider = make_staff(ctx, Role.BUREAU, make_community(ctx).id)
        resident = make_resident(ctx, place.dwelling_ids[0])
        ballot = hold_ballot(ctx, place, "canvass", ("gansu-2022/inclusion",), votes=(15, 12), motions=2)
    callers = [Caller(world, who.token) for who in (bureau, committee, outsider, resident)]
    return Setting(place, county, ballot, *callers)


def adopt(setting: Setting) -> None:
    body = {"profile": "gansu-2022", "document_title": "市住建局文件"}
    setting.bureau.ok("POST", f"/staff/policies/organisations/{setting.county}/adoptions", body)


def start_project(setting: Setting) -> tuple[str, str]:
    body = {
        "organisation": setting.county,
        "code": "2026-01",
        "name": "2026年改造",
        "plan_year": 2026,
        "estates": [setting.place.estate.id],
    }
    project = setting.bureau.ok("POST", "/staff/projects", body)
    return project["id"], project["estates"][0]["id"]


def test_policies_over_http(setting: Setting) -> None:
    adopt(setting)
    where = f"/staff/policies/organisations/{setting.county}"
    day = {"document_title": "县发〔2026〕1号", "valid_from": "2026-01-01"}
    number = {"rule": "gansu-2022/inclusion", "name": "consent", "value": "roll", **day}
    made = setting.bureau.ok("POST", f"{where}/numbers", number)
    shown = setting.committee.ok("GET", f"/staff/policies/organisations/{setting.place.community.id}")
    assert shown["adoption"]["profile"] == "gansu-2022"
    rules = {rule["rule"]: rule for rule in shown["rules"]}
    assert rules["gansu-2022/inclusion"]["decided"][0]["document_title"] == "县发〔2026〕1号"
    assert rules["gansu-2022/eligibility"]["open"][0]["default"] == "2000"
    assert (
        setting.bureau.no(422, "POST", f"{where}/numbers", {**number, "value": "all"}) == "impossible_value"
    )
    assert setting.committee.ask("POST", f"{where}/numbers", number).status_code in (403, 404)
    assert setting.outsider.no(404, "GET", where) == "not_found"
    setting.bureau.ok("DELETE", f"{where}/numbers/{made['id']}")
    assert setting.bureau.ok("GET", f"{where}/numbers?limit=1")["items"][0]["ended_at"] is not None
    adoption = setting.bureau.ok("GET", f"{where}/adoptions")["items"][0]
    assert setting.bureau.ok("DELETE", f"{where}/adoptions/{adoption['id']}")["adoption"] is None
    profiles = setting.bureau.ok("GET", "/staff/policies/profiles")["items"]
    assert {"gansu-2022", "litong-2026"} <= {profile["id"] for profile in profiles}
    due = setting.bureau.ok("GET", "/staff/policies/deadline?start=2026-09-24&days=7")
    assert (due["last_day"], due["is_moved"]) == ("2026-10-08", True)
    worked = setting.bureau.ok("GET", "/staff/policies/deadline?start=2026-10-08&days=2&kind=working")
    assert worked["last_day"] == "2026-10-10"


def test_a_gate_over_http_from_evidence_to_revocation(setting: Setting) -> None:
    adopt(setting)
    _, row = start_project(setting)
    gates = f"/staff/project-estates/{row}/gates"
    decision = {"passed": True, "reason": "材料齐备"}

    def decide(gate: str) -> Any:
        seen = setting.bureau.ok("GET", f"{gates}/{gate}")["evidence_sha256"]
        return setting.bureau.ok("POST", f"{gates}/{gate}/decision", {**decision, "evidence_sha256": seen})

    assert decide("eligibility")["decision"]["outcome"] == "passed"
    linked = setting.committee.ok("POST", f"{gates}/inclusion/ballots", {"ballot": setting.ballot})
    assert linked["criteria"][0]["state"] == "undecidable"  # 80 % of those taking part, 60 % of the roll
    stale = {**decision, "evidence_sha256": "0" * 64}
    assert setting.bureau.no(412, "POST", f"{gates}/inclusion/decision", stale) == "evidence_changed"
    fresh = {**decision, "evidence_sha256": linked["evidence_sha256"]}
    assert setting.bureau.no(422, "POST", f"{gates}/inclusion/decision", fresh) == "undecidable"
    reading = {"rule": "gansu-2022/inclusion", "name": "consent", "value": "participating"}
    document = {"document_title": "县发〔2026〕1号", "valid_from": "2026-01-01"}
    where = f"/staff/policies/organisations/{setting.county}/numbers"
    setting.bureau.ok("POST", where, {**reading, **document})
    passed = decide("inclusion")
    assert passed["criteria"][0]["numbers"][0]["document"] == "县发〔2026〕1号"
    assert (
        setting.committee.no(403, "POST", f"{gates}/inclusion/revocation", {"reason": "不同意"})
        == "forbidden"
    )
    done = setting.bureau.ok("POST", f"{gates}/inclusion/revocation", {"reason": "居民改变主意"})
    assert (done["stage"], len(done["consequences"]) > 1) == ("canvass", True)
    assert len(setting.bureau.ok("GET", f"{gates}/inclusion/decisions")["items"]) == 1
    withdrawn = setting.committee.ok("DELETE", f"/staff/gate-evidence/{passed['ballots'][0]['evidence']}")
    assert withdrawn["ballots"] == []


def test_projects_over_http(setting: Setting) -> None:
    adopt(setting)
    project, row = start_project(setting)
    assert setting.committee.ok("GET", "/staff/projects?limit=5")["items"][0]["id"] == project
    assert setting.outsider.ok("GET", "/staff/projects")["items"] == []
    for method, path, body in (
        ("GET", f"/staff/projects/{project}", None),
        ("GET", f"/staff/project-estates/{row}/gates/start", None),
        ("POST", f"/staff/projects/{project}/estates", {"estate": setting.place.estate.id}),
    ):
        assert setting.outsider.no(404, method, path, body) == "not_found"
    assert setting.bureau.no(404, "GET", f"/staff/project-estates/{row}/gates/heaven") == "not_found"
    stage = f"/staff/project-estates/{row}/stage"
    assert setting.bureau.no(409, "POST", stage, {"stage": "canvass"}, If_Match="1") == "wrong_stage"
    assert setting.bureau.no(400, "POST", stage, {"stage": "canvass"}) == "if_match"
    again = setting.bureau.ok(
        "POST", f"/staff/projects/{project}/estates", {"estate": setting.place.estate.id}
    )
    assert len(again["estates"]) == 1
    dropped = setting.bureau.ok(
        "POST", f"/staff/project-estates/{row}/drop", {"reason": "动态调整"}, If_Match="1"
    )
    assert dropped["stages"] == {}
    ended = setting.bureau.ok("POST", f"/staff/projects/{project}/end", {"state": "closed"}, If_Match='"1"')
    assert ended["state"] == "closed"


def test_records_are_uploaded_and_attached(world: World, setting: Setting) -> None:
    adopt(setting)
    _, row = start_project(setting)
    with world.arrange() as ctx:
        stored = ctx.storage.put(b"minutes")
    path = f"/staff/project-estates/{row}/gates/start/records"
    body = {
        "requirement": "management_minutes",
        "title": "会议纪要",
        "sha256": stored,
        "held_on": "2026-03-01",
    }
    view = setting.committee.ok("POST", path, body)
    assert "management_minutes" in view["records_asked"]
    found = next(found for found in view["criteria"] if found["id"] == "property_management")
    assert (found["state"], found["records"][0]["held_on"]) == ("missing", "2026-03-01")
    assert setting.committee.no(422, "POST", path, {**body, "sha256": "0" * 64}) == "file_missing"


def test_residents_read_gates_in_plain_words(world: World, setting: Setting) -> None:
    adopt(setting)
    _, row = start_project(setting)
    (mine,) = setting.resident.ok("GET", "/projects")["items"]
    assert (mine["id"], mine["stage_title"], mine["step"]) == (row, "摸底调查", 1)
    page = setting.resident.ok("GET", f"/projects/{row}")
    assert page["next_gate"]["title"] == "改造对象认定"
    gate = setting.resident.ok("GET", f"/projects/{row}/gates/start")
    assert any("尚未关联" in found["summary"] for found in gate["criteria"])
    assert "evidence" not in gate
    assert setting.resident.no(404, "GET", f"/projects/{row}/gates/heaven") == "not_found"
    with world.arrange() as ctx:
        stranger = make_resident(ctx, make_estate(ctx, dwellings=1).dwelling_ids[0])
    for path in (f"/projects/{row}", f"/projects/{row}/gates/start"):
        assert Caller(world, stranger.token).no(404, "GET", path) == "not_found"
        assert Caller(world).no(401, "GET", path) == "unauthenticated"


def test_notices_and_objections_over_http(setting: Setting) -> None:
    estate, home = setting.place.estate.id, setting.place.dwelling_ids[0]
    notice = {"estate": estate, "kind": "roll", "title": "名册公示", "body": "请核对本户面积。"}
    published = setting.committee.ok("POST", "/staff/notices", notice)
    assert setting.committee.no(400, "POST", "/staff/notices", {**notice, "kind": "final"}) == "invalid"
    assert setting.resident.ok("GET", f"/notices/{published['id']}")["kind_title"] == "名册公示"
    assert setting.resident.ok("GET", "/notices?kind=roll")["next"] is None
    assert len(setting.bureau.ok("GET", f"/staff/notices?estate={estate}")["items"]) == 1
    objection = {"about": "roll", "about_id": home, "dwelling": home, "text": "面积登记有误"}
    assert setting.resident.no(400, "POST", "/objections", objection) == "idempotency_key"
    raised = setting.resident.ok("POST", "/objections", objection, Idempotency_Key="objection-1")
    assert setting.resident.ok("POST", "/objections", objection, Idempotency_Key="objection-1") == raised
    waiting = setting.committee.ok("GET", f"/staff/objections?estate={estate}&state=open")["items"]
    assert [found["text"] for found in waiting] == ["面积登记有误"]
    assert setting.outsider.no(404, "GET", f"/staff/objections?estate={estate}") == "not_found"
    reply = {"upheld": True, "words": "已更正"}
    path = f"/staff/objections/{raised['id']}/reply"
    assert setting.committee.ok("POST", path, reply)["state_title"] == "异议成立"
    assert setting.committee.no(409, "POST", path, reply) == "objection_closed"
    assert setting.resident.ok("GET", "/objections")["items"][0]["reply"] == "已更正"
    assert setting.resident.no(409, "POST", f"/objections/{raised['id']}/withdraw") == "objection_closed"
