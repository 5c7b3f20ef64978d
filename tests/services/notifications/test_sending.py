"""Sending: one claim, one message; failures sorted; kills leave nothing twice and nothing lost."""

from __future__ import annotations

import threading
from datetime import timedelta

from sqlmodel import col, select, update

from backend.notifications.channels.letter import Letter
from backend.notifications.repository import channels
from backend.notifications.rules.outcomes import Came, Outcome
from backend.notifications.service import recording, sending
from backend.notifications.tables import ConsentBalance, Delivery
from bot import delivery
from tests.services.notifications.conftest import World, prepare, send


def test_two_workers_never_hold_the_same_row(town: World) -> None:
    prepare(town, 6)
    with town.acting() as ctx:
        first = sending.take(ctx, 4)
    with town.acting() as ctx:
        second = sending.take(ctx, 10)
    assert len(first) == 4 and len(second) == 2
    assert not {row.id for row in first} & {row.id for row in second}


def test_two_processes_drain_one_queue_and_nobody_gets_two(town: World) -> None:
    prepare(town, 40)
    threads = [threading.Thread(target=send, args=(town,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert town.states() == {"delivered": 40}
    assert {len(letters) for letters in town.outside.inbox.values()} == {1}
    assert town.outside.most_at_once <= 16


def test_a_taken_row_that_never_started_is_replayed(town: World) -> None:
    prepare(town, 3)
    with town.acting() as ctx:
        sending.take(ctx, 10)
    assert send(town) == 0
    town.go(minutes=4)
    assert delivery.sweep(town.ports) == {"replayed": 3, "unknown": 0, "expired": 0}
    assert delivery.sweep(town.ports) == {"replayed": 0, "unknown": 0, "expired": 0}
    assert send(town) == 3
    assert town.states() == {"delivered": 3}


def test_a_started_row_whose_worker_died_is_unknown_never_sent_and_visited(town: World) -> None:
    people = prepare(town, 3)
    with town.acting() as ctx:
        held = sending.take(ctx, 1)
        (letter,) = sending.start(ctx, held, ["subscribe"])
    town.go(minutes=4)
    assert delivery.sweep(town.ports)["unknown"] == 1
    assert send(town) == 2
    assert town.states() == {"unknown": 1, "delivered": 2}
    assert list(town.doorstep().values()) == ["unknown"]
    assert [town.left(person.account_id) for person in people] == [2, 2, 2]  # it may have been used
    assert letter.delivery_id not in {sent.delivery_id for sent in town.outside.arrived()}


def test_a_worker_that_was_only_slow_corrects_the_unknown(town: World) -> None:
    prepare(town, 1)
    with town.acting() as ctx:
        (letter,) = sending.start(ctx, sending.take(ctx, 1), ["subscribe"])
    town.go(minutes=4)
    delivery.sweep(town.ports)
    assert len(town.doorstep()) == 1
    with town.acting() as ctx:
        recording.record(ctx, [recording.Sent(letter, Outcome(Came.SENT))])
    assert town.states() == {"delivered": 1}
    assert town.doorstep() == {}


def test_a_worker_whose_lease_was_swept_does_not_start(town: World) -> None:
    prepare(town, 2)
    with town.acting() as ctx:
        held = sending.take(ctx, 10)
    town.go(minutes=4)
    delivery.sweep(town.ports)
    assert send(town) == 2
    with town.acting() as ctx:
        assert sending.start(ctx, held, ["subscribe"]) == []
    assert town.states() == {"delivered": 2}


def test_a_passing_failure_is_tried_again_with_the_consent_given_back(town: World) -> None:
    (person,) = prepare(town, 1)
    town.outside.answer = lambda _letter: Outcome(Came.PASSING, "-1")
    assert send(town) == 1
    assert send(town) == 0
    (row,) = town.deliveries()
    assert (row.state, row.tries, row.reason) == ("passing_failure", 1, "passing:-1")
    assert town.left(person.account_id) == 3
    town.outside.answer = lambda _letter: Outcome(Came.SENT)
    town.go(seconds=31)
    assert send(town) == 1
    assert town.states() == {"delivered": 1}
    assert town.left(person.account_id) == 2


def test_a_permanent_failure_is_never_tried_again(town: World) -> None:
    (person,) = prepare(town, 1)
    town.outside.answer = lambda _letter: Outcome(Came.PERMANENT, "47003")
    assert send(town) == 1
    town.go(hours=2)
    assert send(town) == 0
    assert town.states() == {"permanent_failure": 1}
    assert list(town.doorstep().values()) == ["permanent"]
    assert town.left(person.account_id) == 3


def test_43101_empties_the_consents_and_puts_the_household_on_the_list(town: World) -> None:
    (person,) = prepare(town, 1)
    town.outside.answer = lambda _letter: Outcome(Came.REFUSED, "43101")
    assert send(town) == 1
    assert town.left(person.account_id) == 0
    assert town.states() == {"permanent_failure": 1}
    assert list(town.doorstep().values()) == ["refused"]


def test_the_next_channel_is_tried_when_the_first_refuses(town: World) -> None:
    (person,) = prepare(town, 1)
    with town.acting() as ctx:
        from backend.notifications.service.followers import link_follower, note_contact

        link_follower(ctx, person.account_id, "follower-1")
        note_contact(ctx, "follower-1")
    ways = {**town.ways, "official_account": town.outside}
    town.outside.answer = lambda letter: Outcome(
        Came.REFUSED if letter.channel == "subscribe" else Came.SENT, "43101"
    )
    assert delivery.deliver(town.ports, ways) == 2
    (row,) = town.deliveries()
    assert (row.state, row.channel) == ("delivered", "official_account")
    (letter,) = town.outside.arrived()
    assert letter.address == "follower-1" and letter.is_in_window
    assert town.doorstep() == {}


def test_a_quota_rests_the_whole_channel_and_counts_no_try(town: World) -> None:
    prepare(town, 30)
    town.outside.answer = lambda _letter: Outcome(Came.QUOTA, "45009", timedelta(minutes=5))
    send(town)
    assert town.outside.calls <= 16
    assert town.states().keys() <= {"created", "passing_failure"}
    town.outside.answer = lambda _letter: Outcome(Came.SENT)
    town.go(minutes=6)
    send(town)
    assert town.states() == {"delivered": 30}


def test_an_outage_of_ten_minutes_loses_nothing_and_storms_nobody(town: World) -> None:
    prepare(town, 60)
    town.outside.answer = lambda _letter: Outcome(Came.PASSING, "no_connection")
    for _ in range(60):
        send(town)
        town.go(seconds=10)
    assert town.outside.calls < 300
    assert town.states().keys() <= {"created", "passing_failure"}
    town.outside.answer = lambda _letter: Outcome(Came.SENT)
    for _ in range(20):
        town.go(minutes=3)
        send(town)
    assert town.states() == {"delivered": 60}
    assert {len(letters) for letters in town.outside.inbox.values()} == {1}
    with town.acting() as ctx:
        assert channels.breakers(ctx.session, ctx.clock.now()).resting == {}


def test_an_unknown_outcome_is_the_end(town: World) -> None:
    prepare(town, 2)
    town.outside.answer = lambda _letter: Outcome(Came.UNKNOWN, "-1002")
    assert send(town) == 2
    town.go(hours=1)
    delivery.sweep(town.ports)
    assert send(town) == 0
    assert town.states() == {"unknown": 2}
    assert set(town.doorstep().values()) == {"unknown"}


def test_a_channel_that_breaks_says_unknown_and_holds_up_nobody(town: World) -> None:
    prepare(town, 3)

    def answer(letter: Letter) -> Outcome:
        if town.outside.calls == 1:
            raise RuntimeError("not what anybody expected")
        return Outcome(Came.SENT)

    town.outside.answer = answer
    assert send(town) == 3
    assert town.states() == {"unknown": 1, "delivered": 2}


def test_at_most_eight_are_in_flight(town: World) -> None:
    prepare(town, 40)
    seen: list[int] = []

    def answer(_letter: Letter) -> Outcome:
        with town.acting() as ctx:
            started = col(Delivery.started_at).is_not(None) & (col(Delivery.state) == "sending")
            seen.append(len(ctx.session.exec(select(Delivery.id).where(started)).all()))
        return Outcome(Came.SENT)

    town.outside.answer = answer
    send(town)
    assert town.outside.most_at_once <= delivery.IN_FLIGHT
    assert max(seen) <= delivery.IN_FLIGHT


def test_consents_never_go_below_zero_however_many_rows_want_one(town: World) -> None:
    (person,) = prepare(town, 1, consents_left=1)
    with town.acting() as ctx:
        statement = update(ConsentBalance).where(col(ConsentBalance.account_id) == person.account_id)
        ctx.session.exec(statement.values(remaining=0))
    assert send(town) == 0
    assert town.left(person.account_id) == 0
    assert list(town.doorstep().values()) == ["no_channel"]


def test_one_reader_s_limit_holds_up_nobody_else_and_uses_up_no_try(town: World) -> None:
    busy = prepare(town, 30)[0].account_id

    def answer(letter: Letter) -> Outcome:
        is_busy = letter.recipient_id == busy
        return Outcome(Came.READER, "43108", timedelta(minutes=10)) if is_busy else Outcome(Came.SENT)

    town.outside.answer = answer
    send(town)
    assert town.states() == {"delivered": 29, "passing_failure": 1}
    assert town.left(busy) == 3
    (row,) = [row for row in town.deliveries() if row.state == "passing_failure"]
    assert (row.recipient_id, row.tries) == (busy, 0)
    town.outside.answer = lambda _letter: Outcome(Came.SENT)
    town.go(minutes=11)
    assert send(town) == 1
    assert town.states() == {"delivered": 30}
