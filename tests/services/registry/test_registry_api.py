"""The registry's routes over HTTP: happy, anonymous, wrong place, conflict, broken input."""

from __future__ import annotations

from typing import Any

import pytest

from backend.kernel.access import Role
from backend.kernel.ids import new_id
from backend.registry.service import run_next_import
from tests.api.conftest import World, world
from tests.factories.people import make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate
from tests.rules.registry.roll_files import row, to_csv

__all__ = ["world"]


class Caller:
    """Somebody with a token, or nobody."""

    def __init__(self, world: World, token: str | None = None) -> None:
        self._client = world.app.test_client()
        self._headers = {"Authorization": f"Bearer {token}"} if token else {}

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send JSON, or raw bytes as they are."""
        content = {"data": body} if isinstance(body, bytes) else {"json": body}
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self._client.open(
            "/api/v1" + path,
            method=method,
            headers=self._headers | named,
            **(content if body is not None else {}),
        )

    def ok(self, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send, expect success, return the JSON."""
        answer = self.ask(method, path, body, **headers)
        assert answer.status_code < 300, answer.get_data(as_text=True)
        return answer.get_json()


@pytest.fixture
def place(world: World) -> EstateFixture:
    with world.arrange() as ctx:
        return make_estate(ctx, dwellings=3)


@pytest.fixture
def clerk(world: World, place: EstateFixture) -> Caller:
    with world.arrange() as ctx:
        return Caller(world, make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id).token)


def test_clerk_creates_fills_and_reads_an_estate(world: World, place: EstateFixture, clerk: Caller) -> None:
    body = {"organisation_id": place.community.id, "code": "N1", "name": "新小区", "floor_area": "1200.5"}
    estate = clerk.ok("POST", "/staff/estates", body)
    assert (estate["floor_area"], estate["exclusive_area"]) == ("1200.50", "0.00")
    assert clerk.ask("POST", "/staff/estates", body).status_code == 409
    path = f"/staff/estates/{estate['id']}"
    assert clerk.ask("PUT", path, {"name": "改名"}).status_code == 400
    assert clerk.ok("PUT", path, {"name": "改名"}, If_Match='"1"')["version"] == 2
    assert clerk.ask("PUT", path, {"name": "又改"}, If_Match='"1"').status_code == 412
    digest = clerk.ok("POST", "/staff/files", to_csv([row(), row(door="102")]))["sha256"]
    order = {
        "organisation_id": place.community.id,
        "estate_id": estate["id"],
        "file_sha256": digest,
        "file_name": "名册.csv",
    }
    queued = clerk.ok("POST", "/staff/imports", order, Idempotency_Key="import-0001")
    assert queued["state"] == "queued"
    again = clerk.ok("POST", "/staff/imports", order, Idempotency_Key="import-0001")
    assert again["id"] == queued["id"]
    other = clerk.ask("POST", "/staff/imports", order | {"is_dry_run": True}, Idempotency_Key="import-0001")
    assert (other.status_code, other.get_json()["code"]) == (400, "idempotency_key_reused")
    assert run_next_import(world.ports)
    done = clerk.ok("GET", f"/staff/imports/{queued['id']}")
    assert (done["state"], done["report"]["difference"]["added"]) == ("done", 2)
    assert done["progress_done"] == done["progress_total"]
    assert clerk.ok("GET", f"{path}/dwellings")["items"][1]["label"] == "1栋1单元102"
    assert clerk.ok("GET", f"{path}/buildings")["items"][0]["dwellings"] == 2
    listed = clerk.ok("GET", f"/staff/imports?organisation_id={place.community.id}")
    assert [item["id"] for item in listed["items"]] == [queued["id"]]


