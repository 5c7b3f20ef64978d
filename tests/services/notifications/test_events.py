"""From ledger events to messages: told at once, told once, told to the right people, with no late commit lost."""

from __future__ import annotations

from datetime import timedelta

import orjson
import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from backend.identity.tables import Binding
from backend.infra.database import open_session
from backend.kernel.events import Event
from backend.ledger.service import append, number_events
from backend.ledger.tables import LedgerEvent
from backend.notifications.tables import NotificationSetting
from bot import delivery, jobs
from tests.factories.ballots import BallotFixture
from tests.factories.places import EstateFixture
from tests.services.notifications.conftest import World


def tell(town: World, event: str, subject: tuple[str, str], organisation_id: str, **payload: object) -> None:
    with town.acting() as ctx:
        append(ctx, Event(event, organisation_id, *subject, payload))


def recorded(
    town: World, estate: EstateFixture, ballot: BallotFixture, home: str, channel: str = "paper"
) -> None:
    """A vote recorded in a household's name."""
    community = estate.community.id
    tell(town, "vote.recorded", ("dwelling", home), community, ballot=ballot.ballot_id, channel=channel)


def read(town: World) -> int:
    jobs.number_new_events(town.ports)
    return delivery.read_new_events(town.ports)


def test_a_recorded_vote_is_told_at_once_to_owners_and_family_also_at_night(town: World) -> None:
    estate = town.estate(2)
    ballot = town.ballot(estate)
    home = estate.dwelling_ids[0]
    told = {town.resident(home, relation=name).account_id for name in ("owner", "co_owner", "family")}
    for relation in ("tenant", "public_tenant", "proxy"):
        town.resident(home, relation=relation)
    town.resident(estate.dwelling_ids[1])
    town.go_to(23.5)
    recorded(town, estate, ballot, home)
    assert read(town) > 0
    assert read(town) == 0
    assert delivery.deliver(town.ports, town.ways) == 3
    assert {row.recipient_id for row in town.deliveries("vote_recorded")} == told
    letter = town.outside.arrived()[0]
    assert letter.page == f"pages/objection/index?about=vote&dwelling={home}&ballot={ballot.ballot_id}"
    assert "纸质票" in str(letter.values)


def test_told_at_once_is_no_reminder_and_uses_up_no_limit(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate, days=3)
    person = town.resident(*estate.dwelling_ids)
    for channel in ("online", "online", "proxy"):
        recorded(town, estate, ballot, estate.dwelling_ids[0], channel)
    read(town)
    delivery.remind(town.ports)
    assert delivery.deliver(town.ports, town.ways) == 4
    assert (town.left(person.account_id, "record"), town.left(person.account_id)) == (0, 2)


def test_whom_told_at_once_does_not_reach_is_visited_unless_another_member_is_reached(town: World) -> None:
    estate = town.estate(2)
    ballot = town.ballot(estate)
    lone, shared = estate.dwelling_ids
    town.resident(lone, consents_left=0)
    town.resident(shared, consents_left=0)
    town.resident(shared, relation="family")
    for home in (lone, shared):
        recorded(town, estate, ballot, home)
    read(town)
    delivery.deliver(town.ports, town.ways)
    assert town.doorstep() == {lone: "no_channel"}


def test_a_binding_is_told_to_who_is_there_already(town: World) -> None:
    estate = town.estate(1)
    home = estate.dwelling_ids[0]
    owner = town.resident(home)
    payload = {"binding_id": "b" * 20, "relation": "family", "via": "phone"}
    tell(town, "binding.requested", ("dwelling", home), estate.community.id, **payload)
    read(town)
    delivery.deliver(town.ports, town.ways)
    (row,) = town.deliveries("binding_asked")
    assert row.recipient_id == owner.account_id
    (letter,) = town.outside.arrived()
    assert letter.page == f"pages/objection/index?about=binding&dwelling={home}&binding={'b' * 20}"


def test_whoever_lost_a_home_by_its_sale_hears_of_it_once_also_when_confirmed_again(town: World) -> None:
    """The bot may read of it after the community has put the binding in force again."""
    estate = town.estate(1)
    home = estate.dwelling_ids[0]
    told = sorted(town.resident(home, relation=relation).account_id for relation in ("owner", "family"))
    with town.acting() as ctx:
        sold = ctx.session.exec(select(Binding.id).where(Binding.relation == "owner")).one()
    for event in ("binding.owner_changed", "binding.activated"):
        payload = {"binding_id": sold, "relation": "owner", "via": "staff"}
        tell(town, event, ("dwelling", home), estate.community.id, **payload)
    assert read(town) > 0
    for kind in ("binding_sold", "binding_made"):
        assert sorted(row.recipient_id for row in town.deliveries(kind)) == told


