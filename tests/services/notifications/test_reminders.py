"""Reminders: to those who have not voted, on their days, once, within limits, never at night."""

from __future__ import annotations

from datetime import timedelta

from sqlalchemy import text
from sqlmodel import col, select, update

from backend.ballots.tables import Ballot
from backend.identity.tables import Binding
from backend.kernel.clock import SHANGHAI
from backend.notifications.rules import texts
from backend.notifications.service import desk, pushes, reminders
from backend.notifications.tables import DeliveryHousehold, Message, NotificationSetting
from bot import delivery
from tests.factories.ballots import BallotFixture
from tests.services.notifications.conftest import World


def send(town: World) -> int:
    return delivery.deliver(town.ports, town.ways)


def test_those_who_have_not_voted_are_reminded_once_on_each_of_the_three_days(town: World) -> None:
    estate = town.estate(4)
    ballot = town.ballot(estate, days=10)
    people = [town.resident(home) for home in estate.dwelling_ids]
    town.vote(ballot, estate.dwelling_ids[0])
    counts = []
    for day in range(11):
        if day:
            town.go_to(12, days=1)
        for _ in range(2):  # each job twice: one message
            delivery.remind(town.ports)
            send(town)
        counts.append(len(town.outside.arrived()))
    assert counts == [0, 0, 0, 3, 3, 3, 3, 6, 6, 6, 9]
    assert town.left(people[0].account_id) == 3
    assert [town.left(person.account_id) for person in people[1:]] == [0, 0, 0]
    assert town.states() == {"delivered": 9}


def test_who_voted_after_enqueuing_is_not_sent_anything(town: World) -> None:
    estate = town.estate(3)
    ballot = town.ballot(estate, days=3)
    people = [town.resident(home) for home in estate.dwelling_ids]
    delivery.remind(town.ports)
    town.vote(ballot, estate.dwelling_ids[1])
    assert send(town) == 2
    assert town.states() == {"delivered": 2, "cancelled": 1}
    assert town.left(people[1].account_id) == 3
    assert town.doorstep() == {}


def test_nothing_goes_in_quiet_hours_and_the_morning_sends_it(town: World) -> None:
    estate = town.estate(2)
    town.ballot(estate, days=4)
    for home in estate.dwelling_ids:
        town.resident(home)
    town.go_to(0.1, days=1)  # T−3 begins at midnight
    delivery.remind(town.ports)
    assert len(town.deliveries("reminder")) == 2
    assert send(town) == 0
    town.go_to(7.99)
    assert send(town) == 0
    town.go_to(8.01)
    assert send(town) == 2


def test_a_retry_that_falls_into_the_night_waits_too(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate, days=3)
    town.resident(estate.dwelling_ids[0])
    town.go_to(20.9)
    delivery.remind(town.ports)
    town.go_to(21.1)
    assert send(town) == 0
    (row,) = town.deliveries("reminder")
    assert row.next_try_at.astimezone(SHANGHAI).hour == 8 or row.state == "technical_failure"
    # Its day is over then: whom it did not reach is visited, and the next reminder has a day of its own.
    town.go_to(8.1, days=1)
    delivery.sweep(town.ports)
    assert town.states() == {"technical_failure": 1}
    assert town.doorstep() == {estate.dwelling_ids[0]: "expired"}
    assert ballot.entry_ids


def test_one_reminder_a_day_over_all_ballots_of_a_household(town: World) -> None:
    estate = town.estate(2)
    for _ in range(2):
        town.ballot(estate, days=3)
    for home in estate.dwelling_ids:
        town.resident(home)
    delivery.remind(town.ports)
    assert send(town) == 2
    with town.acting() as ctx:
        desk.change_settings(ctx, estate.community.id, {"reminders_a_day": 2})
    assert len(town.deliveries("reminder")) == 2


