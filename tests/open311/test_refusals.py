"""Every refusal of the standard, in both formats: 404 for what is not there, 403 for keys, 400 for everything else."""

from __future__ import annotations

from typing import Any

import pytest

from backend.infra.limits import FloodGate
from tests.open311.conftest import BASE, FORM, Town
from tests.open311.standard import FORMATS, read, said

both_formats = pytest.mark.parametrize("fmt", FORMATS)
LONG = "2026-01-01T00:00:00Z"

# resource, arguments, status, what the reason is about
READS: list[tuple[str, dict[str, Any], int, str]] = [
    ("services", {"jurisdiction_id": "no.such.city"}, 404, "jurisdiction_id"),
    ("services/no-such-service", {}, 404, "service_code"),
    ("services/conduct", {}, 404, "service_code"),
    ("services/quality", {"jurisdiction_id": "no.such.city"}, 404, "jurisdiction_id"),
    ("tokens/12345", {}, 404, "token"),
    ("requests/000000000000", {}, 404, "service_request_id"),
    ("requests/x", {}, 404, "service_request_id"),
    ("requests/" + "9" * 5000, {}, 404, "service_request_id"),
    ("requests/123456789012", {"jurisdiction_id": "no.such.city"}, 404, "jurisdiction_id"),
    ("requests/123456789012", {"api_key": "not-a-key"}, 403, "密钥"),
    ("requests", {"jurisdiction_id": "no.such.city"}, 404, "jurisdiction_id"),
    ("requests", {"service_code": "no-such-service"}, 404, "service_code"),
    ("requests", {"service_code": "quality,no-such-service"}, 404, "service_code"),
    ("requests", {"status": "purple"}, 400, "status"),
    ("requests", {"start_date": "yesterday"}, 400, "start_date"),
    ("requests", {"start_date": "2026-01-01"}, 400, "start_date"),
    ("requests", {"start_date": "2026-01-01T00:00:00"}, 400, "start_date"),
    ("requests", {"start_date": "2026-02-30T00:00:00Z"}, 400, "start_date"),
    ("requests", {"start_date": "0001-01-01T00:00:00+14:00"}, 400, "start_date"),
    ("requests", {"end_date": "9999-12-31T23:59:59-12:00"}, 400, "end_date"),
    ("requests", {"start_date": LONG, "end_date": "2026-04-01T00:00:01Z"}, 400, "end_date"),
    ("requests", {"start_date": LONG, "end_date": "2025-12-31T00:00:00Z"}, 400, "end_date"),
    ("requests", {"start_date": [LONG, "2026-01-02T00:00:00Z"]}, 400, "start_date"),
    ("requests", {"page": "0"}, 400, "page"),
    ("requests", {"page": "-1"}, 400, "page"),
    ("requests", {"page": "1.5"}, 400, "page"),
    ("requests", {"page": "٣"}, 400, "page"),
    ("requests", {"page": "9" * 40}, 400, "page"),
    ("requests", {"page": "1000"}, 400, "page"),
    ("requests", {"page_size": "1001"}, 400, "page_size"),
    ("requests", {"page_size": "NaN"}, 400, "page_size"),
    (
        "requests",
        {"service_request_id": ",".join(f"{n:012d}" for n in range(1001))},
        400,
        "service_request_id",
    ),
    ("servicerequestupdates", {"status": "purple"}, 400, "status"),
    ("servicerequestupdates", {"start_date": "x"}, 400, "start_date"),
    ("servicerequestupdates", {"jurisdiction_id": "no.such.city"}, 404, "jurisdiction_id"),
    ("nothing", {}, 404, "地址"),
    *[
        (path, {"api_key": "not-a-key"}, 403, "密钥")
        for path in (
            "discovery",
            "services",
            "services/quality",
            "requests",
            "tokens/1",
            "servicerequestupdates",
        )
    ],
]


@both_formats
@pytest.mark.parametrize(
    ("path", "arguments", "status", "about"), READS, ids=[f"{r[0][:30]} {list(r[1])}" for r in READS]
)
def test_a_wrong_read_is_refused(
    town: Town, fmt: str, path: str, arguments: dict[str, Any], status: int, about: str
) -> None:
    answer = town.get(f"{path}.{fmt}", **arguments)
    assert answer.status_code == status, answer.text
    found = read(answer, fmt)
    assert about in said(found)
    assert {row["code"] for row in found} == {str(status)}


