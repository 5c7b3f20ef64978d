"""What happens to a complaint reaches its reporter, and what is late reaches the rooms; never a word, never a name."""

from __future__ import annotations

from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure, Nature
from backend.complaints.service import (
    AcceptComplaint,
    HandUpComplaint,
    MergeComplaint,
    RegisterComplaint,
    Report,
)
from backend.complaints.tables import Complaint
from backend.kernel.access import Role
from backend.kernel.events import Event
from backend.ledger.service import append
from backend.notifications.service import desk
from bot import delivery, jobs
from tests.factories.people import ResidentFixture, acting_as, make_staff
from tests.factories.places import EstateFixture
from tests.services.notifications.conftest import World

WORDS = "三楼走廊漏水"


def read(town: World) -> None:
    jobs.number_new_events(town.ports)
    while delivery.read_new_events(town.ports):
        pass


def report(
    town: World, estate: EstateFixture, person: ResidentFixture, key: str, **changes: object
) -> Complaint:
    values: dict[str, object] = {"category": "quality", "words": WORDS, "disclosure": Disclosure.NAMED}
    said = Report(estate_id=estate.estate.id, **{**values, **changes})  # type: ignore[arg-type]
    with town.acting() as ctx:
        command = RegisterComplaint(said, f"key-{key}-0001")
        return service.register_complaint(acting_as(ctx, person), command).complaint


def happen(town: World, estate: EstateFixture, row: Complaint, what: str) -> None:
    with town.acting() as ctx:
        append(ctx, Event(f"complaint.{what}", estate.community.id, "complaint", row.id, {}))


def test_reporters_are_told_of_each_step_with_the_number_and_nothing_else(town: World) -> None:
    estate = town.estate(2)
    person, other = (town.resident(home) for home in estate.dwelling_ids)
    row = report(town, estate, person, "a", disclosure=Disclosure.CONFIDENTIAL)
    report(town, estate, other, "b", disclosure=Disclosure.ANONYMOUS)
    with town.acting() as ctx:
        hotline = acting_as(ctx, make_staff(ctx, Role.HOTLINE, estate.community.id))
        service.accept_complaint(hotline, AcceptComplaint(row.id, 1))
    read(town)
    told = town.deliveries("complaint_moved")
    assert [delivery.recipient_id for delivery in told] == [person.account_id]
    delivery.deliver(town.ports, town.ways)
    letter = town.outside.arrived()[0]
    assert letter.page == f"pages/complaint/index?number={row.number}"
    assert WORDS not in str(letter.values) and row.number[:4] in str(letter.values)


def test_whose_duplicate_was_merged_hears_of_the_case_it_went_into(town: World) -> None:
    estate = town.estate(2)
    first, second = (town.resident(home) for home in estate.dwelling_ids)
    rows = [report(town, estate, person, key) for person, key in ((first, "a"), (second, "b"))]
    with town.acting() as ctx:
        hotline = acting_as(ctx, make_staff(ctx, Role.HOTLINE, estate.community.id))
        service.merge_complaint(hotline, MergeComplaint(rows[1].id, 1, rows[0].id))
    happen(town, estate, rows[0], "paused")
    happen(town, estate, rows[0], "resolved")
    read(town)
    told = sorted(delivery.recipient_id for delivery in town.deliveries("complaint_moved"))
    # That it was merged, that work pauses, and the result; whose case it is is asked instead of told.
    assert told == sorted([first.account_id, *[second.account_id] * 3])


def test_what_is_late_is_heard_in_the_rooms_and_one_level_up(town: World) -> None:
    estate = town.estate(1)
    row = report(town, estate, town.resident(*estate.dwelling_ids), "a")
    here, above = town.room(estate.community.id), town.room(estate.community.path.strip("/").split("/")[-2])
    happen(town, estate, row, "due_soon")
    happen(town, estate, row, "overdue")
    read(town)
    assert [found.recipient_id for found in town.deliveries("room_complaint")] == [here, here]
    assert [found.recipient_id for found in town.deliveries("room_complaint_above")] == [above]


def test_only_the_rooms_of_those_who_may_see_it_hear_of_an_accusation(town: World) -> None:
    estate = town.estate(1)
    county, above, here = estate.community.path.strip("/").split("/")[-3:]
    with town.acting() as ctx:
        make_staff(ctx, Role.BUREAU, county)
        make_staff(ctx, Role.AUDITOR, above)
    row = report(town, estate, town.resident(*estate.dwelling_ids), "a", nature=Nature.ACCUSATION)
    rooms = {name: town.room(name) for name in (here, above, county)}
    happen(town, estate, row, "response_overdue")
    happen(town, estate, row, "overdue")
    happen(town, estate, row, "disputed")
    read(town)
    # That it came in, was not answered, is late, is to be looked at again: a number and no word of what it is.
    told = town.deliveries("room_complaint")
    assert [found.recipient_id for found in told] == [rooms[county]] * 4
    assert town.deliveries("room_complaint_above") == []
    delivery.deliver(town.ports, town.ways)
    assert all(estate.estate.name not in str(letter.text) for letter in town.outside.arrived())


def test_the_room_of_whom_an_accusation_is_about_does_not_hear_of_it(town: World) -> None:
    estate = town.estate(1)
    city, county = estate.community.path.strip("/").split("/")[-4:-2]
    with town.acting() as ctx:
        accused, _, desk_of = (
            make_staff(ctx, role, at)
            for role, at in ((Role.BUREAU, county), (Role.BUREAU, city), (Role.HOTLINE, estate.community.id))
        )
    row = report(town, estate, town.resident(*estate.dwelling_ids), "a")
    with town.acting() as ctx:
        said = HandUpComplaint(row.id, row.version, "反映科长", accused.account_id)
        service.hand_up_complaint(acting_as(ctx, desk_of), said)
    rooms = {name: town.room(name) for name in (city, county)}
    read(town)
    assert [found.recipient_id for found in town.deliveries("room_complaint")] == [rooms[city]]


def test_the_log_of_deliveries_says_nothing_about_reporters(town: World) -> None:
    estate = town.estate(1)
    row = report(town, estate, town.resident(*estate.dwelling_ids), "a", nature=Nature.ACCUSATION)
    happen(town, estate, row, "transferred")
    read(town)
    assert len(town.deliveries("complaint_moved")) == 1
    with town.acting() as ctx:
        committee = acting_as(ctx, make_staff(ctx, Role.RESIDENTS_COMMITTEE, estate.community.id))
        page = desk.ListDeliveries(estate.estate.id, None, None, None, 10)
        assert desk.list_deliveries(committee, page) == []
        assert desk.count_deliveries(committee, estate.estate.id, None) == {}


def test_what_is_late_is_told_to_who_received_it_first(town: World) -> None:
    estate = town.estate(1)
    row = report(town, estate, town.resident(*estate.dwelling_ids), "a")
    with town.acting() as ctx:
        receiver = make_staff(ctx, Role.HOTLINE, estate.community.id)
        service.accept_complaint(acting_as(ctx, receiver), AcceptComplaint(row.id, row.version))
    happen(town, estate, row, "overdue")
    read(town)
    (told,) = town.deliveries("complaint_received")
    assert (told.recipient_id, WORDS in str(told)) == (receiver.account_id, False)
