"""A public client, georeport of PyPI, reads what this door says over real HTTP.

It reads only. The other clients of PyPI and npm are of Python 2 or depend on what can no longer be had, so the request
is filed with the HTTP library that georeport itself uses.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest
import requests
from georeport import GeoReport
from werkzeug.serving import make_server

from tests.open311.conftest import Town


@pytest.fixture
def address(town: Town, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """The door on a loopback port."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = make_server("127.0.0.1", 0, town.world.app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, name="open311 server")
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/open311/v2"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("fmt", ["json", "xml"])
def test_georeport_lists_services_and_reads_back_what_was_filed(town: Town, address: str, fmt: str) -> None:
    community = town.home.community.id
    client = GeoReport(address, jurisdiction=community, api_key=town.key, output_format=fmt)
    services = {row["service_code"]: row for row in client.get_service_list()}
    assert services["quality"]["service_name"].startswith("工程质量")
    questions = client.get_service_definition("safety")
    assert questions["service_code"] == "safety" and "danger" in str(questions)
    form = {
        "api_key": client.api_key,
        "jurisdiction_id": community,
        "service_code": "quality",
        "address_string": "安居小区3栋",
        "description": f"以 {fmt} 读回",
    }
    filed = requests.post(f"{address}/requests.json", data=form, timeout=10)
    assert filed.status_code == 200, filed.text
    number = filed.json()[0]["service_request_id"]
    one = client.get_service_request(number)
    assert one["service_request_id"] == number
    assert (one["status"], one["address"], one["description"]) == ("open", "安居小区", None)
    listed = client.get_service_requests(service_code="quality", status="open")
    assert number in {row["service_request_id"] for row in listed}
    with pytest.raises(requests.HTTPError, match="404"):
        client.get_service_request(town.numbers["hidden"])
