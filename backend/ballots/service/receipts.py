"""The public check of a receipt: counted in this ballot, and the proof; never the choice."""

from __future__ import annotations

from dataclasses import dataclass

from backend.ballots.service.sealing import tree_of
from backend.ballots.tables import Ballot, Vote
from backend.infra.context import Context
from backend.kernel.errors import NotFound
from backend.ledger import queries as ledger
from backend.ledger.queries import Inclusion
from backend.ledger.rules.receipt import format_receipt, parse_receipt

MESSAGES = {
    "standing": "这一票已计入本次表决。",
    "pending": "这张纸质票已录入，等待另一人核对，核对后计入。",
    "held": "这一票在等待核对，尚未计入。",
    "replaced": "这一票已被同一户后来的有效票代替，以后来的为准。",
    "rejected": "这一票没有计入，原因可向居民委员会查询。",
}


@dataclass(frozen=True, slots=True)
class ReceiptCheck:
    """What anybody holding the code may know."""

    receipt: str
    ballot_id: str
    ballot_title: str
    ballot_state: str
    state: str
    message: str
    inclusion: Inclusion | None


def check_receipt(ctx: Context, code: str) -> ReceiptCheck:
    """Look a receipt up; one answer for mistyped and unknown codes (the route limits tries)."""
    digits = parse_receipt(code)
    vote = ctx.session.get(Vote, digits) if digits else None
    ballot = ctx.session.get(Ballot, vote.ballot_id) if vote else None
    if vote is None or ballot is None:
        raise NotFound("receipt_unknown", "没有找到这个回执号，请核对 12 位数字后再试。")
    proof = None
    if vote.leaf_no is not None:
        proof = ledger.prove_inclusion(ctx.session, tree_of(ballot.id), vote.leaf_no)
    return ReceiptCheck(
        format_receipt(vote.receipt),
        ballot.id,
        ballot.title,
        ballot.state,
        vote.state,
        MESSAGES[vote.state],
        proof,
    )
