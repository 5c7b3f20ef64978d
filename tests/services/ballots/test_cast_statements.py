"""One conformance suite for both implementations of the vote's statements: the same answers, the same rows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import Session, select

from backend.ballots.repository.cast import Verdict
from backend.ballots.repository.cast_sql import to_psycopg
from backend.ballots.tables import Ballot, RollEntry, Vote, VoteDisposition
from backend.identity.tables import Account, Binding, LoginSession
from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import new_receipt
from backend.ledger.tables import LedgerEvent
from tests.load.frozen import freeze_clock
from tests.load.hall import Crowd, Hall, Voter

MILLISECOND = timedelta(milliseconds=1)
OWNERS = ",owner,representative,"


@dataclass(frozen=True)
class Booth:
    """An open ballot of two entries, and the values of a vote that may be cast."""

    hall: Hall
    crowd: Crowd

    @property
    def voter(self) -> Voter:
        return self.crowd.voters[0]

    def values(self, **changes: Any) -> dict[str, Any]:
        ballot = self.crowd.ballot
        return {
            "ballot": ballot.ballot_id,
            "entry": self.voter.entry,
            "token_hash": self.voter.resident.token_hash,
            "relations": OWNERS,
            "documents_hash": ballot.documents_hash,
            "receipt": new_receipt(),
            "idempotency_key": new_id(),
            "request_hash": b"r" * 32,
            "state": "standing",
            "choices": "fa",
            "nonce": secrets.token_bytes(32),
            "event": new_id(),
            "payload_online": '{"channel":"online"}',
            "payload_proxy": '{"channel":"proxy"}',
            "id": new_id(),
            "account_id": self.voter.resident.account_id,
            **changes,
        }

    def cast(self, **changes: Any) -> datetime | None:
        return self.hall.statements.cast(self.values(**changes))

    def judge(self, **changes: Any) -> Verdict | None:
        return self.hall.statements.judge(self.values(**changes))

    def change(self, table: type[Any], **changes: Any) -> None:
        """Change the voter's (or the ballot's) row of a table."""
        keys = {
            Ballot: Ballot.id == self.crowd.ballot.ballot_id,
            RollEntry: RollEntry.id == self.voter.entry,
            Account: Account.id == self.voter.resident.account_id,
            LoginSession: LoginSession.token_hash == self.voter.resident.token_hash,
            Binding: Binding.account_id == self.voter.resident.account_id,
        }
        with Session(self.hall.engine) as session:
            row = session.exec(select(table).where(keys[table])).one()
            for name, value in changes.items():
                setattr(row, name, value(row) if callable(value) else value)
            session.add(row)
            session.commit()

    def stored(self, table: type[Any]) -> list[Any]:
        with Session(self.hall.engine) as session:
            return list(session.exec(select(table)))


@pytest.fixture
def booth(database_url: str, tmp_path: Path) -> Iterator[Booth]:
    hall = Hall(database_url, tmp_path)
    yield Booth(hall, hall.crowd(2))
    hall.close()


def test_vote_and_event_are_stored_as_given_and_times_are_the_databases(booth: Booth) -> None:
    values = booth.values()
    verdict = booth.judge()
    assert verdict is not None and verdict.may
    account = booth.voter.resident.account_id
    assert (verdict.state, verdict.relation, verdict.account_id) == ("open", "owner", account)
    assert verdict.opens_at <= verdict.now < verdict.closes_at
    cast_at = booth.hall.statements.cast(values)
    assert cast_at is not None and verdict.now <= cast_at < verdict.closes_at
    assert all(moment.utcoffset() == timedelta(0) for moment in (verdict.opens_at, verdict.now, cast_at))
    [vote] = booth.stored(Vote)
    for name in ("receipt", "idempotency_key", "request_hash", "choices", "documents_hash", "nonce"):
        assert getattr(vote, name) == values[name]
    assert (vote.channel, vote.state, vote.arrived_as) == ("online", "standing", "standing")
    assert (vote.account_id, vote.cast_at) == (account, cast_at)
    [event] = booth.stored(LedgerEvent)
    assert (event.id, event.type, event.subject_kind) == (values["event"], "vote.recorded", "dwelling")
    assert (event.subject_id, event.actor_id, event.at) == (verdict.dwelling_id, account, cast_at)
    assert event.payload == {"channel": "online"}


def test_unknown_ballot_is_nothing(booth: Booth) -> None:
    assert booth.cast(ballot="0" * 20) is None
    assert booth.judge(ballot="0" * 20) is None


def _an_hour_back(name: str) -> Callable[[Any], datetime]:
    return lambda row: getattr(row, name) - timedelta(days=60)


# What is changed before the vote; the fact by which the refusal is named.
REFUSALS: dict[str, tuple[type[Any] | None, dict[str, Any], Callable[[Verdict], bool]]] = {
    "unknown token": (None, {"token_hash": b"x" * 32}, lambda row: row.account_id is None),
    "session ended": (
        LoginSession,
        {"revoked_at": lambda row: row.created_at},
        lambda row: row.account_id is None,
    ),
    "session expired": (
        LoginSession,
        {"expires_at": _an_hour_back("expires_at")},
        lambda row: row.account_id is None,
    ),
    "account disabled": (Account, {"state": "disabled"}, lambda row: row.account_id is None),
    "staff account": (Account, {"kind": "staff"}, lambda row: row.account_id is None),
    "unknown entry": (None, {"entry": "0" * 20}, lambda row: row.dwelling_id is None),
    "entry removed": (RollEntry, {"is_removed": True}, lambda row: row.dwelling_id is None),
    "entry of another ballot": (None, {"entry": "other"}, lambda row: row.dwelling_id is None),
    "neighbour's entry": (None, {"entry": "neighbour"}, lambda row: row.relation is None),
    "binding ended": (Binding, {"state": "ended"}, lambda row: row.relation is None),
    "binding pending": (Binding, {"state": "pending"}, lambda row: row.relation is None),
    "binding waiting": (
        Binding,
        {"effective_at": lambda row: row.effective_at + timedelta(days=9)},
        lambda row: row.effective_at is not None and row.effective_at > row.now,
    ),
    "relation not entitled": (Binding, {"relation": "family"}, lambda row: row.relation == "family"),
    "other documents": (None, {"documents_hash": "0" * 64}, lambda row: not row.documents_match),
    "ballot in notice": (Ballot, {"state": "notice"}, lambda row: row.state == "notice"),
    "ballot counting": (Ballot, {"state": "counting"}, lambda row: row.state == "counting"),
    "ballot suspended": (Ballot, {"state": "suspended"}, lambda row: row.state == "suspended"),
    "not yet open": (
        Ballot,
        {"opens_at": lambda row: row.opens_at + timedelta(hours=9)},
        lambda row: row.now < row.opens_at,
    ),
    "past its deadline": (
        Ballot,
        {"closes_at": lambda row: row.opens_at + timedelta(seconds=1)},
        lambda row: row.now >= row.closes_at,
    ),
}


@pytest.mark.parametrize(("table", "changes", "names"), REFUSALS.values(), ids=REFUSALS.keys())
def test_refused_vote_names_the_fact_and_leaves_nothing(
    booth: Booth, table: type[Any] | None, changes: dict[str, Any], names: Callable[[Verdict], bool]
) -> None:
    if table is not None:
        booth.change(table, **changes)
        changes = {}
    elif changes.get("entry") == "other":
        changes = {"entry": booth.hall.crowd(1).voters[0].entry}
    elif changes.get("entry") == "neighbour":
        changes = {"entry": booth.crowd.voters[1].entry}
    assert booth.cast(**changes) is None
    verdict = booth.judge(**changes)
    assert verdict is not None and not verdict.may
    assert names(verdict)
    assert booth.stored(Vote) == [] and booth.stored(LedgerEvent) == []


@pytest.mark.parametrize("again", ["receipt", "idempotency_key", "entry"])
def test_second_vote_that_meets_a_constraint_leaves_nothing(booth: Booth, again: str) -> None:
    first = booth.values()
    assert booth.hall.statements.cast(first) is not None
    changes = {} if again == "entry" else {again: first[again], "state": "held"}
    assert booth.cast(**changes) is None
    verdict = booth.judge(**changes)
    assert verdict is not None and verdict.may
    assert len(booth.stored(Vote)) == len(booth.stored(LedgerEvent)) == 1


def test_replay_and_standing_are_found(booth: Booth) -> None:
    values, statements = booth.values(), booth.hall.statements
    account = booth.voter.resident.account_id
    assert statements.find_replay(account, values["idempotency_key"]) is None
    assert statements.find_standing(values["ballot"], values["entry"]) is None
    cast_at = statements.cast(values)
    assert cast_at is not None
    replay = statements.find_replay(account, values["idempotency_key"])
    assert replay is not None
    assert (replay.receipt, replay.request_hash) == (values["receipt"], values["request_hash"])
    assert (replay.cast_at, replay.state) == (cast_at, "standing")
    standing = statements.find_standing(values["ballot"], values["entry"])
    assert standing is not None
    assert (standing.receipt, standing.account_id, standing.channel) == (values["receipt"], account, "online")


def test_replacing_moves_one_and_stores_the_other(booth: Booth) -> None:
    first, second = booth.values(), booth.values(choices="bb")
    booth.hall.statements.cast(first)
    assert booth.hall.statements.replace(second, first["receipt"]) is not None
    states = {vote.receipt: vote.state for vote in booth.stored(Vote)}
    assert states == {first["receipt"]: "replaced", second["receipt"]: "standing"}
    [moved] = booth.stored(VoteDisposition)
    assert (moved.receipt, moved.to_state, moved.reason) == (first["receipt"], "replaced", "re_vote")
    assert booth.hall.statements.replace(booth.values(), first["receipt"]) is None
    assert len(booth.stored(Vote)) == 2


def test_replacing_without_the_right_changes_nothing(booth: Booth) -> None:
    first = booth.values()
    booth.hall.statements.cast(first)
    booth.change(Binding, state="ended")
    assert booth.hall.statements.replace(booth.values(), first["receipt"]) is None
    assert [vote.state for vote in booth.stored(Vote)] == ["standing"]
    assert booth.stored(VoteDisposition) == []


@pytest.mark.parametrize(
    ("edge", "step", "may"),
    [
        ("closes_at", -1, True),
        ("closes_at", 0, False),
        ("closes_at", 1, False),
        ("opens_at", -1, False),
        ("opens_at", 0, True),
    ],
)
def test_window_is_half_open_to_the_millisecond(booth: Booth, edge: str, step: int, may: bool) -> None:
    [ballot] = booth.stored(Ballot)
    instant = getattr(ballot, edge).replace(microsecond=0)
    booth.change(Ballot, **{edge: instant})
    freeze_clock(booth.hall.engine, instant + step * MILLISECOND)
    verdict = booth.judge()
    assert verdict is not None
    assert (verdict.now, verdict.may) == (instant + step * MILLISECOND, may)
    assert booth.cast() == (verdict.now if may else None)
    assert [vote.cast_at for vote in booth.stored(Vote)] == [verdict.now] * may


def test_parameters_become_psycopgs() -> None:
    assert to_psycopg("a LIKE '%x' AND b = :entry::text") == "a LIKE '%%x' AND b = %(entry)s::text"
    assert to_psycopg(":nonce") == "%(nonce)b"