def test_an_event_that_commits_late_is_not_skipped(town: World) -> None:
    """Numbers are given after the commit, so a cursor over them cannot pass a slow transaction."""
    estate = town.estate(2)
    ballot = town.ballot(estate)
    for home in estate.dwelling_ids:
        town.resident(home)
    slow, fast = estate.dwelling_ids
    with town.acting() as ctx:
        old = ctx.clock.now() - timedelta(minutes=5)
    recorded(town, estate, ballot, fast)
    read(town)
    with town.acting() as ctx:  # written down before the other, committed after it was read
        ctx.session.add(
            LedgerEvent(
                id="0" * 20,
                type="vote.recorded",
                organisation_id=estate.community.id,
                subject_kind="dwelling",
                subject_id=slow,
                actor_kind="system",
                payload={"ballot": ballot.ballot_id, "channel": "paper"},
                at=old,
            )
        )
    read(town)
    assert len(town.deliveries("vote_recorded")) == 2


def test_unnumbered_events_are_not_read(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate)
    town.resident(*estate.dwelling_ids)
    jobs.number_new_events(town.ports)
    delivery.read_new_events(town.ports)
    recorded(town, estate, ballot, estate.dwelling_ids[0])
    assert delivery.read_new_events(town.ports) == 0
    with open_session(town.ports.engine) as session:
        assert number_events(session) == 1
        session.commit()
    assert delivery.read_new_events(town.ports) == 1


def test_old_history_is_not_told_to_anybody(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate, days=30)
    town.resident(*estate.dwelling_ids)
    recorded(town, estate, ballot, estate.dwelling_ids[0])
    jobs.number_new_events(town.ports)
    town.go(days=8)
    assert delivery.read_new_events(town.ports) > 0
    assert town.deliveries() == []


def test_a_published_result_goes_to_rooms_and_to_every_household_once(town: World) -> None:
    estate = town.estate(3)
    ballot = town.ballot(estate, state="preliminary", days=1)
    town.room(estate.community.id)
    for home in estate.dwelling_ids[:2]:
        town.resident(home)
    tell(town, "ballot.publish_preliminary", ("ballot", ballot.ballot_id), estate.community.id)
    read(town)
    for _ in range(2):
        delivery.enqueue(town.ports)
        delivery.deliver(town.ports, town.ways)
    assert len(town.outside.arrived("subscribe")) == 2
    assert len(town.outside.arrived("robot")) == 1
    assert town.doorstep() == {}  # news is posted on site anyway; nobody is sent from door to door for it


def test_the_ballot_s_steps_and_gates_are_told_to_the_room(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate)
    town.room(estate.community.id)
    for step in ("open", "close", "seal", "finalise", "extended"):
        tell(town, f"ballot.{step}", ("ballot", ballot.ballot_id), estate.community.id)
    gate = {"gate": "inclusion", "outcome": "passed", "estate": estate.estate.id}
    county = estate.community.path.strip("/").split("/")[2]  # where gates are decided
    tell(town, "project.gate_decided", ("project_estate", "p" * 20), county, **gate)
    tell(town, "ballot.created", ("ballot", ballot.ballot_id), estate.community.id, kind="plan")
    read(town)
    for _ in range(8):
        delivery.deliver(town.ports, town.ways)
        town.go(seconds=4)
    texts = [letter.text for letter in town.outside.arrived("robot")]
    assert len(texts) == 6
    assert any("纳入" in text and "已通过" in text and estate.estate.name in text for text in texts)


