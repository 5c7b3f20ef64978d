"""Over HTTP: no role and no unit reads a confidential reporter that should not; the tracker reads nobody."""

from __future__ import annotations

from typing import Any

import pytest

from backend.complaints import service
from backend.complaints.rules.vocabulary import PartyKind
from backend.complaints.service import CreateParty
from backend.kernel.access import Role
from tests.api.conftest import World
from tests.factories.people import acting_as, make_staff
from tests.factories.places import make_estate

NAME, PHONE = "欧阳示例", "13812345678"
SAID = f"我是{NAME}，住1栋1单元101，电话{PHONE}，三楼漏水"


@pytest.mark.parametrize("disclosure", ["named", "confidential"])
def test_who_reads_a_reporter_over_every_route(world: World, disclosure: str) -> None:
    with world.arrange() as ctx:
        place = make_estate(ctx, dwellings=2)
        county, town, community = place.community.path.strip("/").split("/")[2:]
        at = {Role.BUREAU: county, Role.AUDITOR: county, Role.ADMINISTRATOR: county, Role.TOWN: town}
        people = {role: make_staff(ctx, role, at.get(role, community)) for role in Role}
        bureau = acting_as(ctx, people[Role.BUREAU])
        party = service.create_party(bureau, CreateParty(town, PartyKind.CONTRACTOR, "示例施工单位"))
        for role in (Role.HANDLER, Role.RESIDENTS_COMMITTEE):  # the committee acts for the unit too
            service.add_member(bureau, party.id, people[role].account_id)
    client = world.app.test_client()

    def ask(role: Role, method: str, path: str, body: Any = None, version: int = 1) -> Any:
        headers = {
            "Authorization": f"Bearer {people[role].token}",
            "If-Match": str(version),
            "Idempotency-Key": "report-0001",
        }
        return client.open(f"/api/v1/staff{path}", method=method, json=body, headers=headers)

    report = {
        "source": "telephone",
        "category": "quality",
        "words": SAID,
        "disclosure": disclosure,
        "estate": place.estate.id,
        "reporter_name": NAME,
        "reporter_phone": PHONE,
    }
    made = ask(Role.HOTLINE, "POST", "/complaints", report).get_json()
    one = f"/complaints/{made['id']}"
    assert ask(Role.HOTLINE, "POST", f"{one}/accept", {}).status_code == 200
    sent = ask(Role.HOTLINE, "POST", f"{one}/dispatch", {"party": party.id}, version=2)
    assert sent.status_code == 200, sent.text
    units = {Role.HANDLER, Role.RESIDENTS_COMMITTEE}
    for role in Role:
        for path in ("/complaints", one, "/assigned-complaints", f"/assigned-{one[1:]}", f"{one}/duplicates"):
            text = ask(role, "GET", path).text
            assert PHONE not in text, (role, path)
            assert disclosure == "named" or NAME not in text, (role, path)
            if disclosure == "confidential" and role in units:
                assert "单元101" not in text, (role, path)
        told = ask(role, "POST", f"{one}/reporter-views", {"reason": "回访核实"})
        seen = told.status_code == 200 and PHONE in told.text
        expected = {Role.HOTLINE} if disclosure == "confidential" else {Role.HOTLINE, Role.TOWN}
        assert seen == (role in expected), (role, told.text)
        told = ask(role, "POST", f"/assigned-{one[1:]}/reporter-views", {"reason": "约定上门"})
        assert (told.status_code == 200 and PHONE in told.text) == (
            disclosure == "named" and role in units
        ), (role, told.text)
        for word in (NAME, "101"):
            found = ask(role, "GET", f"/assigned-complaints?text={word}")
            if role in units and disclosure == "confidential":
                assert found.get_json()["items"] == [], (role, word)
    tracked = client.get(f"/api/v1/complaint-tracker?number={made['number']}")
    assert tracked.status_code == 200
    assert not any(word in tracked.text for word in (NAME, PHONE, "漏水"))
