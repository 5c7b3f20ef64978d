"""The register over HTTP: from a complaint to 销号, a ledger in and out, works with warranties, what residents see."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
import python_calamine

from backend.kernel.access import Role
from backend.kernel.clock import local_date
from tests.api.conftest import World
from tests.api.test_projects import Caller
from tests.factories.people import make_resident, make_staff
from tests.factories.photos import jpeg
from tests.factories.places import make_estate
from tests.rules.rectification.ledgers import closed, line, to_csv

REGISTER = "/staff/rectification"


@dataclass
class Setting:
    """An estate with the people of its register."""

    world: World
    estate: str
    community: str
    builder_account: str
    committee: Caller
    builder: Caller
    town: Caller
    outsider: Caller
    resident: Caller
    stranger: Caller
    today: Any
    tokens: dict[str, str]

    def body(self, **changes: Any) -> dict[str, Any]:
        """Return a body that opens an item."""
        return {
            "estate": self.estate,
            "source": "inspection",
            "reference": "T-2026-0001",
            "problem": "屋面漏水",
            "place": "3栋2单元501卫生间",
            "responsible_party": "某建筑公司",
            "responsible_person": "张三",
            "responsible_account": self.builder_account,
            "measures": "重做防水",
            "found_on": self.today.isoformat(),
            "due_on": (self.today + timedelta(days=7)).isoformat(),
        } | changes

    def upload(self, content: bytes) -> str:
        """Store a file and return its hash."""
        with self.world.arrange() as ctx:
            return ctx.storage.put(content)

    def photo(self, who: str) -> str:
        """Upload a photo and return its id."""
        headers = {"Authorization": f"Bearer {self.tokens[who]}", "Idempotency-Key": "photo-key-1"}
        address = f"/api/v1/staff/media?estate={self.estate}"
        answer = self.world.app.test_client().post(address, data=jpeg(), headers=headers)
        assert answer.status_code == 201, answer.text
        return str(answer.get_json()["id"])

    def open(self, key: str = "open-key-1") -> dict[str, Any]:
        """Open an item."""
        item: dict[str, Any] = self.committee.ok(
            "POST", f"{REGISTER}/items", self.body(), Idempotency_Key=key
        )
        return item


@pytest.fixture
def setting(world: World) -> Setting:
    """Return an estate with its people, and people of another."""
    with world.arrange() as ctx:
        place, elsewhere = make_estate(ctx, dwellings=1), make_estate(ctx, dwellings=1)
        ids = place.community.path.strip("/").split("/")
        builder = make_staff(ctx, Role.HANDLER, ids[4])
        tokens = [
            make_staff(ctx, Role.RESIDENTS_COMMITTEE, ids[4]).token,
            builder.token,
            make_staff(ctx, Role.TOWN, ids[3]).token,
            make_staff(ctx, Role.RESIDENTS_COMMITTEE, elsewhere.community.id).token,
            make_resident(ctx, *place.dwelling_ids).token,
            make_resident(ctx, *elsewhere.dwelling_ids).token,
        ]
        today = local_date(ctx.clock.now())
    callers = [Caller(world, token) for token in tokens]
    return Setting(
        world,
        place.estate.id,
        place.community.id,
        builder.account_id,
        *callers,
        today,
        {"builder": tokens[1]},
    )


def test_a_problem_is_put_right_verified_by_another_and_closed_out_in_public(setting: Setting) -> None:
    item = setting.open()
    assert (item["number"], item["place"], item["place_detail"]) == ("ZG-0001", "3栋", "3栋2单元501卫生间")
    address = f"{REGISTER}/items/{item['id']}"
    photo = setting.photo("builder")
    code = setting.builder.no(422, "POST", f"{address}/progress", {"step": "submit"}, If_Match="1")
    assert code == "no_evidence"
    setting.builder.ok("POST", f"{address}/evidence", {"phase": "after", "media": photo})
    setting.builder.ok("POST", f"{address}/progress", {"step": "submit"}, If_Match="1")
    verify = (f"{address}/verification", {"step": "verify"})
    assert setting.builder.no(403, "POST", *verify, If_Match="2") == "forbidden"
    assert setting.outsider.no(404, "POST", *verify, If_Match="2") == "not_found"
    assert setting.town.no(412, "POST", *verify, If_Match="1") == "changed"
    setting.town.ok("POST", *verify, If_Match="2")
    page = setting.town.ok("POST", f"{address}/verification", {"step": "close_out"}, If_Match="3")
    assert page["item"]["state_title"] == "已销号"
    assert [step["title"] for step in page["history"]] == ["销号", "核验通过", "提交核验", "登记"]
    (seen,) = setting.resident.ok("GET", "/rectification?kind=closed")["items"]
    assert (seen["problem"], seen["place"], seen["closed_out_on"]) == (
        "屋面漏水",
        "3栋",
        setting.today.isoformat(),
    )
    assert not {"responsible_person", "responsible_party", "source", "reference"} & set(seen)
    assert setting.resident.ok("GET", "/rectification?kind=open")["items"] == []
    assert setting.stranger.ok("GET", "/rectification")["items"] == []
    setting.stranger.no(404, "GET", f"/rectification?estate={setting.estate}")


def test_opening_twice_with_one_key_is_one_item(setting: Setting) -> None:
    first = setting.open()
    assert setting.open()["id"] == first["id"]
    again = setting.body(problem="另一个问题")
    code = setting.committee.no(400, "POST", f"{REGISTER}/items", again, Idempotency_Key="open-key-1")
    assert code == "idempotency_key_reused"
    listed = setting.town.ok(
        "GET", f"{REGISTER}/items?estate={setting.estate}&source=inspection&reference=T-2026-0001"
    )
    assert [row["id"] for row in listed["items"]] == [first["id"]]
    assert setting.outsider.ok("GET", f"{REGISTER}/items?estate={setting.estate}")["items"] == []


def test_lists_turn_pages(setting: Setting) -> None:
    made = {setting.open(f"open-key-{number}")["id"] for number in range(3)}
    first = setting.town.ok("GET", f"{REGISTER}/items?limit=2")
    second = setting.town.ok("GET", f"{REGISTER}/items?limit=2&cursor={first['next']}")
    assert {row["id"] for row in first["items"] + second["items"]} == made
    assert second["next"] is None
    (counted,) = setting.town.ok("GET", f"{REGISTER}/units?organisation={setting.community}")["items"]
    assert (counted["total"], counted["overdue"]) == (3, 0)
    assert setting.town.ok("GET", f"{REGISTER}/items?overdue=true")["items"] == []


def test_a_ledger_goes_in_whole_and_comes_out_in_the_usual_layout(setting: Setting) -> None:
    wrong = setting.upload(to_csv([line(), line("2", 发现日期="昨天")]))
    body = {"estate": setting.estate, "file_sha256": wrong}
    refused = setting.committee.ok("POST", f"{REGISTER}/imports", body)
    assert (refused["applied"], refused["error_count"]) == (False, 1)
    assert (refused["errors"][0]["row"], refused["errors"][0]["column"]) == (3, "发现日期")
    body["file_sha256"] = setting.upload(to_csv([line(), closed("2")]))
    assert setting.committee.ok("POST", f"{REGISTER}/imports", body | {"dry_run": True})["added"] == 2
    assert setting.town.ok("GET", f"{REGISTER}/items")["items"] == []
    assert setting.committee.ok("POST", f"{REGISTER}/imports", body)["applied"]
    assert setting.committee.ok("POST", f"{REGISTER}/imports", body)["unchanged"] == 2
    answer = setting.town.ask("POST", f"{REGISTER}/exports", {"estate": setting.estate})
    rows = python_calamine.load_workbook(BytesIO(answer.data)).get_sheet_by_name("整改台账").to_python()
    assert [row[1] for row in rows[3:]] == ["2026-001", "2"]
    setting.outsider.no(404, "POST", f"{REGISTER}/exports", {"estate": setting.estate})
    setting.builder.no(403, "POST", f"{REGISTER}/imports", body)
    template = setting.committee.ask("GET", f"{REGISTER}/template")
    assert template.data[:2] == b"PK"


def test_works_carry_their_warranty_and_its_clause(setting: Setting) -> None:
    facts = {
        "code": "W1",
        "category": "basic",
        "name": "供热管网",
        "contractor": "某建筑公司",
        "warranty_kind": "heating",
        "accepted_on": "2025-10-15",
    }
    body = {"estate": setting.estate, **facts}
    works = setting.committee.ok("POST", "/staff/works-items", body, Idempotency_Key="works-key-1")
    assert (works["warranty_ends_on"], works["terms"]["is_provisional"]) == ("2027-03-31", True)
    address = f"/staff/works-items/{works['id']}"
    longer = facts | {"agreed_number": 3, "agreed_document": "施工合同第8条"}
    changed = setting.committee.ok("PUT", address, longer, If_Match="1")
    assert (changed["warranty_ends_on"], changed["terms"]["documents"]) == ("2028-03-31", ["施工合同第8条"])
    setting.committee.no(412, "PUT", address, facts, If_Match="1")
    code = setting.committee.no(422, "PUT", address, longer | {"agreed_number": 1}, If_Match="2")
    assert code == "wrong_field"
    setting.outsider.no(404, "GET", address)
    kinds = setting.town.ok("GET", f"/staff/warranty-kinds?organisation={setting.community}")["items"]
    assert {kind["id"]: kind["number"] for kind in kinds}["waterproofing"] == 60
    (seen,) = setting.resident.ok("GET", "/works-items")["items"]
    assert (seen["warranty_ends_on"], seen["clause"][:10]) == ("2028-03-31", "建设工程质量管理条例")
    assert setting.stranger.ok("GET", "/works-items")["items"] == []
    said = {"estate": setting.estate, "category": "utilities", "words": "暖气不热", "disclosure": "named"}
    for caller, address, more in (
        (setting.resident, "/complaints", {}),
        (setting.committee, "/staff/complaints", {"source": "telephone"}),
    ):
        report = {**said, **more, "works_item": "0" * 20}
        code = caller.no(422, "POST", address, report, Idempotency_Key="report-key-1")
        assert code == "wrong_field"
        report["works_item"] = seen["id"]
        caller.ok("POST", address, report, Idempotency_Key="report-key-1")


def test_public_words_name_no_door_and_the_answer_says_how_to_mend_it(setting: Setting) -> None:
    body = setting.body(problem="3栋2单元501漏水")
    answer = setting.committee.ask("POST", f"{REGISTER}/items", body, Idempotency_Key="open-key-1")
    assert answer.status_code == 422
    (field,) = answer.get_json()["fields"]
    assert field["where"] == "problem"
    assert "门牌号" in field["message"]
    assert "请删去" in field["message"]
