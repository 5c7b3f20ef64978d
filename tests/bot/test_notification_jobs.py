"""Every notification job twice, one message; two workers, one claim; one place on the list."""

from __future__ import annotations

import threading

from backend.kernel.events import Event
from backend.ledger.service import append
from bot import delivery, jobs
from bot.schedule import JOBS
from tests.bot.wired import SEND, Wired
from tests.factories.simulator import DEMO_ROOM

# Jobs that make messages or move them; the others are tested where they belong.
NOTIFICATION_JOBS = (
    "number_events",
    "messages",
    "electorates",
    "reminders",
    "near_quorum",
    "digests",
    "checkpoints",
    "witness",
    "objections",
    "sweep",
)


def run_all(wired: Wired) -> None:
    """Run every notification job as the scheduler would, sending last."""
    table = {job.name: job for job in JOBS}
    for name in NOTIFICATION_JOBS:
        table[name].run(wired.ports)
    for _ in range(6):
        wired.send()
        wired.go(seconds=3)
        wired.simulator.advance(3)


def test_every_job_twice_makes_one_message_each(wired: Wired) -> None:
    estate = wired.estate(10)
    ballot = wired.ballot(estate, days=3, kind="property_management")
    wired.room(estate.community.id, DEMO_ROOM)
    # Six of ten voted: two thirds of the heads are within reach.
    for home in estate.dwelling_ids[:6]:
        wired.vote(ballot, home)
    jobs.number_new_votes(wired.ports)
    openids = [wired.move_in(home) for home in estate.dwelling_ids[6:9]]
    with wired.acting() as ctx:
        payload = {"ballot": ballot.ballot_id, "channel": "paper"}
        home = estate.dwelling_ids[6]
        append(ctx, Event("vote.recorded", estate.community.id, "dwelling", home, payload))
        append(ctx, Event("ballot.open", estate.community.id, "ballot", ballot.ballot_id, {}))
    wired.go_to(18.5)
    for _ in range(3):
        run_all(wired)
    kinds = [row.kind for row in wired.deliveries()]
    assert sorted(set(kinds)) == [
        "reminder",
        "room_checkpoint",
        "room_digest",
        "room_near",
        "room_opened",
        "vote_recorded",
    ]
    assert kinds.count("reminder") == 3
    assert len(kinds) == 8
    assert wired.states() == {"delivered": 8}
    assert wired.received() == dict(zip(openids, (2, 1, 1), strict=True))
    written = wired.simulator.control("GET", f"rooms/{DEMO_ROOM}")["messages"]
    assert len(written) == 4
    # Nobody is bound to the tenth home: somebody has to ring.
    assert wired.doorstep() == {estate.dwelling_ids[9]: "no_binding"}


def test_two_bots_send_one_queue_and_no_phone_rings_twice(wired: Wired) -> None:
    openids = wired.remind(30)
    bots = [threading.Thread(target=wired.send) for _ in range(2)]
    for bot in bots:
        bot.start()
    for bot in bots:
        bot.join(60)
    assert wired.states() == {"delivered": 30}
    assert wired.received() == dict.fromkeys(openids, 1)
    assert wired.simulator.calls(SEND) == 30


def test_all_jobs_stand_in_the_one_table(wired: Wired) -> None:
    names = [job.name for job in JOBS]
    assert len(set(names)) == len(names)
    assert set(NOTIFICATION_JOBS) | {"deliver"} <= set(names)
    assert [job.name for job in JOBS if job.everywhere] == ["deliver"]
    assert all(job.purpose for job in JOBS)
    assert delivery.deliver(wired.ports, wired.ways) == 0
