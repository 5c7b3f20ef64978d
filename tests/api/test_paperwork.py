"""Paper, reviews, mandates, corrections and service over HTTP: happy, anonymous, elsewhere, conflict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from backend.ballots.service.codes import code_of
from backend.kernel.access import Role
from tests.api.conftest import World
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.people import make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate

STAFF = "/api/v1/staff"


@dataclass
class Office:
    """Staff of a community with an open ballot, over HTTP."""

    world: World
    estate: EstateFixture
    ballot: BallotFixture
    tokens: dict[str, str]
    photo: str
    proxy: str

    def call(self, method: str, path: str, who: str | None = "clerk", **options: Any) -> Any:
        headers = {**options.pop("headers", {})}
        if who is not None:
            headers["Authorization"] = f"Bearer {self.tokens[who]}"
        return self.world.app.test_client().open(STAFF + path, method=method, headers=headers, **options)

    def post(self, path: str, json: dict[str, Any], who: str | None = "clerk", key: str | None = None) -> Any:
        headers = {"Idempotency-Key": key} if key else {}
        return self.call("POST", path, who, json=json, headers=headers)

    def entry(self, number: int) -> str:
        return self.ballot.entry_ids[self.estate.dwelling_ids[number]]

    def marks(self, choice: str = "for") -> dict[str, str]:
        return dict.fromkeys(self.ballot.motion_ids, choice)

    def batch(self, count: int = 3, channel: str = "paper") -> str:
        path = f"/ballots/{self.ballot.ballot_id}/paper-batches"
        wanted = {"paper_count": count, "photo": self.photo, "channel": channel}
        made = self.post(path, wanted, key="batch-key-1")
        assert made.status_code == 201, made.json
        seen = self.post(f"/paper-batches/{made.json['id']}/witness", {"paper_count": count}, "second")
        assert seen.status_code == 200, seen.json
        return str(made.json["id"])

    def enter(self, batch: str, sheet_no: int, dwelling: int, choice: str = "for") -> str:
        body = {"sheet_no": sheet_no, "entry": self.entry(dwelling), "marks": self.marks(choice)}
        made = self.post(f"/paper-batches/{batch}/sheets", {**body, "photo": self.photo})
        assert made.status_code == 201, made.json
        return str(made.json["receipt"])

    def confirm(self, receipt: str, dwelling: int, choice: str = "for") -> Any:
        body = {"entry": self.entry(dwelling), "marks": self.marks(choice)}
        return self.post(f"/paper-sheets/{receipt}/confirm", body, "second")


@pytest.fixture
def office(world: World) -> Office:
    with world.arrange() as ctx:
        estate = make_estate(ctx, dwellings=4, per_building=2)
        ballot = make_ballot(ctx, estate)
        tokens = {
            name: make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id).token
            for name in ("clerk", "second", "third")
        }
        tokens["auditor"] = make_staff(ctx, Role.AUDITOR, estate.community.id).token
        elsewhere = make_estate(ctx, dwellings=1)
        tokens["elsewhere"] = make_staff(ctx, Role.RESIDENTS_COMMITTEE, elsewhere.community.id).token
        proxy = make_resident(ctx).account_id
        photo = ctx.storage.put(b"photo")
    return Office(world, estate, ballot, tokens, photo, proxy)


def test_paper_goes_from_batch_to_standing_vote(office: Office) -> None:
    batch = office.batch()
    receipt = office.enter(batch, 1, 0)
    assert office.confirm(receipt, 0, "against").json["code"] == "sheet_mismatch"
    assert office.confirm(receipt, 0).json["vote_state"] == "standing"
    listed = office.call("GET", f"/paper-batches/{batch}/sheets?limit=1").json
    assert (listed["items"][0]["state"], listed["next"]) == ("confirmed", f"1-{receipt}")
    assert office.call("GET", f"/paper-batches/{batch}/sheets?cursor={listed['next']}").json["items"] == []
    [shown] = office.call("GET", f"/ballots/{office.ballot.ballot_id}/paper-batches").json["items"]
    assert (shown["entered"], shown["confirmed"]) == (0, 1)
    photo = office.call("POST", f"/paper-sheets/{receipt}/photo-views", "second", json={})
    assert photo.data == b"photo"
    again = office.post(f"/paper-sheets/{office.enter(batch, 2, 1)}/return", {"reason": "录错了"}, "second")
    assert again.json["state"] == "returned"


def test_legacy_table_is_entered_and_confirmed(office: Office) -> None:
    batch = office.batch(channel="legacy")
    table = "序号,房屋,事项1,事项2\n1,1-1-101,同意,反对\n".encode()
    assert office.call("POST", f"/paper-batches/{batch}/table", data=table).json == {"sheets": 1}
    done = office.call("POST", f"/paper-batches/{batch}/table/confirm", "second", data=table)
    assert done.json == {"confirmed": 1, "mismatched": [], "not_entered": []}
    broken = office.call("POST", f"/paper-batches/{batch}/table", data=b"\xff\x00")
    assert (broken.status_code, broken.json["code"]) == (422, "paper_file")


def test_entry_is_found_and_ballots_are_printed(office: Office) -> None:
    path = f"/ballots/{office.ballot.ballot_id}"
    with office.world.arrange() as ctx:
        code = code_of(ctx, office.ballot.ballot_id, office.entry(1))
    found = office.call("GET", f"{path}/roll-entry", query_string={"code": code})
    assert found.json["id"] == office.entry(1)
    by_door = office.call("GET", f"{path}/roll-entry", query_string={"door": "1-1-102"})
    assert by_door.json == found.json
    assert office.call("GET", f"{path}/roll-entry").status_code == 400
    printed = office.post(f"{path}/prints", {"building": office.estate.building_ids[0], "large": True})
    assert printed.data.startswith(b"%PDF") and printed.headers["X-Parts"] == "1"


def test_review_and_auditor_s_look(office: Office) -> None:
    path = f"/ballots/{office.ballot.ballot_id}"
    batch = office.batch()
    office.confirm(office.enter(batch, 1, 0), 0)
    late = office.enter(batch, 2, 0, "against")
    assert office.confirm(late, 0, "against").json["needs_review"] is True
    [item] = office.call("GET", f"{path}/reviews", "third").json["items"]
    assert (item["receipt"], item["suggestion"]) == (late, "decide")
    body = {"decision": "accept", "reason": "后交的一张有签名"}
    assert office.post(f"/reviews/{late}", body, "second").status_code == 403
    assert office.post(f"/reviews/{late}", body, "third").json == {"receipt": late, "state": "standing"}
    [rate] = office.call("GET", f"{path}/paper-rates", "auditor").json["items"]
    assert (rate["entered"], rate["confirmed"]) == (2, 2)
    sample = office.post(f"{path}/paper-samples", {"seed": "2026-03-01", "size": 5}, "auditor")
    assert [row["dwelling"] for row in sample.json["items"]] == [office.estate.dwelling_ids[0]]
    assert office.call("GET", f"{path}/paper-rates").status_code == 403


def test_mandate_is_registered_confirmed_and_revoked(office: Office) -> None:
    path = f"/ballots/{office.ballot.ballot_id}/mandates"
    body = {"entry": office.entry(0), "proxy": office.proxy, "powers": "全部事项", "document": office.photo}
    made = office.post(path, body)
    assert made.status_code == 201, made.json
    mandate = made.json["id"]
    assert office.post(f"/mandates/{mandate}/confirm", {}).status_code == 403
    assert office.post(f"/mandates/{mandate}/confirm", {}, "second").json["state"] == "confirmed"
    assert office.post(f"/mandates/{mandate}/revoke", {}).json["state"] == "revoked"
    assert [row["id"] for row in office.call("GET", path).json["items"]] == [mandate]
    strange = {**body, "valid_from": "0001-01-01T00:00:00+08:00"}
    assert office.post(path, strange).status_code == 400


def test_roll_is_corrected_and_service_recorded(office: Office) -> None:
    path = f"/ballots/{office.ballot.ballot_id}"
    body = {"change": "area", "reason": "测绘报告更正", "entry": office.entry(0), "area_centi": 9000}
    made = office.post(f"{path}/amendments", body)
    assert made.json["text"] == "更正面积：80.00 → 90.00 平方米"
    assert office.post(f"/amendments/{made.json['id']}/confirm", {}).status_code == 403
    assert office.post(f"/amendments/{made.json['id']}/confirm", {}, "second").json["state"] == "confirmed"
    gone = office.post(f"{path}/amendments", {**body, "change": "remove"}).json
    assert office.post(f"/amendments/{gone['id']}/withdraw", {}).json["state"] == "withdrawn"
    assert len(office.call("GET", f"{path}/amendments").json["items"]) == 2
    served = {"method": "letter", "dwellings": office.estate.dwelling_ids[:3]}
    assert office.post(f"{path}/service-proofs", served).json == {"recorded": 3}
    left = office.call("GET", f"{path}/unserved").json
    assert [row["dwelling"] for row in left["items"]] == office.estate.dwelling_ids[3:]
    assert sum(row["unserved"] for row in left["buildings"]) == 1


def test_nobody_from_elsewhere_and_nobody_anonymous_gets_in(office: Office) -> None:
    batch = office.batch()
    receipt = office.enter(batch, 1, 0)
    path = f"/ballots/{office.ballot.ballot_id}"
    reading = {"entry": office.entry(0), "marks": office.marks()}
    sheet = {**reading, "sheet_no": 2, "photo": office.photo}
    calls: list[tuple[str, str, dict[str, Any] | None]] = [
        ("GET", f"{path}/paper-batches", None),
        ("POST", f"{path}/paper-batches", {"paper_count": 1, "photo": office.photo}),
        ("POST", f"/paper-batches/{batch}/witness", {"paper_count": 3}),
        ("GET", f"/paper-batches/{batch}/sheets", None),
        ("POST", f"/paper-batches/{batch}/sheets", sheet),
        ("POST", f"/paper-sheets/{receipt}/confirm", reading),
        ("POST", f"/paper-sheets/{receipt}/return", {"reason": "录错了"}),
        ("POST", f"/paper-sheets/{receipt}/photo-views", {}),
        ("GET", f"{path}/roll-entry?door=1-1-101", None),
        ("POST", f"{path}/prints", {"building": office.estate.building_ids[0]}),
        ("GET", f"{path}/reviews", None),
        ("POST", f"/reviews/{receipt}", {"decision": "keep", "reason": "理由"}),
        ("GET", f"{path}/mandates", None),
        ("GET", f"{path}/amendments", None),
        ("POST", f"{path}/amendments", {"change": "remove", "reason": "理由", "entry": office.entry(0)}),
        ("GET", f"{path}/unserved", None),
        ("POST", f"{path}/service-proofs", {"method": "phone", "dwellings": office.estate.dwelling_ids}),
    ]
    for method, where, body in calls:
        options: dict[str, Any] = {"json": body} if body is not None else {}
        headers = {"Idempotency-Key": "elsewhere-1"}
        foreign = office.call(method, where, "elsewhere", headers=headers, **options)
        assert (foreign.status_code, foreign.json["code"]) == (404, "not_found"), where
        assert office.call(method, where, None, headers=headers, **options).status_code == 401, where


@pytest.mark.parametrize("receipt", ["123", "000000000001", "不是", "%00"])
def test_what_is_no_receipt_is_not_found(office: Office, receipt: str) -> None:
    assert office.post(f"/reviews/{receipt}", {"decision": "keep", "reason": "理由"}).status_code == 404
