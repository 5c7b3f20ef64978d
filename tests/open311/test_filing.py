"""Filing: every way to say where, every kind of question, once however often it is sent, and sealed as elsewhere."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import Session, select

from backend.complaints import service
from backend.complaints.rules.vocabulary import PartyKind
from backend.complaints.service import AcceptComplaint, CreateParty, DispatchComplaint
from backend.complaints.tables import Complaint, ComplaintRelay, ComplaintReporter
from backend.identity.service import CreateApiKey, create_api_key, recognise_key
from backend.infra.limits import FloodGate
from backend.kernel.access import Role
from backend.kernel.coordinates import Point, gcj_to_wgs, metres_between
from backend.ledger.tables import LedgerEvent
from tests.factories.people import StaffFixture, acting_as, make_staff
from tests.open311.conftest import MIDDLE, NAME, NORTH, PHONE, Town, on_both
from tests.open311.standard import FILED, FORMATS, read

both_formats = pytest.mark.parametrize("fmt", FORMATS)
PERSON = {"first_name": "示例", "last_name": "欧阳", "phone": PHONE, "email": "reader@example.org"}


def stored(town: Town, number: str) -> Complaint:
    with Session(town.world.ports.engine) as session:
        return session.exec(select(Complaint).where(Complaint.number == number)).one()


def wgs(point: Point) -> dict[str, str]:
    lat, lon = gcj_to_wgs(point)
    return {"lat": f"{lat / 1e6:.6f}", "long": f"{lon / 1e6:.6f}"}


@both_formats
@on_both
def test_the_answer_is_a_list_of_one_with_the_number_at_once(town: Town, fmt: str) -> None:
    answer = town.post(fmt, description=f"三楼走廊漏水 {fmt}")
    assert answer.status_code == 200, answer.text
    (row,) = read(answer, fmt)
    assert tuple(row) == FILED
    assert row["service_request_id"].isdigit() and len(row["service_request_id"]) == 12
    assert "受理后开始计算办理时限" in row["service_notice"] and "信访" in row["service_notice"]
    assert row["account_id"] is None
    again = town.get(f"requests/{row['service_request_id']}.{fmt}")
    (shown,) = read(again, fmt)
    assert shown["service_request_id"] == row["service_request_id"]
    assert (shown["status"], shown["service_code"], shown["expected_datetime"]) == ("open", "quality", None)


@on_both
def test_a_point_leads_to_its_estate_and_is_kept_as_maps_here_show_it(town: Town) -> None:
    spot = (MIDDLE[0] + 900, MIDDLE[1] - 800)
    row = stored(town, town.file(address_id=None, **wgs(spot), description="按坐标"))
    assert row.estate_id == town.home.estate.id
    assert metres_between((row.lat_e6 or 0, row.lon_e6 or 0), spot) < 1
    row = stored(town, town.file(address_id=None, **wgs(NORTH), description="按坐标二"))
    assert row.estate_id == town.north.estate.id


@on_both
@pytest.mark.parametrize(
    ("words", "estate"),
    [("安居小区3栋楼下", "home"), ("安居小区二期门口", "north"), ("利通区人民路", None), ("远方小区", None)],
)
def test_words_lead_to_the_estate_they_name(town: Town, words: str, estate: str | None) -> None:
    row = stored(town, town.file(address_id=None, address_string=words, description=f"在{words}"))
    expected = {"home": town.home.estate.id, "north": town.north.estate.id}.get(estate or "")
    assert row.estate_id == expected
    assert row.organisation_id == town.home.community.id
    assert row.place_words == words


def test_a_point_counts_more_than_words(town: Town) -> None:
    sent = {"address_id": None, "address_string": "安居小区", "description": "坐标与地址不一致"}
    assert stored(town, town.file(**sent, **wgs(NORTH))).estate_id == town.north.estate.id


def test_an_estate_that_nobody_put_on_the_map_is_believed_by_its_name(town: Town) -> None:
    sent = {"api_key": town.far_key, "lat": "38.2", "long": "106.2", "description": "门口积水"}
    assert town.post(**sent, address_id=None).status_code == 400
    named = town.file(**sent, address_id=None, address_string="远方小区东门")
    assert stored(town, named).estate_id == town.far.estate.id
    assert stored(town, town.file(**sent, address_id=town.far.estate.id)).estate_id == town.far.estate.id


def test_description_is_optional_and_may_be_four_thousand_characters_long(town: Town) -> None:
    assert stored(town, town.file(service_code="suggestion")).words == "意见建议"
    words = "很长。" * 1333
    assert stored(town, town.file(description=words)).words == words
    text = "<script>alert(1)</script>\r\n第二行 & \u202e'；DROP TABLE"
    number = town.file(description=text)
    assert "\u202e" not in stored(town, number).words and "第二行" in stored(town, number).words


def test_the_answers_to_questions_become_words_for_the_handler(town: Town) -> None:
    number = town.file(
        service_code="disturbance",
        description="打桩",
        **{"attribute[hours][]": ["night", "noon"], "attribute[disclosure]": "anonymous"},
    )
    assert stored(town, number).words == "打桩\n发生在哪些时段（可多选）：夜间（22时至次日6时）、午间"
    assert stored(town, number).disclosure == "anonymous"
    same = town.file(service_code="disturbance", description="打桩二", **{"attribute[hours]": ["day"]})
    assert "白天" in stored(town, same).words
    since = {"attribute[since]": "2026-01-05T00:30:00Z"}
    assert "2026-01-05 08:30" in stored(town, town.file(service_code="utilities", **since)).words


@on_both
@pytest.mark.parametrize(("danger", "nature"), [("yes", "emergency"), ("no", "complaint")])
def test_danger_makes_an_emergency_and_the_notice_says_whom_to_call(
    town: Town, danger: str, nature: str
) -> None:
    answer = town.post(service_code="safety", description=f"脚手架 {danger}", **{"attribute[danger]": danger})
    (row,) = answer.get_json()
    assert "119" in row["service_notice"] and "不是紧急求助渠道" in row["service_notice"]
    kept = stored(town, row["service_request_id"])
    assert (kept.nature, kept.state) == (nature, "registered")  # triage comes before the clock
    assert kept.due_at is None


@on_both
def test_the_reporter_is_sealed_and_apart_and_told_only_to_who_may_ask(town: Town) -> None:
    link = "https://pictures.example.org/reader/1.jpg"
    said = f"我是{NAME}，电话{PHONE}，1栋1单元101漏水"
    sent = {
        **PERSON,
        "description": said,
        "account_id": "user-77",
        "device_id": "tt222111",
        "media_url": link,
    }
    answer = town.post(**sent)
    assert "图片链接" in answer.get_json()[0]["service_notice"]
    row = stored(town, answer.get_json()[0]["service_request_id"])
    assert row.disclosure == "confidential" and row.source == "open311"
    assert NAME not in row.words and PHONE not in row.words and "101" not in row.words_for_party
    with Session(town.world.ports.engine) as session:
        reporter = session.exec(
            select(ComplaintReporter).where(ComplaintReporter.complaint_id == row.id)
        ).one()
        relay = session.get_one(ComplaintRelay, row.id)
        events = session.exec(select(LedgerEvent).where(LedgerEvent.subject_id == row.id)).all()
        kept = " ".join(str(each.model_dump()) for each in (row, reporter, relay, *events))
    for secret in (NAME, PHONE, "reader@example.org", "user-77", "tt222111", link, town.key):
        assert secret not in kept, secret
    assert [(event.type, event.actor_id) for event in events] == [("complaint.registered", None)]
    path = f"/api/v1/staff/complaints/{row.id}/reporter-views"
    told = town.world.app.test_client().post(
        path, json={"reason": "回访"}, headers={"Authorization": f"Bearer {town.hotline.token}"}
    )
    assert told.get_json() == {
        "name": NAME,
        "phone": PHONE,
        "words": said,
        "email": "reader@example.org",
        "account": "user-77",
        "media": link,
    }


@pytest.mark.parametrize(
    ("told", "disclosure"),
    [
        ({}, "anonymous"),
        ({"device_id": "x"}, "anonymous"),
        ({"email": "reader@example.org"}, "confidential"),
        ({**PERSON, "attribute[disclosure]": "named"}, "named"),
        ({**PERSON, "attribute[disclosure]": "confidential"}, "confidential"),
    ],
)
def test_nobody_is_named_without_having_said_so(town: Town, told: dict[str, Any], disclosure: str) -> None:
    number = town.file(**told, description=f"路灯不亮 {sorted(told)}")
    assert stored(town, number).disclosure == disclosure


@on_both
def test_the_same_content_sent_again_is_one_report(town: Town) -> None:
    sent = {**PERSON, "description": "网络不好，重发三次"}
    numbers = {town.file(**sent) for _ in range(3)}
    assert len(numbers) == 1
    assert town.file(**{**sent, "description": "另一件事"}) not in numbers
    # Another system's report of the same words is another report.
    assert town.file(**{**sent, "api_key": town.far_key, "address_id": town.far.estate.id}) not in numbers


@on_both
def test_the_same_content_after_ten_minutes_is_a_new_report(town: Town) -> None:
    first = town.file(description="每天都漏")
    with town.world.arrange() as ctx:
        relay = ctx.session.get_one(ComplaintRelay, stored(town, first).id)
        relay.received_at -= timedelta(minutes=10)
        ctx.session.add(relay)
    assert town.file(description="每天都漏") != first


@on_both
def test_ten_at_once_with_the_same_content_are_one_report(town: Town) -> None:
    def send(_: int) -> Any:
        return town.post(description="十个同时")

    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(send, range(10)))
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.get_json()[0]["service_request_id"] for answer in answers}) == 1


@on_both
def test_an_idempotency_key_says_what_is_the_same(town: Town) -> None:
    key = {"Idempotency-Key": "integrator-1"}
    first = town.post(headers=key, description="带编号")
    assert town.post(headers=key, description="带编号").get_json() == first.get_json()
    other = town.post(headers={"Idempotency-Key": "integrator-2"}, description="带编号")
    assert other.get_json() != first.get_json()
    clash = town.post(headers=key, description="另一件事")
    assert clash.status_code == 400 and "请求编号" in clash.text
    assert town.post(headers={"Idempotency-Key": "short"}, description="x").status_code == 400


def test_key_and_jurisdiction_may_stand_in_the_address(town: Town) -> None:
    client = town.world.app.test_client()
    answer = client.post(
        f"/open311/v2/requests.json?api_key={town.key}&jurisdiction_id={town.home.community.id}",
        data={"service_code": "other", "address_id": town.home.estate.id, "description": "旧客户端"},
    )
    assert answer.status_code == 200, answer.text
    assert town.key not in json.dumps(answer.get_json())


@on_both
def test_what_sounds_like_a_report_about_staff_is_kept_from_those_near_it(town: Town) -> None:
    answer = town.post(description="居委会主任收红包")
    (row,) = answer.get_json()
    assert "上级机关" in row["service_notice"]
    assert stored(town, row["service_request_id"]).is_restricted
    for arguments in ({}, {"api_key": town.key}):
        shown = town.get(f"requests/{row['service_request_id']}.json", **arguments)
        assert shown.status_code == 404


def issued(town: Town, daily_limit: int) -> str:
    with town.world.arrange() as ctx:
        expires_on = ctx.clock.now().date() + timedelta(days=2)
        command = CreateApiKey(town.home.community.id, "另一平台", expires_on, daily_limit)
        return create_api_key(ctx, command).secret


@on_both
def test_a_key_is_good_for_so_many_reports_a_day_and_repetitions_are_none(town: Town) -> None:
    key = issued(town, daily_limit=2)
    for _ in range(3):
        first = town.file(api_key=key, description="每日上限一")
    assert town.file(api_key=key, description="每日上限二") != first
    refused = town.post(api_key=key, description="每日上限三")
    assert refused.status_code == 429
    assert "达到上限" in refused.get_json()[0]["description"]
    assert town.file(api_key=key, description="每日上限一") == first


def test_a_key_files_so_often_a_minute_from_however_many_addresses(town: Town) -> None:
    key = issued(town, daily_limit=10)
    with town.world.arrange() as ctx:
        key_id = recognise_key(ctx, key).key_id
    floods = town.world.app.floods = FloodGate("memory://")
    for _ in range(120):
        floods.admits("120/minute", "open311.key", key_id)
    body = {"api_key": key, "service_code": "other", "address_id": town.home.estate.id, "description": "太快"}
    answer = town.world.app.test_client().post("/open311/v2/requests.xml", data=body)
    assert answer.status_code == 429 and answer.headers["Retry-After"]


def test_a_key_works_for_its_organisation_and_below_and_no_further(town: Town) -> None:
    with town.world.arrange() as ctx:
        county = town.home.community.path.strip("/").split("/")[2]
        expires_on = ctx.clock.now().date() + timedelta(days=2)
        key = create_api_key(ctx, CreateApiKey(county, "县平台", expires_on)).secret
    number = town.file(
        api_key=key, jurisdiction_id=town.home.community.id, address_id=None, address_string="路口"
    )
    assert stored(town, number).organisation_id == town.home.community.id
    number = town.file(api_key=key, address_id=None, address_string="另一路口")
    assert stored(town, number).organisation_id == county
    refused = town.post(api_key=key, jurisdiction_id=town.far.community.id, description="别处")
    assert refused.status_code == 403 and "不适用" in refused.text
    assert town.post(api_key=key, address_id=town.far.estate.id).status_code == 400
    # An organisation above the key's own is none of the key's.
    assert town.post(jurisdiction_id=county, description="上级").status_code == 403


@on_both
def test_staff_see_which_system_filed_a_case_and_can_list_its_cases_but_not_the_unit_that_handles_it(
    town: Town,
) -> None:
    number = town.file(description="三号楼外墙渗水，请看一下")
    client = town.world.app.test_client()

    def ask(who: StaffFixture, path: str) -> Any:
        answer = client.get(f"/api/v1/staff{path}", headers={"Authorization": f"Bearer {who.token}"})
        assert answer.status_code == 200, answer.text
        return answer.get_json()

    with town.world.arrange() as ctx:
        row = ctx.session.exec(select(Complaint).where(Complaint.number == number)).one()
        relay = ctx.session.get_one(ComplaintRelay, row.id)
    shown = ask(town.hotline, f"/complaints/{row.id}")
    assert shown["filed_by"] == {"id": relay.key_id, "name": "某平台"}
    listed = ask(town.hotline, f"/complaints?integrator={relay.key_id}&limit=100")["items"]
    assert number in {item["number"].replace("-", "") for item in listed}
    assert {item["source"] for item in listed} == {"open311"}
    assert ask(town.hotline, "/complaints?integrator=00000000000000000000")["items"] == []
    with town.world.arrange() as ctx:
        party = service.create_party(
            acting_as(ctx, town.bureau),
            CreateParty(town.home.community.id, PartyKind.PROPERTY_COMPANY, f"物业{number}"),
        )
        handler = make_staff(ctx, Role.HANDLER, town.home.community.id)
        service.add_member(acting_as(ctx, town.bureau), party.id, handler.account_id)
        hotline = acting_as(ctx, town.hotline)
        accepted = service.accept_complaint(hotline, AcceptComplaint(row.id, None))
        service.dispatch_complaint(hotline, DispatchComplaint(row.id, accepted.version, party.id))
    assert ask(handler, f"/assigned-complaints/{row.id}")["filed_by"] is None
    assert ask(handler, f"/assigned-complaints?integrator={relay.key_id}")["items"] == []
