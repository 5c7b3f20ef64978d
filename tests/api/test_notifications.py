"""Rooms, reminder settings, deliveries, the doorstep list and subscriptions over HTTP."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import pytest

from backend.ballots.tables import Ballot
from backend.kernel.access import Role
from backend.kernel.clock import end_of_day, local_date
from backend.notifications.tables import ConsentBalance
from bot import delivery
from tests.api.conftest import World
from tests.api.test_projects import Caller
from tests.factories.ballots import make_ballot
from tests.factories.people import make_resident, make_staff
from tests.factories.places import EstateFixture, make_estate

ROOM = {"name": "居委会工作群", "key": "693a91f6-7abc-4bc4-97a0-0ec2sifa5aaa"}


@dataclass
class Setting:
    """An estate of two buildings with an open ballot and the people around it."""

    place: EstateFixture
    ballot: str
    committee: Caller
    steward: Caller
    outsider: Caller
    owner: Caller


@pytest.fixture
def setting(world: World) -> Setting:
    with world.arrange() as ctx:
        place = make_estate(ctx, dwellings=4, per_building=2)
        ballot = make_ballot(ctx, place).ballot_id
        row = ctx.session.get_one(Ballot, ballot)
        row.opens_at = ctx.clock.now() - timedelta(days=1)
        row.closes_at = end_of_day(local_date(ctx.clock.now()) + timedelta(days=3))
        ctx.session.add(row)
        committee = make_staff(ctx, Role.RESIDENTS_COMMITTEE, place.community.id)
        steward = make_staff(
            ctx, Role.BUILDING_STEWARD, place.community.id, place.estate.id, place.building_ids[0]
        )
        outsider = make_staff(ctx, Role.RESIDENTS_COMMITTEE, make_estate(ctx, dwellings=1).community.id)
        owner = make_resident(ctx, place.dwelling_ids[0])
        ctx.session.add(ConsentBalance(account_id=owner.account_id, purpose="reminder", remaining=1))
    callers = [Caller(world, person.token) for person in (committee, steward, outsider, owner)]
    return Setting(place, ballot, *callers)


def test_a_room_is_registered_once_and_its_key_never_shown(setting: Setting) -> None:
    body = {"organisation": setting.place.community.id, **ROOM}
    made = setting.committee.ok("POST", "/staff/rooms", body)
    assert ROOM["key"] not in str(made) and made["is_active"] is True
    assert setting.committee.no(409, "POST", "/staff/rooms", body) == "room_exists"
    assert setting.committee.no(422, "POST", "/staff/rooms", {**body, "key": "https://x"}) == "room_key"
    silenced = setting.committee.ok("PATCH", f"/staff/rooms/{made['id']}", {"is_active": False})
    listed = setting.committee.ok("GET", f"/staff/rooms?organisation={body['organisation']}")
    assert listed["items"] == [silenced] and silenced["is_active"] is False
    assert setting.outsider.no(404, "PATCH", f"/staff/rooms/{made['id']}", {"is_active": True})
    assert setting.steward.no(403, "POST", "/staff/rooms", body)


def test_reminder_settings_go_back_to_their_defaults(setting: Setting) -> None:
    path = f"/staff/organisations/{setting.place.community.id}/reminders"
    changed = setting.committee.ok("PUT", path, {"settings": {"quiet_from": 20, "reminders_a_day": 2}})
    values = {item["name"]: item["value"] for item in changed["items"]}
    assert (values["quiet_from"], values["reminders_a_day"], values["first_reminder"]) == (20, 2, 7)
    assert setting.committee.ok("GET", path) == changed
    back = setting.committee.ok("PUT", path, {"settings": {}})
    assert all(item["value"] == item["default"] for item in back["items"])
    for wrong in ({"quiet_from": 3}, {"no_such": 1}, {"first_reminder": 2, "second_reminder": 5}):
        assert setting.committee.no(422, "PUT", path, {"settings": wrong}) == "settings"


def test_who_cannot_be_reached_is_listed_for_the_steward_and_worked_off_once(
    setting: Setting, world: World
) -> None:
    delivery.remind(world.ports)
    estate, (first, second) = setting.place.estate.id, setting.place.building_ids
    counts = setting.committee.ok("GET", f"/staff/deliveries/counts?estate={estate}&ballot={setting.ballot}")
    assert counts["counts"] == {"created": 1}
    (sent,) = setting.committee.ok("GET", f"/staff/deliveries?estate={estate}&state=created")["items"]
    assert (sent["kind"], sent["channel"], len(sent["homes"])) == ("reminder", "subscribe", 1)
    whole = setting.committee.ok("GET", f"/staff/doorstep?estate={estate}&limit=2")
    rest = setting.committee.ok("GET", f"/staff/doorstep?estate={estate}&limit=2&cursor={whole['next']}")
    assert len(whole["items"]) == 2 and len(rest["items"]) == 1 and rest["next"] is None
    (entry,) = setting.steward.ok("GET", f"/staff/doorstep?estate={estate}&building={first}")["items"]
    assert entry["reason"] == "no_binding" and "绑定" in entry["reason_text"]
    assert setting.steward.no(404, "GET", f"/staff/doorstep?estate={estate}&building={second}")
    assert setting.outsider.no(404, "POST", f"/staff/doorstep/{entry['id']}/done", {"note": "已上门"})
    done = setting.steward.ask("POST", f"/staff/doorstep/{entry['id']}/done", {"note": "已当面告知"})
    assert done.status_code == 204
    again = setting.committee.no(409, "POST", f"/staff/doorstep/{entry['id']}/done", {"note": "已上门"})
    assert again == "entry_done"


def test_a_tap_counts_once_however_often_the_phone_tells_it(setting: Setting) -> None:
    asked = setting.owner.ok("GET", "/subscriptions?tap=vote")["items"]
    # What the reader lacks comes first: one reminder is left, of the others none.
    assert [item["purpose"] for item in asked] == ["result", "record", "reminder"]
    assert [item["remaining"] for item in asked] == [0, 0, 1]
    answers = {item["template_id"]: "accept" for item in asked[:2]}
    told = {"tap": "tap-00000001", "answers": answers}
    for _ in range(3):
        left = setting.owner.ok("POST", "/subscriptions", told)["items"]
        assert {item["purpose"]: item["remaining"] for item in left} == dict.fromkeys(
            ("result", "record", "reminder"), 1
        )
    unknown = {"tap": "tap-00000002", "answers": {"somebody-elses": "accept"}}
    assert setting.owner.no(422, "POST", "/subscriptions", unknown) == "unknown_template"
    refused = {"tap": "tap-00000003", "answers": {asked[0]["template_id"]: "reject"}}
    assert setting.owner.ok("POST", "/subscriptions", refused)["items"] == left
