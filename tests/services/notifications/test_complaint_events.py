"""What happens to a complaint reaches its reporter, and what is late reaches the rooms; never a word, never a name."""

from __future__ import annotations

from backend.complaints import service
from backend.complaints.rules.vocabulary import Disclosure, Nature
from backend.complaints.service import AcceptComplaint, MergeComplaint, RegisterComplaint, Report
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


def test_rooms_hear_nothing_of_an_accusation(town: World) -> None:
    estate = town.estate(1)
    row = report(town, estate, town.resident(*estate.dwelling_ids), "a", nature=Nature.ACCUSATION)
    town.room(estate.community.id)
    happen(town, estate, row, "overdue")
    read(town)
    assert town.deliveries("room_complaint") == town.deliveries("room_complaint_above") == []


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
