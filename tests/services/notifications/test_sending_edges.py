"""Sending at its edges: lost commits, late answers, robots at their limit, rows and databases that break."""

from __future__ import annotations

import threading
import time
from dataclasses import asdict
from datetime import timedelta

import pytest
from sqlalchemy import text

from backend.identity.tables import Account
from backend.infra.wechat.client import WeChatSettings
from backend.kernel.events import Event
from backend.ledger.service import append
from backend.notifications.channels.letter import Letter
from backend.notifications.queries import queue_health
from backend.notifications.rules.outcomes import Came, Outcome
from backend.notifications.rules.parameters import Parameters
from backend.notifications.rules.templates import Template
from backend.notifications.rules.timing import LEASE
from backend.notifications.service import desk, recording, sending
from backend.notifications.tables import NotificationSetting
from bot import delivery, jobs
from tests.services.notifications.conftest import World, post, prepare, send


@pytest.mark.parametrize("messages", [5])
def test_a_robot_writes_one_message_per_three_seconds(town: World, messages: int) -> None:
    estate = town.estate(1)
    town.room(estate.community.id)
    for number in range(messages):
        for _ in range(2):
            post(town, estate, number)
    counts = []
    for _ in range(messages):
        counts.append(send(town))
        town.go(seconds=3.2)
    assert counts == [1] * messages
    assert len({letter.text for letter in town.outside.arrived("robot")}) == messages


def test_two_messages_to_one_person_in_one_round_take_two_consents(town: World) -> None:
    estate = town.estate(1)
    (home,) = estate.dwelling_ids
    for _ in range(2):
        town.ballot(estate, days=3)
    person = town.resident(home, consents_left=2)
    with town.acting() as ctx:
        setting = Parameters(reminders_a_day=2)
        ctx.session.add(
            NotificationSetting(
                organisation_id=estate.community.id,
                settings=asdict(setting),
                changed_by="test",
                changed_at=ctx.clock.now(),
            )
        )
    delivery.remind(town.ports)
    assert send(town) == 2
    assert town.states() == {"delivered": 2}
    assert town.left(person.account_id) == 0


def test_an_answer_recorded_twice_gives_its_consent_back_once(town: World) -> None:
    (person,) = prepare(town, 1)
    with town.acting() as ctx:
        (letter,) = sending.start(ctx, sending.take(ctx, 1), ["subscribe"])
    for _ in range(2):  # a commit whose answer was lost is repeated
        with town.acting() as ctx:
            recording.record(ctx, [recording.Sent(letter, Outcome(Came.PASSING, "-1"))])
    assert town.left(person.account_id) == 3
    (row,) = town.deliveries()
    assert (row.state, row.tries) == ("passing_failure", 1)


def test_unknown_stays_the_end_when_a_late_answer_asks_for_another_try(town: World) -> None:
    prepare(town, 1)
    with town.acting() as ctx:
        (letter,) = sending.start(ctx, sending.take(ctx, 1), ["subscribe"])
    town.go(minutes=4)
    delivery.sweep(town.ports)
    with town.acting() as ctx:
        recording.record(ctx, [recording.Sent(letter, Outcome(Came.PASSING, "-1"))])
    town.go(hours=1)
    assert send(town) == 0
    assert town.states() == {"unknown": 1}
    assert list(town.doorstep().values()) == ["unknown"]


