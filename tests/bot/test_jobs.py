"""Each job does its work once; a second run finds nothing to do and changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import insert, text
from sqlmodel import col, select

from backend.ballots import queries as ballots
from backend.ballots.repository.votes import NewVote, insert_vote_row
from backend.ballots.tables import Ballot, Vote
from backend.demo.roll import CHAOYANG, homes_of, roll_csv
from backend.identity.tables import FailedTry
from backend.infra.columns import from_micros
from backend.infra.context import Context, Ports
from backend.infra.database import open_session
from backend.infra.installation import move_clock
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerCheckpoint, LedgerEvent
from backend.registry import service as registry
from bot import jobs
from bot.schedule import JOBS
from tests.bot.conftest import Acting
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.places import make_estate
from tests.services.rectification.conftest import make_site

State = Callable[[], dict[str, list[str]]]
DAY_US = 86_400_000_000


def add_votes(ctx: Context, ballot: BallotFixture, count: int) -> None:
    for entry_id in list(ballot.entry_ids.values())[:count]:
        add_vote(ctx, ballot, entry_id)


def add_vote(ctx: Context, ballot: BallotFixture, entry_id: str, choices: str = "fa") -> None:
    insert_vote_row(
        ctx.session,
        NewVote(
            ballot_id=ballot.ballot_id,
            roll_entry_id=entry_id,
            channel="paper",
            state="standing",
            choices=choices,
            documents_hash=ballot.documents_hash,
            request_hash=secrets.token_bytes(32),
            cast_at=ctx.clock.now(),
            photo_sha256=None,
        ),
    )


def ballot_now(ports: Ports, ballot_id: str) -> Ballot:
    with open_session(ports.engine, read_only=True) as session:
        return session.get_one(Ballot, ballot_id)


def make_open(acting: Acting, *, votes: int = 0, hours: int = 24) -> BallotFixture:
    with acting() as ctx:
        ballot = make_ballot(ctx, make_estate(ctx, dwellings=6), hours=hours)
        add_votes(ctx, ballot, votes)
    return ballot


def test_a_ballot_is_closed_once_when_its_deadline_has_passed(
    ports: Ports, acting: Acting, whole_state: State
) -> None:
    due, later = make_open(acting, hours=1), make_open(acting, hours=100)
    assert jobs.close_due_ballots(ports) == 0
    move_clock(ports.engine, DAY_US)
    assert jobs.close_due_ballots(ports) == 1
    assert ballot_now(ports, due.ballot_id).state == "counting"
    assert ballot_now(ports, later.ballot_id).state == "open"
    before = whole_state()
    assert jobs.close_due_ballots(ports) == 0
    assert whole_state() == before


def test_a_counted_ballot_is_sealed_once_under_a_checkpoint(
    ports: Ports, acting: Acting, whole_state: State
) -> None:
    ballot = make_open(acting, votes=4)
    move_clock(ports.engine, 2 * DAY_US)
    jobs.close_due_ballots(ports)
    assert jobs.seal_due_ballots(ports) == 1
    sealed = ballot_now(ports, ballot.ballot_id)
    assert sealed.state == "sealed"
    assert sealed.result
    with open_session(ports.engine, read_only=True) as session:
        tree = LedgerCheckpoint.tree == f"ballot:{ballot.ballot_id}"
        assert session.exec(select(LedgerCheckpoint).where(tree)).one().size == 4
    before = whole_state()
    assert jobs.seal_due_ballots(ports) == 0
    assert whole_state() == before


def test_votes_are_numbered_without_gaps_and_once(ports: Ports, acting: Acting, whole_state: State) -> None:
    ballot = make_open(acting, votes=5)
    assert jobs.number_new_votes(ports) == 5
    with open_session(ports.engine, read_only=True) as session:
        rows = session.exec(select(Vote).where(Vote.ballot_id == ballot.ballot_id)).all()
    assert sorted(row.leaf_no for row in rows if row.leaf_no is not None) == [0, 1, 2, 3, 4]
    before = whole_state()
    assert jobs.number_new_votes(ports) == 0
    assert whole_state() == before


def test_checkpoints_cover_ballots_and_events_and_nothing_new_makes_no_new_one(
    ports: Ports, acting: Acting, whole_state: State
) -> None:
    ballot = make_open(acting, votes=3, hours=1)
    move_clock(ports.engine, DAY_US)
    jobs.close_due_ballots(ports)
    jobs.make_checkpoints(ports)
    with open_session(ports.engine, read_only=True) as session:
        sizes = {row.tree: row.size for row in session.exec(select(LedgerCheckpoint))}
    assert sizes[f"ballot:{ballot.ballot_id}"] == 3
    assert sizes["events"] >= 1
    before = whole_state()
    jobs.make_checkpoints(ports)
    assert whole_state() == before


def test_events_are_numbered_once(ports: Ports, acting: Acting, whole_state: State) -> None:
    make_open(acting, hours=1)
    move_clock(ports.engine, DAY_US)
    jobs.close_due_ballots(ports)
    assert jobs.number_new_events(ports) == 1
    before = whole_state()
    assert jobs.number_new_events(ports) == 0
    assert whole_state() == before


def test_one_ballot_that_fails_holds_up_no_other(
    ports: Ports, acting: Acting, caplog: pytest.LogCaptureFixture
) -> None:
    broken, sound = make_open(acting, hours=1), make_open(acting, hours=2)
    with ports.engine.begin() as connection:
        statement = text("UPDATE ballot SET parameters = '{}' WHERE id = :id")
        connection.execute(statement, {"id": broken.ballot_id})
    move_clock(ports.engine, DAY_US)
    assert jobs.close_due_ballots(ports) == 1
    assert ballot_now(ports, sound.ballot_id).state == "counting"
    assert ballot_now(ports, broken.ballot_id).state == "open"
    assert [record.message for record in caplog.records] == ["item_failed"]


def test_one_ballot_whose_votes_cannot_be_numbered_holds_up_no_other(ports: Ports, acting: Acting) -> None:
    made = sorted((make_open(acting, votes=2) for _ in range(2)), key=lambda ballot: ballot.ballot_id)
    with acting() as ctx:
        entry = list(made[0].entry_ids.values())[2]
        add_vote(ctx, made[0], entry, choices="f")
    assert jobs.number_new_votes(ports) == 2
    with open_session(ports.engine, read_only=True) as session:
        rows = session.exec(select(Vote).where(Vote.ballot_id == made[1].ballot_id)).all()
    assert sorted(row.leaf_no for row in rows if row.leaf_no is not None) == [0, 1]


def test_every_running_ballot_is_numbered_and_looked_at_however_many_there_are(ctx: Context) -> None:
    estate = make_estate(ctx, dwellings=0)
    first = make_ballot(ctx, estate, motions=1)
    columns = Ballot.__table__  # type: ignore[attr-defined]
    row = ctx.session.execute(columns.select().where(columns.c.id == first.ballot_id)).one()._mapping
    running = [dict(row) | {"id": f"run{n:05}"} for n in range(1100)]
    waiting = [dict(row) | {"id": f"wait{n:04}", "state": "counting"} for n in range(1100)]
    ctx.session.execute(insert(columns), running + waiting)
    assert {item["id"] for item in running + waiting} <= set(ballots.active_ballots(ctx.session))
    due = ballots.due_ballots(ctx.session, "counting", ctx.clock.now())
    assert {item["id"] for item in waiting} <= set(due)


def test_a_waiting_import_runs_once(ports: Ports, acting: Acting, whole_state: State) -> None:
    with acting() as ctx:
        estate = make_estate(ctx, dwellings=0)
        digest = ctx.storage.put(roll_csv(CHAOYANG).replace(b"DEMO-CY", estate.estate.code.encode()))
        command = registry.QueueImport(
            estate.community.id, estate.estate.id, digest, "roll.csv", False, False, new_id()
        )
        run_id = registry.queue_import(ctx, command).id
    assert jobs.run_imports(ports) == 1
    with acting() as ctx:
        run = registry.show_import(ctx, run_id)
        assert run.state == "done", run.report
        assert run.report["difference"]["added"] == len(homes_of(CHAOYANG)) + 1
    before = whole_state()
    assert jobs.run_imports(ports) == 0
    assert whole_state() == before


def test_what_is_old_is_forgotten_and_the_rest_kept(ports: Ports, acting: Acting, whole_state: State) -> None:
    with acting() as ctx:
        now = ctx.clock.now()
        for days in (1, 400, 500):
            ctx.session.add(FailedTry(id=new_id(), key_index="k", at=now - timedelta(days=days)))
    assert jobs.forget_what_is_old(ports) == 2
    before = whole_state()
    assert len(before["failed_try"]) == 1
    assert jobs.forget_what_is_old(ports) == 0
    assert whole_state() == before


def test_the_heartbeat_is_one_row_by_the_databases_clock(ports: Ports, acting: Acting) -> None:
    move_clock(ports.engine, 400 * DAY_US)
    for _ in range(2):
        jobs.beat(ports)
    with ports.engine.connect() as connection:
        beats = connection.execute(text("SELECT name, beat_at FROM heartbeat")).all()
    with acting() as ctx:
        now = ctx.clock.now()
    assert [beat.name for beat in beats] == ["bot"]
    beat_at = from_micros(beats[0].beat_at) if isinstance(beats[0].beat_at, int) else beats[0].beat_at
    assert timedelta(0) <= now - beat_at < timedelta(minutes=1)


def test_what_is_due_in_the_register_is_told_once(ports: Ports, acting: Acting, whole_state: State) -> None:
    with acting() as ctx:
        site = make_site(ctx)
        item, works = site.open().id, site.works()
        other = site.works("W2", accepted_on=None)
    assert jobs.remind_rectification(ports) == 0
    move_clock(ports.engine, 10 * DAY_US)
    assert jobs.remind_rectification(ports) == 1
    before = whole_state()
    assert jobs.remind_rectification(ports) == 0
    assert whole_state() == before
    move_clock(ports.engine, 5 * 366 * DAY_US - 20 * DAY_US)
    assert jobs.remind_rectification(ports) == 2
    with acting() as ctx:
        types = ctx.session.exec(
            select(LedgerEvent.type).where(col(LedgerEvent.subject_id).in_([item, works, other]))
        ).all()
    assert sorted(kind for kind in types if kind.split(".")[1] in ("due_soon", "overdue", "expiring")) == [
        "rectification.due_soon",
        "rectification.overdue",
        "warranty.expiring",
    ]


def test_every_job_runs_on_an_empty_database(ports: Ports, whole_state: State) -> None:
    before = whole_state()
    for job in JOBS:
        job.run(ports)
    assert whole_state() == before
