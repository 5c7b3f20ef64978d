"""What is read: every resource in both formats, with the standard's names, order, types and empty values."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from backend.complaints.rules.vocabulary import CATEGORIES
from backend.open311.rendering import to_xml
from backend.wsgi import build_app
from tests.open311.conftest import Town, on_both
from tests.open311.standard import (
    ATTRIBUTE,
    DATATYPES,
    DISCOVERY,
    ENDPOINT,
    FORMATS,
    MOMENT,
    REQUEST,
    ROOTS,
    SERVICE,
    UPDATE,
    read,
    root_of,
)

both_formats = pytest.mark.parametrize("fmt", FORMATS)


def shown(town: Town, path: str, fmt: str, **arguments: Any) -> Any:
    answer = town.get(f"{path}.{fmt}", **arguments)
    assert answer.status_code == 200, answer.text
    return read(answer, fmt)


@both_formats
def test_discovery_has_every_field_of_the_standard(town: Town, fmt: str) -> None:
    found = shown(town, "discovery", fmt)
    assert tuple(found) == DISCOVERY
    assert all(isinstance(found[name], str) and found[name] for name in DISCOVERY[:3])
    (endpoint,) = found["endpoints"]
    assert tuple(endpoint) == ENDPOINT
    assert endpoint["specification"] == "http://wiki.open311.org/GeoReport_v2"
    assert endpoint["url"].endswith("/open311/v2")
    assert endpoint["type"] == "test"  # a rehearsal is not production
    assert endpoint["formats"] == ["text/xml", "application/json"]


@both_formats
def test_services_are_the_categories_without_reports_about_staff(town: Town, fmt: str) -> None:
    found = shown(town, "services", fmt)
    assert {row["service_code"] for row in found} == set(CATEGORIES) - {"conduct"}
    for row in found:
        assert tuple(row) == SERVICE
        assert row["service_name"] == CATEGORIES[row["service_code"]].title
        assert isinstance(row["metadata"], bool)
        assert row["type"] == "realtime"
        assert all(row[name] for name in ("description", "keywords", "group"))
    assert {row["metadata"] for row in found} == {True, False}


@both_formats
def test_metadata_says_truly_whether_a_service_has_questions(town: Town, fmt: str) -> None:
    for service in shown(town, "services", fmt):
        found = shown(town, f"services/{service['service_code']}", fmt)
        assert tuple(found) == ("service_code", "attributes")
        assert found["service_code"] == service["service_code"]
        assert bool(found["attributes"]) is service["metadata"]
        orders = [row["order"] for row in found["attributes"]]
        assert orders == list(range(1, len(orders) + 1))
        for row in found["attributes"]:
            assert tuple(row)[: len(ATTRIBUTE)] == ATTRIBUTE
            assert row["datatype"] in DATATYPES
            assert isinstance(row["variable"], bool) and isinstance(row["required"], bool)
            assert ("values" in row) is row["datatype"].endswith("list")
            for value in row.get("values", ()):
                assert tuple(value) == ("key", "name")
                assert all(isinstance(text, str) and text for text in value.values())


@both_formats
@on_both
def test_a_request_has_every_field_of_the_standard(town: Town, fmt: str) -> None:
    found = shown(town, "requests", fmt, jurisdiction_id=town.home.community.id)
    assert found
    for row in found:
        assert tuple(row) == REQUEST
        assert row["status"] in ("open", "closed")
        for name in ("service_request_id", "service_code", "service_name", "status_notes"):
            assert isinstance(row[name], str) and row[name]
        for name in ("requested_datetime", "updated_datetime", "expected_datetime"):
            if row[name] is not None or name != "expected_datetime":
                assert MOMENT.fullmatch(row[name])
        assert all(isinstance(row[name], float) is bool(row["address_id"]) for name in ("lat", "long"))
        assert [row[name] for name in ("description", "service_notice", "zipcode", "media_url")] == [None] * 4
        assert row["agency_responsible"] == town.home.community.name


@on_both
def test_xml_and_json_say_the_same(town: Town) -> None:
    paths = [*ROOTS, *(f"requests/{town.numbers[name]}" for name in ("registered", "closed"))]
    for path in paths:
        assert shown(town, path, "xml") == shown(town, path, "json"), path


@pytest.mark.parametrize("path", list(ROOTS))
def test_the_root_has_the_standards_name(town: Town, path: str) -> None:
    assert root_of(town.get(f"{path}.xml")) == ROOTS[path]


@both_formats
def test_one_request_is_a_list_of_one(town: Town, fmt: str) -> None:
    (row,) = shown(town, f"requests/{town.numbers['accepted']}", fmt)
    assert row["service_request_id"] == town.numbers["accepted"]
    assert row["status"] == "open"
    assert row["status_notes"] == "已受理，待派单"
    assert row["address"] == "安居小区"
    assert row["address_id"] == town.home.estate.id
    expected = datetime.fromisoformat(row["expected_datetime"])
    assert expected > datetime.fromisoformat(row["requested_datetime"])


STATUS = {"registered": "open", "accepted": "open", "resolved": "open", "closed": "closed"}


@on_both
def test_our_states_are_open_or_closed_and_told_in_the_notes(town: Town) -> None:
    for name, status in STATUS.items():
        (row,) = shown(town, f"requests/{town.numbers[name]}", "json")
        assert row["status"] == status, name
    assert row["status_notes"] == "已结案"
    updates = [
        update
        for update in shown(town, "servicerequestupdates", "json")
        if update["service_request_id"] == town.numbers["closed"]
    ]
    assert row["updated_datetime"] == updates[0]["updated_datetime"]


@both_formats
@on_both
def test_updates_tell_the_steps_in_fixed_words(town: Town, fmt: str) -> None:
    found = shown(town, "servicerequestupdates", fmt, jurisdiction_id=town.home.community.id)
    for row in found:
        assert tuple(row) == UPDATE
        assert MOMENT.fullmatch(row["updated_datetime"])
        assert row["media_url"] is None
    told = [
        (row["description"], row["status"])
        for row in reversed(found)
        if row["service_request_id"] == town.numbers["closed"]
    ]
    assert told == [("受理", "open"), ("接收办理", "open"), ("办结", "open"), ("结案", "closed")]
    assert len({row["update_id"] for row in found}) == len(found)


@given(st.text(alphabet=st.characters(exclude_categories=["Cs"])))
@example("a\x08\x1b<&>\"'\ud7ff\ufffe]]>\r\nb")
def test_every_text_is_read_back_from_xml_without_the_characters_it_forbids(text: str) -> None:
    written = to_xml("services", [{"description": text}])
    (row,) = ElementTree.fromstring(written)
    forbidden = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
    assert (row[0].text or "") == forbidden.sub("", text)


def test_head_and_unchanged_answers_cost_nothing(town: Town) -> None:
    first = town.get("services.json")
    client = town.world.app.test_client()
    again = client.get("/open311/v2/services.json", headers={"If-None-Match": first.headers["ETag"]})
    assert again.status_code == 304
    assert client.head("/open311/v2/services.json").status_code == 200


def test_the_door_can_stay_closed(town: Town) -> None:
    ports = town.world.ports
    closed = build_app(replace(ports, settings=replace(ports.settings, open311=False)))
    for path in ("discovery.xml", "requests.json", "services"):
        answer = closed.test_client().get(f"/open311/v2/{path}")
        assert (answer.status_code, answer.mimetype) == (404, "application/json")