@both_formats
def test_every_reason_is_told_at_once_and_mixed_ones_are_400(town: Town, fmt: str) -> None:
    answer = town.get(f"requests.{fmt}", status="purple", start_date="x", page="0", jurisdiction_id="nowhere")
    assert answer.status_code == 400
    found = read(answer, fmt)
    assert len(found) == 4
    assert {row["code"] for row in found} == {"400", "404"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("services", 400),
        ("services.yaml", 400),
        ("requests.html", 400),
        ("requests/1.JSON", 400),
        ("discovery", 400),
        ("services.json/", 400),
        ("foo.xml", 404),
        ("servicesx.xml", 404),
    ],
)
def test_an_address_without_a_known_format_is_answered_in_xml(town: Town, path: str, status: int) -> None:
    answer = town.get(path)
    assert answer.status_code == status
    said(read(answer, "xml"))


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "POST"])
def test_a_method_the_standard_does_not_know_is_refused_in_its_form(town: Town, method: str) -> None:
    town.world.app.floods = FloodGate("memory://")
    answer = town.world.app.test_client().open(f"{BASE}/services.json", method=method)
    assert answer.status_code == 400
    said(read(answer, "json"))


ODD = [
    ("GET", "", 404),
    ("GET", "/", 404),
    ("GET", "/../v1/requests.json", 404),
    ("GET", "//requests.json", 400),
    ("GET", "/requests//1.json", 400),
    ("GET", "/requests/.json", 400),
    ("GET", "/requests.json/", 400),
    ("GET", "/requests/1%2F2.json", 400),
    ("GET", "/requests/%00.json", 404),
    ("GET", "/requests/%0A.json", 404),
    ("GET", "/requests/%0A%0D.xml", 404),
    ("GET", "/%0A.json", 404),
    ("GET", "/%FF.json", 404),
    ("OPTIONS", "/nothing.json", 404),
    ("OPTIONS", "/requests.json", 400),
    ("PROPFIND", "/requests.json", 400),
    ("TRACE", "/requests.xml", 400),
    ("FOO", "/nothing.xml", 404),
]


@pytest.mark.parametrize(("method", "path", "status"), ODD)
def test_every_address_and_method_is_answered_in_the_standards_form(
    town: Town, method: str, path: str, status: int
) -> None:
    town.world.app.floods = FloodGate("memory://")
    answer = town.world.app.test_client().open(f"{BASE}{path}", method=method)
    assert answer.status_code == status, answer.text
    said(read(answer, "json" if path.endswith(".json") else "xml"))
    assert "Location" not in answer.headers


@pytest.mark.parametrize(
    "query",
    ["status=%FF", "service_code=%ED%A0%80", "status=%00", "a=1&" * 300, "jurisdiction_id=%E4%B8", "%FF=1"],
)
def test_what_is_no_text_is_400(town: Town, query: str) -> None:
    answer = town.world.app.test_client().get(f"{BASE}/requests.xml?{query}")
    assert answer.status_code == 400
    said(read(answer, "xml"))


@both_formats
@pytest.mark.parametrize("key", [None, "", "wrong", "gjk_" + "0" * 40, "x" * 100_00, "密钥"])
def test_a_missing_or_wrong_key_is_403(town: Town, fmt: str, key: str | None) -> None:
    answer = town.post(fmt, api_key=key)
    assert answer.status_code == 403, answer.text
    (row,) = read(answer, fmt)
    assert row["code"] == "403" and "密钥" in row["description"]


