"""Numbering votes into the ballot's tree, checkpoints, and the barrier that ends casting."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

from sqlmodel import Session

from backend.ballots.repository import sealing as repository
from backend.ballots.repository.ballots import motions_of
from backend.ballots.rules.ordering import order_leaves
from backend.ballots.rules.papers import decode
from backend.ballots.tables import Vote, VoteDisposition
from backend.kernel.clock import iso
from backend.ledger import service as ledger
from backend.ledger.rules.leaf import Arrival, Disposition, leaf_hash


def tree_of(ballot_id: str) -> str:
    """Return the name of a ballot's tree."""
    return f"ballot:{ballot_id}"


def vote_pseudonym(nonce: bytes) -> str:
    """Return the vote's name in the record: from its nonce, so that no receipt can be linked to it."""
    return "v" + sha256(b"vote\0" + nonce).hexdigest()[:24]


def arrival_leaf(vote: Vote, pseudonym: str, motion_ids: Sequence[str], arrived_as: str) -> Arrival:
    """Return the leaf of a vote's arrival; ``arrived_as`` is its first state, before any disposition."""
    return Arrival(
        ballot=vote.ballot_id,
        vote=vote_pseudonym(vote.nonce),
        entry=pseudonym,
        choices=decode(motion_ids, vote.choices),
        channel=vote.channel,
        state=arrived_as,
        cast_at=iso(vote.cast_at),
        documents=vote.documents_hash,
        photo=vote.photo_sha256,
    )


def disposition_leaf(row: VoteDisposition, vote_nonce: bytes) -> Disposition:
    """Return the leaf of a later change of state."""
    return Disposition(row.ballot_id, vote_pseudonym(vote_nonce), row.to_state, row.reason, iso(row.at))


def number_votes(session: Session, ballot_id: str, limit: int = 20_000) -> int:
    """Give every committed, unnumbered arrival and disposition its leaf; returns how many.

    A disposition is committed with or after its vote, so nothing is ever numbered before what it refers to.
    """
    tree = tree_of(ballot_id)
    ledger.lock_tree(session, tree)
    rows = repository.unnumbered(session, ballot_id, limit)
    if not rows:
        return 0
    motion_ids = [motion.id for motion in motions_of(session, ballot_id)]
    leaves = order_leaves([row.as_leaf(motion_ids, arrival_leaf, disposition_leaf) for row in rows])
    first = ledger.add_leaves(
        session,
        tree,
        [(item.source_kind, item.source_id, leaf_hash(item.leaf, item.nonce)) for item in leaves],
    )
    repository.set_numbers(
        session, [(item.source_kind, item.source_id, first + n) for n, item in enumerate(leaves)]
    )
    return len(leaves)


def seal_tree(session: Session, ballot_id: str, *, allow_empty: bool = False) -> ledger.Checkpoint | None:
    """Number everything and set a checkpoint."""
    while number_votes(session, ballot_id):
        pass
    return ledger.make_checkpoint(session, tree_of(ballot_id), allow_empty=allow_empty)
