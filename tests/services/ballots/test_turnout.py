"""What is shown while voting runs equals what the full count says of participation."""

from __future__ import annotations

import random

import pytest

from backend.ballots.queries.tally import count_ballot, participation
from backend.ballots.tables import Ballot, Vote
from backend.infra.context import Context
from backend.tally.count import participation_only
from backend.tally.report import comparison_json
from tests.factories.ballots import make_ballot
from tests.factories.places import make_estate


@pytest.mark.parametrize("letters", ["fab", "fabi"])
@pytest.mark.parametrize("kind", ["plan", "canvass"])
def test_turnout_and_full_count_agree(ctx: Context, kind: str, letters: str) -> None:
    chance = random.Random(f"{kind}{letters}")
    estate = make_estate(ctx, dwellings=40)
    made = make_ballot(ctx, estate, kind=kind)
    for number, entry in enumerate(chance.sample(list(made.entry_ids.values()), 30)):
        vote = Vote(
            receipt=f"{number:012d}",
            ballot_id=made.ballot_id,
            roll_entry_id=entry,
            request_hash=b"",
            channel="paper",
            state="standing",
            choices="".join(chance.choices(letters, k=2)),
            documents_hash=made.documents_hash,
            nonce=bytes(32),
            cast_at=ctx.clock.now(),
        )
        ctx.session.add(vote)
    ctx.session.flush()
    ballot = ctx.session.get(Ballot, made.ballot_id)
    assert ballot is not None
    shown = participation(ctx.session, ballot)
    for motion, item in zip(shown["motions"], count_ballot(ctx.session, ballot), strict=True):
        expected = [
            {"rule": count.rule.id, **comparison_json(test)}
            for count in item.counts
            for test in participation_only(count.rule, count.sums, count.parameters)
        ]
        assert motion["tests"] == expected
        assert motion["participating"]["heads"] == str(item.counts[0].sums.participating.heads)