# what is changed in a good form, status, what the reason is about
FILINGS: list[tuple[dict[str, Any], int, str]] = [
    ({"service_code": None}, 400, "service_code"),
    ({"service_code": ""}, 400, "service_code"),
    ({"service_code": "no-such-service"}, 404, "service_code"),
    ({"service_code": "conduct"}, 404, "service_code"),
    ({"service_code": ["quality", "other"]}, 400, "service_code"),
    ({"jurisdiction_id": "no.such.city"}, 404, "jurisdiction_id"),
    ({"address_id": None}, 400, "lat"),
    ({"address_id": "", "address_string": "", "lat": "", "long": ""}, 400, "lat"),
    ({"address_id": "0" * 20}, 400, "address_id"),
    ({"address_id": "545483"}, 400, "address_id"),
    ({"address_id": None, "lat": "37.98"}, 400, "long"),
    ({"address_id": None, "long": "106.19"}, 400, "lat"),
    ({"address_id": None, "lat": "NaN", "long": "106"}, 400, "lat"),
    ({"address_id": None, "lat": "inf", "long": "106"}, 400, "lat"),
    ({"address_id": None, "lat": "1e2", "long": "106"}, 400, "lat"),
    ({"address_id": None, "lat": "91", "long": "106"}, 400, "lat"),
    ({"address_id": None, "lat": "38", "long": "-180.1"}, 400, "long"),
    ({"address_id": None, "lat": "9" * 400, "long": "106"}, 400, "lat"),
    ({"address_id": None, "lat": "38,1", "long": "106"}, 400, "lat"),
    ({"address_id": None, "lat": "0", "long": "0"}, 400, "小区"),
    ({"address_id": None, "lat": "38.2", "long": "106.2"}, 400, "小区"),
    ({"lat": "38.2", "long": "106.2"}, 400, "address_id"),
    ({"description": "长" * 4001}, 400, "description"),
    ({"email": "nobody"}, 400, "email"),
    ({"email": "a@b@c.cn"}, 400, "email"),
    ({"phone": "12345"}, 400, "phone"),
    ({"phone": "+1 415 555 2671"}, 400, "phone"),
    ({"first_name": "名" * 51}, 400, "first_name"),
    ({"media_url": "javascript:alert(1)"}, 400, "media_url"),
    ({"media_url": "file:///etc/passwd"}, 400, "media_url"),
    ({"media_url": "http://"}, 400, "media_url"),
    ({"media_url": "http://[::1"}, 400, "media_url"),
    ({"media_url": "https://example.org/" + "x" * 1000}, 400, "media_url"),
    ({"attribute[no_such]": "x"}, 400, "attribute[no_such]"),
    ({"attribute": "x"}, 400, "attribute"),
    ({"attribute[disclosure]": "loud"}, 400, "disclosure"),
    ({"attribute[disclosure]": ["named", "anonymous"]}, 400, "disclosure"),
    ({"attribute[spot]": "x" * 101}, 400, "spot"),
    ({"attribute[disclosure]": "anonymous", "phone": "13812345678"}, 400, "匿名"),
    ({"attribute[disclosure]": "named", "phone": "13812345678"}, 400, "实名"),
    ({"attribute[disclosure]": "named"}, 400, "实名"),
    ({"service_code": "safety"}, 400, "danger"),
    ({"service_code": "safety", "attribute[danger]": "perhaps"}, 400, "danger"),
    ({"service_code": "disturbance", "attribute[hours][]": ["day", "dusk"]}, 400, "hours"),
    ({"service_code": "utilities", "attribute[since]": "yesterday"}, 400, "since"),
    ({"description": "a\x00b"}, 400, "控制字符"),
]


@both_formats
@pytest.mark.parametrize(
    ("changed", "status", "about"), FILINGS, ids=[str(list(r[0].items())[:2])[:60] for r in FILINGS]
)
def test_a_wrong_filing_is_refused_and_nothing_is_kept(
    town: Town, fmt: str, changed: dict[str, Any], status: int, about: str
) -> None:
    answer = town.post(fmt, **{"description": "漏水", **changed})
    assert answer.status_code == status, answer.text
    found = read(answer, fmt)
    assert about in said(found)
    assert str(status) in {row["code"] for row in found}


@both_formats
def test_a_filing_tells_every_reason_at_once(town: Town, fmt: str) -> None:
    answer = town.post(
        fmt, service_code="safety", address_id=None, lat="x", phone="1", email="x", media_url="ftp://x"
    )
    assert answer.status_code == 400
    found = said(read(answer, fmt))
    for name in ("attribute[danger]", "lat", "long", "phone", "email", "media_url"):
        assert name in found


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"{}", "application/json"),
        (b"<request/>", "text/xml"),
        (b"x", ""),
        (b"--x\r\n\r\n--x--", "multipart/form-data; boundary=x"),
        (b"description=%FF", FORM),
        (b"description=\xff", FORM),
        (b"description=%ED%A0%80", FORM),
        (b"a=1&" * 300, FORM),
        (b"description=" + b"x" * 100_000, FORM),
    ],
    ids=["json", "xml", "none", "multipart", "bad utf-8", "raw", "surrogate", "many", "large"],
)
def test_what_is_no_form_is_400(town: Town, body: bytes, kind: str) -> None:
    answer = town.world.app.test_client().post(f"{BASE}/requests.json", data=body, content_type=kind)
    assert answer.status_code == 400, answer.text
    said(read(answer, "json"))


def test_calling_too_often_is_refused_for_a_while(town: Town) -> None:
    town.world.app.floods = FloodGate("memory://")
    client = town.world.app.test_client()
    codes = [client.get(f"{BASE}/discovery.xml").status_code for _ in range(301)]
    assert codes[-1] == 429 and set(codes[:-1]) == {200}
    last = client.get(f"{BASE}/discovery.xml")
    assert last.headers["Retry-After"]
    said(read(last, "xml"))
