"""What is shown while voting runs: who took part, the same whatever was said; once published, what was counted."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest
from sqlmodel import col, select

from backend.ballots.queries.tally import count_ballot, participation
from backend.ballots.queries.turnout import participation_shortfall, turnout_by_building
from backend.ballots.repository.tally import participation_by_place
from backend.ballots.tables import Ballot, Motion, RollEntry, Vote
from backend.infra.context import Context
from backend.tally.count import participation_only
from backend.tally.report import comparison_json
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.places import make_estate


def give(ctx: Context, made: BallotFixture, entries: Sequence[str], papers: Sequence[str]) -> Ballot:
    for entry, letters in zip(entries, papers, strict=True):
        vote = Vote(
            receipt=f"{len(ctx.session.exec(select(Vote.receipt)).all()):012d}",
            ballot_id=made.ballot_id,
            roll_entry_id=entry,
            request_hash=b"",
            channel="paper",
            state="standing",
            choices=letters,
            documents_hash=made.documents_hash,
            nonce=bytes(32),
            cast_at=ctx.clock.now(),
        )
        ctx.session.add(vote)
    ctx.session.flush()
    return ctx.session.get_one(Ballot, made.ballot_id)


@pytest.mark.parametrize(("state", "letters"), [("open", "fab"), ("preliminary", "fabi")])
@pytest.mark.parametrize("kind", ["plan", "canvass"])
def test_turnout_and_full_count_agree(ctx: Context, kind: str, state: str, letters: str) -> None:
    chance = random.Random(f"{kind}{letters}")
    made = make_ballot(ctx, make_estate(ctx, dwellings=40), kind=kind, state=state)
    voters = chance.sample(list(made.entry_ids.values()), 30)
    ballot = give(ctx, made, voters, ["".join(chance.choices(letters, k=2)) for _ in voters])
    shown = participation(ctx.session, ballot)
    for motion, item in zip(shown["motions"], count_ballot(ctx.session, ballot), strict=True):
        expected = [
            {"rule": count.rule.id, **comparison_json(test)}
            for count in item.counts
            for test in participation_only(count.rule, count.sums, count.parameters)
        ]
        assert motion["tests"] == expected
        assert motion["participating"]["heads"] == str(item.counts[0].sums.participating.heads)


@pytest.mark.parametrize(
    ("reading", "papers"),
    [
        ({"abstain": "absent"}, ("ff", "bb")),
        ({"divided_owner": "absent"}, ("ff", "aa")),
        ({}, ("ff", "ii")),
        ({"invalid": "participates"}, ("ff", "fi")),
    ],
)
@pytest.mark.parametrize("state", ["open", "suspended", "counting", "sealed"])
def test_participation_never_depends_on_the_choice_under_any_reading(
    ctx: Context, state: str, reading: dict[str, str], papers: tuple[str, str]
) -> None:
    seen = []
    for said in papers:
        made = make_ballot(ctx, make_estate(ctx, dwellings=8), kind="building_matter", state=state)
        for motion in ctx.session.exec(select(Motion).where(Motion.ballot_id == made.ballot_id)):
            motion.parameters = {motion.rule_id: reading}
        first, second = _two_homes_of_one_owner(ctx, made)
        ballot = give(ctx, made, (first, second), ("ff", said))
        shown = participation(ctx.session, ballot)
        for motion_shown in shown["motions"]:
            motion_shown.pop("motion")
        lack = participation_shortfall(ctx.session, ballot.id)
        doors = participation_by_place(ctx.session, ballot.id, None, "door")
        seen.append((shown, lack, doors, turnout_by_building(ctx.session, ballot.id)))
    assert seen[0] == seen[1]


def _two_homes_of_one_owner(ctx: Context, made: BallotFixture) -> tuple[str, str]:
    chosen = select(RollEntry).where(RollEntry.ballot_id == made.ballot_id).order_by(col(RollEntry.head_no))
    first, second, *_ = ctx.session.exec(chosen).all()
    second.head_no, second.owner_id = first.head_no, first.owner_id
    second.head_pseudonym = first.head_pseudonym
    ctx.session.flush()
    return first.id, second.id
