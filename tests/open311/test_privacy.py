"""What outsiders never learn: who reported, what was said, where exactly, and that a hidden case exists."""

from __future__ import annotations

from typing import Any

import pytest

from backend.kernel.coordinates import gcj_to_wgs
from tests.open311.conftest import MIDDLE, NAME, PHONE, Town, on_both
from tests.open311.standard import FORMATS

HIDDEN = ("hidden", "accusation", "conduct")


def everything(town: Town, **arguments: Any) -> str:
    """Return every answer of every resource as one text."""
    paths = [
        f"{path}.{fmt}"
        for fmt in FORMATS
        for path in (
            "requests",
            "servicerequestupdates",
            *(f"requests/{town.numbers[name]}" for name in town.numbers),
        )
    ]
    return "\n".join(town.get(path, **arguments).text for path in paths)


@on_both
def test_hidden_cases_appear_nowhere(town: Town) -> None:
    for arguments in ({}, {"api_key": town.key}):
        text = everything(town, **arguments)
        assert town.numbers["registered"] in text
        for name in HIDDEN:
            assert town.numbers[name] not in text, name


@on_both
@pytest.mark.parametrize("fmt", FORMATS)
def test_a_hidden_number_answers_exactly_as_an_unknown_one(town: Town, fmt: str) -> None:
    unknown = town.get(f"requests/000000000000.{fmt}")
    for name in HIDDEN:
        for arguments in ({}, {"api_key": town.key}, {"api_key": town.far_key}):
            asked = town.get(f"requests/{town.numbers[name]}.{fmt}", **arguments)
            assert (asked.status_code, asked.data) == (404, unknown.data), name
        listed = town.get(f"requests.{fmt}", service_request_id=town.numbers[name])
        assert listed.data == town.get(f"requests.{fmt}", service_request_id="000000000000").data


@on_both
def test_no_words_no_person_and_no_door_leave_the_house(town: Town) -> None:
    number = town.file(
        description=f"{NAME}家门前水帘洞",
        first_name="示例",
        last_name="欧阳",
        phone=PHONE,
        **{"attribute[disclosure]": "named"},
    )
    town.numbers["filed"] = number
    text = everything(town)
    assert number in text
    for secret in (NAME, PHONE, "水帘洞", "单元101", "1栋", "修好", "某公司"):
        assert secret not in text, secret


@on_both
def test_the_place_told_is_the_estates_whatever_point_was_reported(town: Town) -> None:
    lat, lon = gcj_to_wgs(MIDDLE)
    near = [town.numbers[name] for name in ("registered", "accepted", "anonymous")]
    for row in town.get("requests.json", service_request_id=",".join(near)).get_json():
        assert (row["lat"], row["long"]) == (round(lat / 1e6, 5), round(lon / 1e6, 5))
        assert row["address"] == "安居小区"
    (far,) = town.get(f"requests/{town.numbers['far']}.json").get_json()
    assert (far["lat"], far["long"], far["address"]) == (None, None, "远方小区")


@on_both
def test_a_confidential_report_is_seen_by_the_system_that_filed_it_and_nobody_else(town: Town) -> None:
    number = town.file(description="请保密的漏水", email="reader@example.org")
    path = f"requests/{number}.json"
    assert town.get(path).status_code == 404
    assert town.get(path, api_key=town.far_key).status_code == 404
    assert town.get(path, api_key="gjk_wrong").status_code == 403
    (row,) = town.get(path, api_key=town.key).get_json()
    assert row["service_request_id"] == number
    assert "reader" not in str(row)
    (row,) = town.get("requests.json", api_key=town.key, service_request_id=number).get_json()
    assert row["service_request_id"] == number
    assert number not in town.get("requests.json", api_key=town.key).text


@on_both
def test_a_published_case_that_turns_out_to_be_an_accusation_disappears(town: Town) -> None:
    from datetime import timedelta

    from backend.complaints import service
    from backend.complaints.rules.vocabulary import Nature
    from backend.complaints.service import TransferComplaint
    from backend.kernel.access import Role
    from tests.factories.people import acting_as, make_staff
    from tests.open311.test_filing import stored

    number = town.file(description="材料以次充好，另有隐情")
    assert town.get(f"requests/{number}.json").status_code == 200
    row = stored(town, number)
    with town.world.arrange() as ctx:
        bureau = acting_as(ctx, make_staff(ctx, Role.BUREAU, row.organisation_id))
        day = (ctx.clock.now() - timedelta(days=1)).date()
        command = TransferComplaint(row.id, row.version, Nature.ACCUSATION, "某机关", "转送函", "1号", day)
        service.transfer_complaint(bureau, command)
    assert town.get(f"requests/{number}.json").data == town.get("requests/000000000000.json").data
    assert number not in everything(town)