def test_what_the_register_is_due_for_is_told_to_the_room_once_a_day(town: World) -> None:
    estate = town.estate(1)
    town.room(estate.community.id)
    community, name = estate.community.id, estate.estate.name
    item, works = ("rectification_item", "i" * 20), ("works_item", "w" * 20)
    said = {"number": "ZG-0001", "due_on": "2026-12-03", "estate_name": name}
    tell(town, "rectification.due_soon", item, community, **said)
    tell(town, "warranty.expiring", works, community, code="W1", ends_on="2026-12-31", estate_name=name)
    read(town)
    tell(town, "rectification.overdue", item, community, **said)
    read(town)
    assert delivery.deliver(town.ports, town.ways) == 0
    town.go_to(18.01)
    for _ in range(2):
        delivery.deliver(town.ports, town.ways)
    (letter,) = town.outside.arrived("robot")
    assert letter.text.splitlines() == [
        "**整改与保修提醒（3 项）**",
        f"> {name} 整改台账 ZG-0001 已逾期，期限是 2026年12月3日",
        f"> {name} 工程项目 W1 的保修期截止 2026年12月31日",
        f"> {name} 整改台账 ZG-0001 的期限是 2026年12月3日",
    ]
    tell(town, "rectification.overdue", item, community, **{**said, "number": "ZG-0002"})
    read(town)
    town.go(hours=1)
    assert delivery.deliver(town.ports, town.ways) == 0
    town.go_to(18.01, days=1)
    delivery.deliver(town.ports, town.ways)
    assert "ZG-0002" in town.outside.arrived("robot")[-1].text
    assert len(town.outside.arrived("robot")) == 2


def test_a_room_hears_of_a_hundred_items_in_one_message_that_fits(town: World) -> None:
    estate = town.estate(1)
    room = town.room(estate.community.id)
    for number in range(100):
        item = ("rectification_item", f"{number:020d}")
        said = {"number": f"ZG-{number:04d}", "due_on": "2026-12-03", "estate_name": estate.estate.name}
        tell(town, "rectification.overdue", item, estate.community.id, **said)
    read(town)
    (row,) = [row for row in town.messages() if row.kind == "room_register"]
    assert "（100 项）" in row.payload["markdown"] and "另有" in row.payload["markdown"]
    assert len(row.payload["markdown"].encode()) <= 4096
    assert [found.recipient_id for found in town.deliveries("room_register")] == [room]


def test_no_message_holds_a_name_a_phone_or_an_openid(town: World) -> None:
    estate = town.estate(2)
    ballot = town.ballot(estate, days=3)
    for home in estate.dwelling_ids:
        town.resident(home)
        recorded(town, estate, ballot, home)
    read(town)
    delivery.remind(town.ports)
    stored = orjson.dumps(
        [row.model_dump(mode="json") for row in [*town.messages(), *town.deliveries()]]
    ).decode()
    assert "居民" not in stored and "o-" not in stored
    assert not any(phone in stored for phone in estate.phones)


def test_an_event_that_nobody_understands_holds_up_no_other(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate)
    home = estate.dwelling_ids[0]
    town.resident(home)
    recorded(town, estate, ballot, home)
    odd = ("rectification_item", "i" * 20)
    town.room(estate.community.id)
    tell(town, "vote.recorded", ("dwelling", home), estate.community.id, ballot=ballot.ballot_id)
    tell(town, "rectification.overdue", odd, estate.community.id, number="ZG-0001", due_on="soon")
    recorded(town, estate, ballot, home, "online")
    assert read(town) >= 4
    assert len(town.deliveries("vote_recorded")) == 2
    assert read(town) == 0


def test_a_database_in_trouble_passes_over_no_event(town: World) -> None:
    estate = town.estate(1)
    ballot = town.ballot(estate)
    home = estate.dwelling_ids[0]
    town.resident(home)
    recorded(town, estate, ballot, home)
    with town.ports.engine.begin() as connection:
        connection.execute(text("ALTER TABLE notification_setting RENAME TO elsewhere"))
    with pytest.raises(DBAPIError):
        read(town)
    with town.ports.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO notification_setting"))
    assert read(town) > 0
    assert len(town.deliveries("vote_recorded")) == 1


def test_what_comes_after_a_day_s_digest_waits_for_the_next_though_its_hour_was_moved(town: World) -> None:
    estate = town.estate(1)
    town.room(estate.community.id)
    community, item = estate.community.id, ("rectification_item", "i" * 20)
    said = {"due_on": "2026-12-03", "estate_name": "示例"}
    tell(town, "rectification.overdue", item, community, number="ZG-0001", **said)
    read(town)
    town.go_to(18.01)
    assert delivery.deliver(town.ports, town.ways) == 1
    with town.acting() as ctx:
        values = {"organisation_id": community, "settings": {"digest_hour": 20}}
        ctx.session.add(NotificationSetting(**values, changed_by="test", changed_at=ctx.clock.now()))
    tell(town, "rectification.overdue", item, community, number="ZG-0002", **said)
    read(town)
    for days in (0, 1):
        town.go_to(20.01, days=days)
        delivery.deliver(town.ports, town.ways)
    told = "".join(letter.text for letter in town.outside.arrived("robot"))
    assert told.count("ZG-0001") == 1 and told.count("ZG-0002") == 1
