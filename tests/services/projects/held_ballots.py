"""A ballot that was held: rules, papers of equal homes, and the published result, written into the tables."""

from __future__ import annotations

from sqlalchemy import insert
from sqlmodel import col, select

from backend.ballots.queries.tally import count_ballot, result_json
from backend.ballots.tables import Ballot, Motion, Vote
from backend.infra.context import Context
from backend.kernel.ids import new_id
from tests.factories.ballots import make_ballot
from tests.factories.places import EstateFixture

GENERAL, SPECIAL = "cn-civil-code/general", "cn-civil-code/special"


def hold_ballot(
    ctx: Context,
    place: EstateFixture,
    kind: str,
    rules: tuple[str, ...],
    *,
    votes: tuple[int, int],
    state: str = "final",
    motions: int = 1,
) -> str:
    """Hold a ballot: of ``votes`` = (papers, agreeing) the others are against; all motions alike."""
    held = make_ballot(ctx, place, kind=kind, motions=motions, state=state)
    for motion in ctx.session.exec(select(Motion).where(Motion.ballot_id == held.ballot_id)):
        motion.rule_id, motion.joined_rule_ids = rules[0], list(rules[1:])
        motion.parameters = {rule: {} for rule in rules}
        ctx.session.add(motion)
    voted, agreed = votes
    entries = [held.entry_ids[dwelling] for dwelling in place.dwelling_ids[:voted]]
    rows = [
        {
            "receipt": new_id(),
            "ballot_id": held.ballot_id,
            "roll_entry_id": entry,
            "request_hash": b"h" * 32,
            "channel": "online",
            "state": "standing",
            "choices": ("f" if number < agreed else "a") * motions,
            "documents_hash": held.documents_hash,
            "nonce": b"n" * 32,
            "cast_at": ctx.clock.now(),
        }
        for number, entry in enumerate(entries)
    ]
    ctx.session.flush()
    if rows:
        ctx.session.execute(insert(Vote), rows)
    publish_result(ctx, held.ballot_id)
    return held.ballot_id


def publish_result(ctx: Context, ballot_id: str) -> None:
    """Store the result as sealing does."""
    ballot = ctx.session.exec(select(Ballot).where(col(Ballot.id) == ballot_id)).one()
    ballot.result = result_json(count_ballot(ctx.session, ballot))
    ctx.session.add(ballot)
    ctx.session.flush()