def test_template_downloads_and_pages_follow_on(clerk: Caller, place: EstateFixture) -> None:
    answer = clerk.ask("GET", "/staff/imports/template")
    assert answer.status_code == 200
    assert answer.data.startswith(b"PK")
    path = f"/staff/estates/{place.estate.id}/dwellings?limit=2"
    first = clerk.ok("GET", path)
    rest = clerk.ok("GET", f"{path}&cursor={first['next']}")
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (2, 1, None)
    detail = clerk.ok("GET", f"/staff/dwellings/{place.dwelling_ids[0]}")
    assert (detail["people"][0]["phone"], detail["is_masked"]) == (place.phones[0], False)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/staff/estates", {"organisation_id": "x" * 20, "code": "a", "name": "a\u0007"}),
        ("POST", "/staff/estates", {"organisation_id": "x" * 20, "code": "a b", "name": "a"}),
        ("POST", "/staff/imports", {"organisation_id": "x" * 20, "file_sha256": "z", "file_name": "a"}),
        ("GET", "/staff/estates?search=%00", None),
        ("GET", "/staff/estates?limit=0", None),
        ("GET", "/staff/imports", None),
        ("GET", f"/staff/estates?cursor={'0' * 20}", None),
    ],
)
def test_broken_input_is_a_400(clerk: Caller, method: str, path: str, body: Any) -> None:
    assert clerk.ask(method, path, body).status_code == 400


def test_file_that_was_never_uploaded_is_refused(clerk: Caller, place: EstateFixture) -> None:
    order = {"organisation_id": place.community.id, "file_sha256": "0" * 64, "file_name": "a.csv"}
    answer = clerk.ask("POST", "/staff/imports", order, Idempotency_Key="import-0002")
    assert (answer.status_code, answer.get_json()["code"]) == (422, "no_file")


def test_strangers_learn_nothing(world: World, place: EstateFixture) -> None:
    with world.arrange() as ctx:
        other = make_estate(ctx, dwellings=1)
        stranger = Caller(world, make_staff(ctx, Role.RESIDENTS_COMMITTEE, other.community.id).token)
        resident = Caller(world, make_resident(ctx, other.dwelling_ids[0]).token)
    for path in (
        f"/staff/estates/{place.estate.id}",
        f"/staff/estates/{place.estate.id}/dwellings",
        f"/staff/estates/{place.estate.id}/buildings",
        f"/staff/dwellings/{place.dwelling_ids[0]}",
        f"/staff/imports?organisation_id={place.community.id}",
        f"/staff/imports/{new_id()}",
    ):
        assert Caller(world).ask("GET", path).status_code == 401
        assert resident.ask("GET", path).status_code == 401
        assert stranger.ask("GET", path).status_code == 404
    assert resident.ask("GET", f"/estates/{place.estate.id}/roll-check").status_code == 404
    assert place.estate.id not in str(stranger.ok("GET", "/staff/estates"))


def test_resident_checks_the_roll(world: World, place: EstateFixture, clerk: Caller) -> None:
    with world.arrange() as ctx:
        resident = Caller(world, make_resident(ctx, place.dwelling_ids[0]).token)
    assert [item["id"] for item in resident.ok("GET", "/estates")["items"]] == [place.estate.id]
    page = resident.ok("GET", f"/estates/{place.estate.id}/roll-check")
    assert (page["is_open"], page["items"][0]["exclusive_area"]) == (False, "80.00")
    assert page["items"][0]["is_listed_owner"] is None
    days = {"starts_on": "2020-01-01", "ends_on": "2099-01-01"}
    path = f"/staff/estates/{place.estate.id}/roll-display"
    assert clerk.ask("POST", path, days).status_code == 422


def test_bureau_grows_the_tree(world: World, place: EstateFixture) -> None:
    county = place.community.path.strip("/").split("/")[2]
    with world.arrange() as ctx:
        bureau = Caller(world, make_staff(ctx, Role.BUREAU, county).token)
    body = {"parent_id": county, "kind": "town", "code": "T9", "name": "胜利镇"}
    assert bureau.ok("POST", "/staff/organisations", body)["parent_id"] == county
    assert bureau.ask("POST", "/staff/organisations", body).status_code == 409
    assert [item["id"] for item in bureau.ok("GET", "/staff/organisations")["items"]] == [county]
    assert len(bureau.ok("GET", f"/staff/organisations?parent_id={county}")["items"]) == 2