def test_a_household_with_several_members_is_reminded_once_through_who_consented(town: World) -> None:
    estate = town.estate(1)
    town.ballot(estate, days=3, kind="canvass")
    without = town.resident(*estate.dwelling_ids, consents_left=0)
    member = town.resident(*estate.dwelling_ids, relation="family", consents_left=1)
    delivery.remind(town.ports)
    assert send(town) == 1
    (row,) = town.deliveries("reminder")
    assert row.recipient_id == member.account_id != without.account_id


def test_an_owner_of_several_homes_gets_one_message_until_all_have_voted(town: World) -> None:
    estate = town.estate(3)
    ballot = town.ballot(estate, days=3)
    town.resident(*estate.dwelling_ids)
    delivery.remind(town.ports)
    town.vote(ballot, estate.dwelling_ids[0])
    assert send(town) == 1
    with town.acting() as ctx:
        assert len(ctx.session.exec(select(DeliveryHousehold)).all()) == 3
    town.go_to(12, days=3)
    for home in estate.dwelling_ids[1:]:
        town.vote(ballot, home)
    delivery.remind(town.ports)
    assert send(town) == 0


def test_family_is_not_asked_to_cast_an_owners_vote_and_the_home_is_visited(town: World) -> None:
    estate = town.estate(2)
    town.ballot(estate, days=3)
    town.resident(estate.dwelling_ids[0], relation="family")
    delivery.remind(town.ports)
    assert send(town) == 0
    assert town.doorstep() == dict.fromkeys(estate.dwelling_ids, "no_binding")


def test_without_consent_or_another_way_the_household_is_visited(town: World) -> None:
    estate = town.estate(2)
    ballot = town.ballot(estate, days=3)
    town.resident(estate.dwelling_ids[0], consents_left=0)
    town.resident(estate.dwelling_ids[1])
    delivery.remind(town.ports)
    assert send(town) == 1
    assert town.doorstep() == {estate.dwelling_ids[0]: "no_channel"}
    with town.acting() as ctx:
        (entry,) = desk.list_doorstep(ctx, estate.estate.id, None, None, 10)
    assert entry.label and entry.dwelling_id == estate.dwelling_ids[0]
    town.vote(ballot, estate.dwelling_ids[0])
    with town.acting() as ctx:
        assert desk.list_doorstep(ctx, estate.estate.id, None, None, 10) == []


def test_a_push_near_the_quorum_goes_once_and_takes_no_reminder_s_place(town: World) -> None:
    estate = town.estate(6)
    ballot = town.ballot(estate, days=5, kind="property_management")
    room = town.room(estate.community.id)
    people = [town.resident(home) for home in estate.dwelling_ids]
    with town.acting() as ctx:
        desk.change_settings(ctx, estate.community.id, {"near_percent": 20})
    assert delivery.push_near_quorum(town.ports) == 0
    for home in estate.dwelling_ids[:3]:
        town.vote(ballot, home)
    assert delivery.push_near_quorum(town.ports) == 1
    assert delivery.push_near_quorum(town.ports) == 0
    send(town)
    (posted,) = town.outside.arrived("robot")
    assert "还差" in posted.text and room
    assert len(town.outside.arrived("subscribe")) == 3
    for _ in range(5):
        town.go_to(12, days=1)
        delivery.remind(town.ports)
        send(town)
    # T−3 and the last day, beside the push: three in all, as many as a ballot may have.
    assert [len(town.outside.inbox[box]) for box in town.outside.inbox if box != "robot-key-0001"] == [
        3,
        3,
        3,
    ]
    assert {town.left(person.account_id) for person in people[3:]} == {0}


def test_a_push_between_reminders_takes_the_place_of_the_next_one_only(town: World) -> None:
    estate = town.estate(6)
    ballot = town.ballot(estate, days=7, kind="property_management")
    for home in estate.dwelling_ids:
        town.resident(home, consents_left=9)
    with town.acting() as ctx:
        desk.change_settings(ctx, estate.community.id, {"near_percent": 20})
    sent = []
    for day in range(8):
        if day == 1:
            for home in estate.dwelling_ids[:3]:
                town.vote(ballot, home)
        for _ in range(2):
            delivery.remind(town.ports)
            delivery.push_near_quorum(town.ports)
            send(town)
        kinds = {row.kind for row in town.deliveries() if row.state == "delivered"}
        sent.append((len(town.outside.arrived("subscribe")), "near_quorum" in kinds))
        town.go_to(12, days=1)
    # T-7 to all; the push to the three that are left, instead of T-3; the last day.
    assert [number for number, _ in sent] == [6, 9, 9, 9, 9, 9, 9, 12]
    assert [is_pushed for _, is_pushed in sent][:2] == [False, True]


