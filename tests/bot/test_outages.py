"""WeChat at its worst, played by the simulator: nothing lost, nothing twice, no storm, everybody accounted for."""

from __future__ import annotations

import threading
import time
from math import ceil

from bot import delivery
from tests.bot.wired import NOWHERE, ROBOT, SEND, TOKEN, Wired


def test_a_token_that_expires_in_mid_batch_is_renewed_once_and_nobody_notices(wired: Wired) -> None:
    openids = wired.remind(24)

    def spoil() -> None:
        deadline = time.monotonic() + 20
        while wired.simulator.calls(SEND) < 6 and time.monotonic() < deadline:
            time.sleep(0.002)
        wired.simulator.spoil_tokens(42001)

    spoiler = threading.Thread(target=spoil)
    spoiler.start()
    wired.send()
    spoiler.join()
    wired.send()
    assert wired.states() == {"delivered": 24}
    assert wired.received() == dict.fromkeys(openids, 1)
    # One at first, one after; threads that met the old one at the same moment share the new one.
    assert wired.simulator.calls(TOKEN) <= 4


def test_a_storm_of_busy_answers_is_waited_out(wired: Wired) -> None:
    openids = wired.remind(24)
    wired.simulator.inject("error", errcode=-1, count=1_000_000, path=SEND)
    for _ in range(6):
        wired.send()
    stormy = wired.simulator.calls(SEND)
    assert stormy <= 24
    assert wired.states().keys() <= {"created", "passing_failure"}
    assert wired.consents() == [3] * 24
    wired.simulator.control("DELETE", "faults")
    for _ in range(3):
        wired.go(minutes=3)
        wired.send()
    assert wired.states() == {"delivered": 24}
    assert wired.received() == dict.fromkeys(openids, 1)
    assert wired.consents() == [2] * 24
    assert wired.simulator.calls(SEND) == stormy + 24


def test_an_outage_of_ten_minutes_loses_nothing_and_storms_nobody(wired: Wired) -> None:
    openids = wired.remind(24)
    tried = 0
    for _ in range(30):
        tried += wired.send(NOWHERE)
        delivery.sweep(wired.ports)
        wired.go(seconds=20)
    assert 0 < tried < 5 * 24
    assert wired.states().keys() <= {"created", "passing_failure"}
    assert wired.doorstep() == {}
    for _ in range(12):
        wired.go(minutes=3)
        wired.send()
    assert wired.states() == {"delivered": 24}
    assert wired.received() == dict.fromkeys(openids, 1)
    assert wired.simulator.calls(SEND) == 24


def test_a_gateway_in_trouble_is_an_outage_too(wired: Wired) -> None:
    openids = wired.remind(8)
    wired.simulator.inject("http_error", errcode=503, count=1_000_000)
    for _ in range(5):
        wired.send()
        wired.go(minutes=2)
    assert wired.states().keys() <= {"created", "passing_failure"}
    wired.simulator.control("DELETE", "faults")
    for _ in range(6):
        wired.go(minutes=10)
        wired.send()
    assert wired.states() == {"delivered": 8}
    assert wired.received() == dict.fromkeys(openids, 1)


def test_slow_answers_hold_up_nobody_and_a_lost_one_is_unknown_for_good(wired: Wired) -> None:
    wired.remind(8)
    wired.simulator.inject("slow", milliseconds=100, count=3, path=SEND)
    wired.simulator.inject("slow", milliseconds=1500, count=1, path=SEND)
    wired.send()
    assert wired.states() == {"delivered": 7, "unknown": 1}
    assert list(wired.doorstep().values()) == ["unknown"]
    wired.go(hours=1)
    delivery.sweep(wired.ports)
    assert wired.send() == 0
    assert wired.simulator.calls(SEND) == 8
    assert sorted(wired.consents()) == [2] * 8  # the lost one may have used its consent up


def test_a_lost_answer_to_the_token_is_no_lost_message(wired: Wired) -> None:
    """No message has left before there is a token: all of them are tried again."""
    openids = wired.remind(4)
    wired.simulator.inject("drop", count=1_000_000, path=TOKEN)
    wired.send()
    assert wired.states() == {"passing_failure": 4}
    wired.simulator.control("DELETE", "faults")
    wired.simulator.inject("error", errcode=99999, count=1_000_000, path=TOKEN)
    wired.go(minutes=3)
    wired.send()
    assert wired.states() == {"passing_failure": 4}
    wired.simulator.control("DELETE", "faults")
    wired.simulator.inject("slow", milliseconds=1500, count=2, path=TOKEN)
    for _ in range(2):
        wired.go(minutes=15)
        wired.send()
    assert wired.states() == {"delivered": 4}
    assert wired.received() == dict.fromkeys(openids, 1)
    assert wired.doorstep() == {}


