"""A cast held open across the deadline: counted and sealed, or refused; never acknowledged and left out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlmodel import Session

from backend.ballots.queries.ballots import ballot_meta
from backend.ballots.repository.votes import take_sealing_lock
from backend.ballots.service.casting import CastVote, Recorded, cast_vote
from backend.ballots.service.closing import close_ballot, seal_ballot
from backend.infra.context import Context
from backend.infra.installation import move_clock
from backend.kernel.access import SYSTEM
from backend.kernel.errors import DomainError
from tests.load.hall import Crowd, Hall, Voter

_SOON = 0.4
_HOURS = 1


class Doing(threading.Thread):
    """An action under way in a thread, and how it ended: a value, or a refusal's code."""

    def __init__(self, action: Callable[[], Any]) -> None:
        super().__init__(daemon=True)
        self._action = action
        self.outcome: Any = None
        self.start()

    def run(self) -> None:
        try:
            self.outcome = self._action()
        except DomainError as error:
            self.outcome = error.code

    def is_held(self) -> bool:
        self.join(_SOON)
        return self.is_alive()

    def ended(self) -> Any:
        self.join(30)
        assert not self.is_alive()
        return self.outcome


def cast(hall: Hall, crowd: Crowd, voter: Voter) -> Recorded:
    with Session(hall.engine) as session:
        meta = ballot_meta(session, crowd.ballot.ballot_id)
    assert meta is not None
    choices = dict.fromkeys(crowd.ballot.motion_ids, "for")
    command = CastVote(
        meta, voter.entry, choices, crowd.ballot.documents_hash, "key-00000001", voter.resident.token_hash
    )
    return cast_vote(hall.statements, command)


def step(hall: Hall, crowd: Crowd, action: Callable[[Context, str], Any]) -> Any:
    """Run one of the bot's steps in a transaction of its own."""
    with Session(hall.engine, expire_on_commit=False) as session:
        done = action(Context(session, SYSTEM, hall.ports, "bot"), crowd.ballot.ballot_id)
        session.commit()
        return done


def pass_deadline(hall: Hall) -> None:
    move_clock(hall.engine, timedelta(hours=2 * _HOURS) // timedelta(microseconds=1))


@contextmanager
def rival_held_open(hall: Hall, crowd: Crowd, voter: Voter) -> Iterator[None]:
    """Keep an uncommitted vote for the same entry: a cast stops after the gate, at the unique index, before its end."""
    rival = {
        "receipt": "RIVAL00000",
        "ballot": crowd.ballot.ballot_id,
        "entry": voter.entry,
        "bytes": b"r" * 32,
    }
    with hall.engine.connect() as connection, connection.begin() as transaction:
        connection.execute(_RIVAL, rival)
        yield
        transaction.rollback()


_RIVAL = text("""
    INSERT INTO vote (receipt, ballot_id, roll_entry_id, request_hash, channel, arrived_as, state, choices,
                      documents_hash, nonce, cast_at)
    VALUES (:receipt, :ballot, :entry, :bytes, 'paper', 'standing', 'standing', 'a', '', :bytes, now())
""")


@pytest.fixture
def postgresql_hall(hall: Hall) -> Hall:
    if hall.engine.dialect.name != "postgresql":
        pytest.skip("SQLite has one writer: a cast cannot be under way beside another transaction's")
    return hall


def test_cast_begun_in_time_is_waited_for_counted_and_sealed(postgresql_hall: Hall) -> None:
    hall = postgresql_hall
    crowd = hall.crowd(2, hours=_HOURS)
    with rival_held_open(hall, crowd, crowd.voters[0]):
        casting = Doing(lambda: cast(hall, crowd, crowd.voters[0]))
        assert casting.is_held()
        pass_deadline(hall)
        closing = Doing(lambda: step(hall, crowd, close_ballot))
        assert closing.is_held(), "the deadline's step does not wait for a cast under way"
    recorded, closed = casting.ended(), closing.ended()
    assert isinstance(recorded, Recorded) and closed.state == "counting"
    sealed = step(hall, crowd, seal_ballot)
    assert sealed is not None and sealed.state == "sealed"
    rows = hall.rows("SELECT receipt, state FROM vote WHERE leaf_no IS NOT NULL")
    assert rows == [(recorded.receipt, "standing")]
    participating = [motion["rules"][0]["tests"][0]["numerator"] for motion in sealed.result]
    assert participating[0] not in ("0", "0.00")


def test_cast_that_waited_at_the_barrier_over_the_deadline_is_refused(postgresql_hall: Hall) -> None:
    hall = postgresql_hall
    crowd = hall.crowd(2, hours=_HOURS)
    with Session(hall.engine) as sealer:
        take_sealing_lock(sealer, crowd.ballot.ballot_id)
        casting = Doing(lambda: cast(hall, crowd, crowd.voters[0]))
        assert casting.is_held()
        pass_deadline(hall)
        sealer.commit()
    assert casting.ended() == "ballot_closed"
    assert hall.rows("SELECT count(*) FROM vote") == [(0,)]


def test_cast_that_waited_for_the_writer_over_the_deadline_is_refused(hall: Hall) -> None:
    if hall.engine.dialect.name != "sqlite":
        pytest.skip("PostgreSQL's casts do not wait for writers; the barrier is tested above")
    crowd = hall.crowd(2, hours=_HOURS)
    with hall.engine.begin() as writer:
        casting = Doing(lambda: cast(hall, crowd, crowd.voters[0]))
        assert casting.is_held()
        moved = timedelta(hours=2 * _HOURS) // timedelta(microseconds=1)
        writer.execute(text("UPDATE installation SET clock_offset_us = :moved"), {"moved": moved})
    assert casting.ended() == "ballot_closed"
    assert hall.rows("SELECT count(*) FROM vote") == [(0,)]


def test_casts_racing_the_close_are_all_sealed_or_refused(hall: Hall) -> None:
    crowd = hall.crowd(24, hours=_HOURS)
    casts = []
    for number, voter in enumerate(crowd.voters):
        casts.append(Doing(lambda voter=voter: cast(hall, crowd, voter)))
        if number == len(crowd.voters) // 2:
            time.sleep(0.05)
            pass_deadline(hall)
            closing = Doing(lambda: step(hall, crowd, close_ballot))
    assert closing.ended().state == "counting"
    outcomes = [doing.ended() for doing in casts]
    assert step(hall, crowd, seal_ballot).state == "sealed"
    receipts = {outcome.receipt for outcome in outcomes if isinstance(outcome, Recorded)}
    assert {outcome for outcome in outcomes if isinstance(outcome, str)} <= {"ballot_closed"}
    sealed = hall.rows("SELECT receipt FROM vote WHERE leaf_no IS NOT NULL AND state = 'standing'")
    assert {receipt for (receipt,) in sealed} == receipts
    assert len(sealed) == len(receipts) > 0