def test_on_a_reminder_s_day_the_push_waits_for_the_next_one(town: World) -> None:
    estate = town.estate(6)
    ballot = town.ballot(estate, days=3, kind="property_management")
    room = town.room(estate.community.id)
    for home in estate.dwelling_ids:
        town.resident(home, consents_left=9)
    for home in estate.dwelling_ids[:3]:
        town.vote(ballot, home)
    with town.acting() as ctx:
        desk.change_settings(ctx, estate.community.id, {"near_percent": 20})
    delivery.remind(town.ports)
    assert [delivery.push_near_quorum(town.ports) for _ in range(2)] == [1, 0]
    assert room and town.deliveries("near_quorum") == []
    town.go_to(12, days=1)
    assert delivery.push_near_quorum(town.ports) == 1
    assert len(town.deliveries("near_quorum")) == 3


def test_the_limit_of_a_ballot_holds_for_reminders_too(town: World) -> None:
    estate = town.estate(1)
    town.ballot(estate, days=7)
    town.resident(*estate.dwelling_ids, consents_left=9)
    with town.acting() as ctx:
        desk.change_settings(ctx, estate.community.id, {"reminders_a_ballot": 2})
    for _ in range(8):
        delivery.remind(town.ports)
        send(town)
        town.go(days=1)
    assert len(town.outside.arrived()) == 2


def test_everything_in_the_log_of_deliveries_names_households_only(town: World) -> None:
    estate = town.estate(2)
    ballot = town.ballot(estate, days=3)
    for home in estate.dwelling_ids:
        town.resident(home)
    delivery.remind(town.ports)
    send(town)
    with town.acting() as ctx:
        wanted = desk.ListDeliveries(estate.estate.id, ballot.ballot_id, "delivered", None, 10)
        views = desk.list_deliveries(ctx, wanted)
        assert desk.count_deliveries(ctx, estate.estate.id, ballot.ballot_id) == {"delivered": 2}
    assert sorted(view.homes[0] for view in views) == ["1栋1单元101", "1栋1单元102"]
    later = views[-1].created_at, views[-1].id
    with town.acting() as ctx:
        page = desk.ListDeliveries(estate.estate.id, None, None, later, 10)
        assert desk.list_deliveries(ctx, page) == []
    assert timedelta() <= town.now() - views[0].created_at < timedelta(minutes=5)


def test_a_community_s_odd_settings_stop_nobody_s_messages(town: World) -> None:
    """Bounds may have changed since they were chosen: then the defaults are in force there."""
    for given in (
        {"second_reminder": 29, "first_reminder": 2},
        {"quiet_from": 3},
        {"gone": 1},
        {"quiet_from": "9"},
    ):
        estate = town.estate(1)
        town.ballot(estate, days=3)
        town.resident(*estate.dwelling_ids)
        with town.acting() as ctx:
            values = {"organisation_id": estate.community.id, "settings": given}
            ctx.session.add(NotificationSetting(**values, changed_by="test", changed_at=ctx.clock.now()))
    delivery.remind(town.ports)
    assert send(town) == 4


def test_a_message_whose_households_cannot_be_found_holds_up_no_other(town: World) -> None:
    for _ in range(2):
        estate = town.estate(1)
        town.ballot(estate, days=3)
        town.resident(*estate.dwelling_ids)
    with town.acting() as ctx:
        for ballot_id in pushes.ballots_of_state(ctx, "open"):
            assert reminders.plan_reminder(ctx, ballot_id)
        first = ctx.session.exec(select(Message).order_by(Message.created_at, Message.id)).first()
        assert first is not None
        first.kind, first.created_at = "gone", first.created_at - timedelta(hours=1)
        ctx.session.add(first)
    assert delivery.enqueue(town.ports) == 1
    assert len(town.deliveries()) == 1
    delivery.remind(town.ports)
    assert len(town.deliveries()) == 2