def test_a_run_gives_back_what_it_took_and_did_not_start(
    town: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare(town, 20)
    monkeypatch.setattr(delivery, "_SECONDS", 0.2)

    def answer(_letter: Letter) -> Outcome:
        time.sleep(0.5)
        return Outcome(Came.SENT)

    town.outside.answer = answer
    assert send(town) == delivery.IN_FLIGHT
    assert town.states() == {"delivered": delivery.IN_FLIGHT, "created": 20 - delivery.IN_FLIGHT}


def test_a_row_that_cannot_be_prepared_holds_up_no_other(town: World) -> None:
    people = prepare(town, 12)
    broken = people[3].account_id
    with town.acting() as ctx:
        account = ctx.session.get_one(Account, broken)
        account.openid_sealed = "gone.AAAA"
    assert send(town) == 11
    assert town.states() == {"delivered": 11, "technical_failure": 1}
    (row,) = [row for row in town.deliveries() if row.state == "technical_failure"]
    assert (row.recipient_id, row.reason) == (broken, "broken:UnknownKey")
    assert list(town.doorstep().values()) == ["technical"]


def test_a_robot_at_its_limit_rests_alone_and_is_not_asked_again_meanwhile(town: World) -> None:
    busy, free = town.estate(1), town.estate(1)
    town.room(busy.community.id, "robot-key-busy")
    town.room(free.community.id, "robot-key-free")
    for number in range(4):
        post(town, busy, number)
        post(town, free, 100 + number)

    def answer(letter: Letter) -> Outcome:
        is_busy = letter.address == "robot-key-busy"
        return Outcome(Came.QUOTA, "45009", timedelta(seconds=60)) if is_busy else Outcome(Came.SENT)

    town.outside.answer = answer
    for _ in range(10):
        send(town)
        town.go(seconds=4)
    assert len(town.outside.inbox["robot-key-free"]) == 4
    assert town.outside.calls == 5, "the busy robot was asked again within its minute"
    town.outside.answer = lambda _letter: Outcome(Came.SENT)
    town.go(seconds=60)
    for _ in range(8):
        send(town)
        town.go(seconds=4)
    texts = [letter.text for letter in town.outside.inbox["robot-key-busy"]]
    assert sorted(texts) == sorted(f"第 {number} 条" for number in range(4))


def test_messages_that_wait_for_their_robot_keep_their_order(town: World) -> None:
    estate = town.estate(1)
    town.room(estate.community.id)
    for number in range(6):
        post(town, estate, number)
    for _ in range(6):
        assert send(town) == 1
        town.go(seconds=3.2)
    assert [letter.text for letter in town.outside.arrived("robot")] == [f"第 {n} 条" for n in range(6)]


def test_an_outage_of_all_robots_costs_a_handful_of_calls_per_pause(town: World) -> None:
    for number in range(24):
        estate = town.estate(1)
        town.room(estate.community.id, f"robot-key-{number:04}")
        post(town, estate, number)
    town.outside.answer = lambda _letter: Outcome(Came.PASSING, "no_connection")
    for _ in range(60):
        send(town)
        town.go(seconds=2)
    assert town.outside.calls <= 60
    town.outside.answer = lambda _letter: Outcome(Came.SENT)
    for _ in range(10):
        town.go(minutes=4)
        send(town)
    assert town.states() == {"delivered": 24}


def test_a_database_that_drops_connections_costs_no_message(town: World) -> None:
    if town.ports.settings.is_sqlite:
        pytest.skip("SQLite has no connections to drop")
    prepare(town, 40)
    drop = text(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )

    def answer(letter: Letter) -> Outcome:
        if letter.delivery_id[0] in "0246":
            with town.ports.engine.connect() as connection:
                connection.execute(drop)
        return Outcome(Came.SENT)

    town.outside.answer = answer
    send(town)
    assert {len(letters) for letters in town.outside.inbox.values()} == {1}
    town.outside.answer = lambda _letter: Outcome(Came.SENT)
    town.go(minutes=4)
    delivery.sweep(town.ports)
    send(town)
    assert {len(letters) for letters in town.outside.inbox.values()} == {1}
    states = town.states()
    # A commit whose answer was lost may have started rows that were never sent: unknown, not sent twice.
    assert states["delivered"] + states.get("unknown", 0) == 40
    assert len(town.outside.inbox) == states["delivered"] >= 30


def test_a_lease_outlasts_the_slowest_request_and_the_longest_wait_for_the_database() -> None:
    # A message: its token (two tries), the request, a new token (two tries), the request again.
    request = 6 * sum(WeChatSettings("app", "secret").timeout_seconds) + 2
    assert timedelta(seconds=request + sum(delivery._AGAIN)) < LEASE


def wrong_template(letter: Letter) -> Outcome:
    """WeChat does not know the template for reminders; the others are fine."""
    is_wrong = letter.purpose == "reminder" and letter.template_id == "demo-template-reminder"
    return Outcome(Came.CONFIGURATION, "40037") if is_wrong else Outcome(Came.SENT)


def test_a_wrong_template_costs_a_handful_of_calls_and_holds_up_nothing_else(town: World) -> None:
    people = prepare(town, 40)
    town.outside.answer = wrong_template
    for _ in range(6):
        send(town)
        town.go(minutes=9)
    assert town.outside.calls <= 16
    assert town.left(people[0].account_id) == 3
    with town.acting() as ctx:
        health = queue_health(ctx.session, town.now(), town.now())
    assert (health.templates, health.resting, health.overdue) == ((("subscribe", "reminder"),), (), 0)
    town.go(minutes=10)
    send(town)
    assert town.outside.calls <= 32  # an hour later somebody may have mended it
    with town.acting() as ctx:
        desk.set_template(ctx, "subscribe", "reminder", Template("another", {"title": "thing1"}))
    send(town)
    assert town.states() == {"delivered": 40}


def test_two_members_who_fail_in_the_same_instant_leave_their_household_on_the_list(town: World) -> None:
    estate = town.estate(1)
    ballot, home = town.ballot(estate), estate.dwelling_ids[0]
    for relation in ("owner", "family"):
        town.resident(home, relation=relation)
    with town.acting() as ctx:
        payload = {"ballot": ballot.ballot_id, "channel": "paper"}
        append(ctx, Event("vote.recorded", estate.community.id, "dwelling", home, payload))
    jobs.number_new_events(town.ports)
    delivery.read_new_events(town.ports)
    with town.acting() as ctx:
        one, other = sending.take(ctx, 2)
    is_first, second = threading.Event(), threading.Thread(target=lambda: fail(town, other, is_first))
    with town.acting() as ctx:
        sending.break_off(ctx, one, "test")
        second.start()
        is_first.wait(10)
        second.join(0.5)
    second.join(30)
    assert town.states() == {"technical_failure": 2}
    assert list(town.doorstep()) == [home]


def fail(town: World, row: sending.Held, has_begun: threading.Event) -> None:
    has_begun.set()
    with town.acting() as ctx:
        sending.break_off(ctx, row, "test")
