"""The committee's daily look: between two of them, and between the last and the result, stand five owners or nobody."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import timedelta

import pytest
from sqlalchemy import insert, update
from sqlmodel import col

from backend.ballots.service import reading
from backend.ballots.tables import ConsensusSnapshot, RollEntry, Vote
from backend.infra.context import Context
from backend.kernel.errors import Conflict
from tests.services.ballots.desk import Office, open_office


class Days:
    """An office whose days pass; votes are cast a second apart, long before now."""

    def __init__(self, ctx: Context) -> None:
        self.ctx = ctx
        self.office: Office = open_office(ctx, dwellings=30, parameters={"track_consensus": 1})
        self._next_at = ctx.clock.now() - timedelta(minutes=40)
        self._day = 0

    def change(self, numbers: Iterable[int], **values: object) -> None:
        """Write on the roll what the registry would have said."""
        chosen = [self.office.entry(number) for number in numbers]
        changed = update(RollEntry).where(col(RollEntry.id).in_(chosen)).values(**values)
        self.ctx.session.connection().execute(changed)

    def vote(self, numbers: Iterable[int], letters: str = "ff") -> None:
        """Let these dwellings vote, one after the other."""
        for number in numbers:
            self._next_at += timedelta(seconds=1)
            row = {
                "receipt": secrets.token_hex(6),
                "ballot_id": self.office.ballot.ballot_id,
                "roll_entry_id": self.office.entry(number),
                "request_hash": b"x",
                "channel": "online",
                "arrived_as": "standing",
                "state": "standing",
                "choices": letters,
                "documents_hash": self.office.ballot.documents_hash,
                "nonce": b"n" * 32,
                "cast_at": self._next_at,
            }
            self.ctx.session.execute(insert(Vote), [row])

    def look(self) -> int | None:
        """Return the participating households of a new day's snapshot, None where it is refused."""
        self._day += 1
        table = ConsensusSnapshot.__table__  # type: ignore[attr-defined]
        for row in self.ctx.session.connection().execute(table.select()).all():
            if row.ballot_id == self.office.ballot.ballot_id:
                earlier = row.taken_on - timedelta(days=1)
                moved = table.update().where(
                    table.c.ballot_id == row.ballot_id, table.c.taken_on == row.taken_on
                )
                self.ctx.session.connection().execute(moved.values(taken_on=earlier))
        self.ctx.session.expire_all()
        try:
            taken = reading.take_snapshot(self.office.clerk, self.office.ballot.ballot_id)
        except Conflict:
            return None
        return int(taken.sums[0]["participating"])


@pytest.fixture
def days(ctx: Context) -> Days:
    return Days(ctx)


def test_shops_hide_no_household(days: Days) -> None:
    days.change(range(10, 14), is_household=False)
    days.vote(range(10))
    assert days.look() == 5
    days.vote([*range(10, 14), 14])
    assert days.look() is None
    days.vote(range(15, 19))
    assert days.look() == 10
    days.vote([19])
    assert days.look() is None


def test_the_flats_of_one_owner_hide_nobody(days: Days) -> None:
    days.change(range(10, 20), owner_id="landlord", head_no=9999, head_pseudonym="h-landlord")
    days.vote(range(10))
    assert days.look() == 5
    days.vote(range(10, 20), "aa")
    assert days.look() is None
    days.vote(range(20, 24))
    assert days.look() == 19
    days.vote([24, 25])
    assert days.look() is None


def test_papers_with_an_invalid_mark_hide_nobody(days: Days) -> None:
    days.vote(range(10))
    assert days.look() == 5
    days.vote(range(10, 14), "if")
    days.vote(range(14, 18))
    assert days.look() is None
    days.vote([18])
    assert days.look() == 10