def test_who_left_the_household_after_enqueuing_is_not_asked_for_it(town: World) -> None:
    estate = town.estate(2)
    ballot = town.ballot(estate, days=3)
    left, stays = estate.dwelling_ids
    person = town.resident(left, stays)
    delivery.remind(town.ports)
    town.vote(ballot, stays)
    with town.acting() as ctx:
        ended = update(Binding).where(col(Binding.dwelling_id) == left)
        ctx.session.execute(ended.values(state="ended", ended_at=ctx.clock.now()))
    assert send(town) == 0
    assert town.states() == {"cancelled": 1}
    assert {row.reason for row in town.deliveries()} == {"voted"}
    assert town.left(person.account_id) == 3


def test_who_left_before_a_household_voted_is_not_asked_and_the_log_says_why(town: World) -> None:
    estate = town.estate(2)
    town.ballot(estate, days=3)
    for home in estate.dwelling_ids:
        town.resident(home)
    delivery.remind(town.ports)
    with town.acting() as ctx:
        ended = update(Binding).where(col(Binding.dwelling_id) == estate.dwelling_ids[0])
        ctx.session.execute(ended.values(state="ended", ended_at=ctx.clock.now()))
    assert send(town) == 1
    assert {(row.state, row.reason) for row in town.deliveries()} == {
        ("delivered", None),
        ("cancelled", "left"),
    }


def test_one_ballot_that_cannot_be_read_stops_no_other_s_messages(town: World) -> None:
    odd, sound = town.estate(1), town.estate(1)
    made = [town.ballot(estate, days=3) for estate in (odd, sound)]
    town.room(sound.community.id)
    for estate in (odd, sound):
        town.resident(*estate.dwelling_ids)
    with town.ports.engine.begin() as connection:
        statement = text("UPDATE ballot SET parameters = '{}' WHERE id = :id")
        connection.execute(statement, {"id": made[0].ballot_id})
    town.go_to(18.5)
    delivery.remind(town.ports)
    assert delivery.post_digests(town.ports) == 1
    assert len(town.deliveries("reminder")) == 1


def extend(town: World, ballot: BallotFixture, **by: float) -> None:
    with town.acting() as ctx:
        row = ctx.session.get_one(Ballot, ballot.ballot_id)
        assert row.closes_at is not None
        row.closes_at, row.extensions = row.closes_at + timedelta(**by), 1


def test_after_an_extension_reminders_name_the_new_deadline_and_come_before_it(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate, days=0)
    town.resident(*estate.dwelling_ids)
    delivery.remind(town.ports)
    extend(town, ballot, days=7)
    days = []
    for day in range(8):
        if day:
            town.go_to(12, days=1)
        for _ in range(2):
            delivery.remind(town.ports)
            send(town)
        days += [day] * (len(town.outside.arrived()) - len(days))
    assert days == [0, 4, 7]
    first, *_, last = (str(letter.values) for letter in town.outside.arrived())
    until = texts.deadline(town.now()).partition(" ")[0]
    assert f"{until} 23:59" in first and "今天截止" not in first
    assert f"{until} 23:59" in last and "今天截止" in last


def test_an_extension_by_hours_corrects_the_deadline_and_reminds_nobody_again(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate, days=0)
    extend(town, ballot, hours=-4)
    town.resident(*estate.dwelling_ids)
    delivery.remind(town.ports)
    extend(town, ballot, hours=2)
    delivery.remind(town.ports)
    assert send(town) == 1
    assert len(town.messages()) == 1
    (letter,) = town.outside.arrived()
    assert "22:00" in str(letter.values) and "今天截止" in str(letter.values)