def test_dropped_connections_are_never_sent_again_by_themselves(wired: Wired) -> None:
    wired.remind(8)
    wired.simulator.inject("drop", count=1, path=SEND)
    wired.simulator.inject("drop_after", count=1, path=SEND)
    wired.send()
    assert wired.states() == {"delivered": 6, "unknown": 2}
    assert set(wired.doorstep().values()) == {"unknown"}
    wired.go(hours=1)
    delivery.sweep(wired.ports)
    wired.send()
    # One of the two had arrived, the other not; neither phone rings twice.
    assert sorted(wired.received().values()) == [0, *[1] * 7]
    assert wired.simulator.calls(SEND) == 8


def test_43101_brings_the_consents_to_zero_and_the_household_on_the_list(wired: Wired) -> None:
    estate = wired.estate(3)
    wired.ballot(estate, days=3)
    for home in estate.dwelling_ids:
        wired.move_in(home, granted=0 if home == estate.dwelling_ids[0] else 1)
    delivery.remind(wired.ports)
    wired.send()
    assert wired.states() == {"delivered": 2, "permanent_failure": 1}
    assert wired.consents() == [0, 2, 2]
    assert wired.doorstep() == {estate.dwelling_ids[0]: "refused"}
    wired.go(hours=1)
    assert wired.send() == 0


def test_a_reached_limit_rests_the_channel_until_it_is_over(wired: Wired) -> None:
    openids = wired.remind(24)
    wired.simulator.inject("error", errcode=45009, count=1_000_000, path=SEND)
    for _ in range(5):
        wired.send()
        wired.go(minutes=10)
    assert wired.simulator.calls(SEND) <= 16
    assert wired.states().keys() <= {"created", "passing_failure"}
    wired.simulator.control("DELETE", "faults")
    wired.go(minutes=15)
    wired.send()
    wired.go(minutes=61)
    wired.send()
    assert wired.states() == {"delivered": 24}
    assert wired.received() == dict.fromkeys(openids, 1)
    assert {row.tries for row in wired.deliveries()} == {0}


def test_a_limit_of_one_reader_holds_up_nobody_else(wired: Wired) -> None:
    openids = wired.remind(24)
    wired.simulator.inject("error", errcode=43108, count=1, path=SEND)
    wired.send()
    assert wired.states() == {"delivered": 23, "passing_failure": 1}
    wired.go(seconds=6)
    wired.send()
    assert wired.states() == {"delivered": 24}
    assert wired.received() == dict.fromkeys(openids, 1)


def test_a_field_that_wechat_refuses_ends_that_message_only(wired: Wired) -> None:
    wired.remind(4)
    wired.simulator.inject("error", errcode=47003, count=1, path=SEND)
    wired.send()
    wired.go(hours=1)
    assert wired.send() == 0
    assert wired.states() == {"delivered": 3, "permanent_failure": 1}
    assert list(wired.doorstep().values()) == ["permanent"]
    assert sorted(wired.consents()) == [2, 2, 2, 3]


def test_a_robot_that_writes_as_often_as_it_may_never_meets_its_limit(wired: Wired) -> None:
    from backend.notifications.channels.robot import TOKEN_EVERY
    from backend.notifications.service.writing import post_to_rooms
    from tests.factories.simulator import DEMO_ROOM

    estate = wired.estate(1)
    wired.room(estate.community.id, DEMO_ROOM)
    with wired.acting() as ctx:
        for number in range(24):
            post_to_rooms(
                ctx,
                organisation_id=estate.community.id,
                topic="ballot:x",
                kind="room_digest",
                occasion=str(number),
                text=f"第 {number} 条",
                at=ctx.clock.now(),
            )
    for _ in range(24):
        assert wired.send() == 1
        wired.go(seconds=ceil(TOKEN_EVERY.total_seconds()))
        wired.simulator.advance(ceil(TOKEN_EVERY.total_seconds()))
    assert wired.states() == {"delivered": 24}
    assert wired.simulator.calls(ROBOT) == 24
    written = wired.simulator.control("GET", f"rooms/{DEMO_ROOM}")["messages"]
    assert len({message["content"] for message in written}) == 24
