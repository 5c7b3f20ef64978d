"""The ballot builder that every other test stands on."""

from __future__ import annotations

import pytest
from sqlmodel import select

from backend.ballots.tables import Ballot, Motion, RollEntry
from backend.infra.context import Context
from tests.factories.ballots import make_ballot
from tests.factories.places import make_estate


@pytest.mark.parametrize("state", ["notice", "open", "counting", "sealed", "preliminary", "final", "voided"])
def test_ballot_is_built_in_the_wanted_state(ctx: Context, state: str) -> None:
    estate = make_estate(ctx, dwellings=3)
    built = make_ballot(ctx, estate, state=state, motions=2)
    ballot = ctx.session.exec(select(Ballot).where(Ballot.id == built.ballot_id)).one()
    assert ballot.state == state
    assert ballot.opens_at is not None
    assert (ballot.opens_at <= ctx.clock.now()) == (state != "notice")
    assert (ballot.roll_heads, ballot.roll_area_centi) == (3, 24000)
    motions = ctx.session.exec(select(Motion.id).where(Motion.ballot_id == built.ballot_id)).all()
    assert set(motions) == set(built.motion_ids)
    entries = ctx.session.exec(select(RollEntry).where(RollEntry.ballot_id == built.ballot_id)).all()
    assert {row.dwelling_id: row.id for row in entries} == built.entry_ids
