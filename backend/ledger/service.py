"""Append facts to the ledger; number and hash them after the commit; seal trees with checkpoints."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from sqlmodel import Session

from backend.infra.context import Context
from backend.infra.database import db_now
from backend.kernel.clock import iso
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import repository
from backend.ledger.rules.leaf import EventLeaf, leaf_hash
from backend.ledger.rules.merkle import Frontier
from backend.ledger.tables import LedgerCheckpoint, LedgerEvent

EVENT_TREE = "events"

# The published name of a checkpoint row, for capabilities that pass it on.
Checkpoint = LedgerCheckpoint


def append(ctx: Context, event: Event) -> str:
    """Write one immutable event row and return its id; the sealer numbers it after the commit."""
    row = LedgerEvent(
        id=new_id(),
        type=event.type,
        organisation_id=event.organisation_id,
        subject_kind=event.subject_kind,
        subject_id=event.subject_id,
        actor_kind=ctx.actor.kind,
        actor_id=ctx.actor.account_id,
        payload=dict(event.payload),
        at=ctx.clock.now(),
    )
    ctx.session.add(row)
    return row.id


def event_leaf(row: LedgerEvent) -> EventLeaf:
    """Return the leaf of a stored event."""
    return EventLeaf(
        id=row.id,
        type=row.type,
        organisation=row.organisation_id,
        actor=row.actor_id,
        subject=f"{row.subject_kind}:{row.subject_id}",
        at=iso(row.at),
        payload=row.payload,
    )


def number_events(session: Session, limit: int = 2000) -> int:
    """Give committed, unnumbered events their place in the event tree; returns how many.

    Numbers follow the commits, so a reader with a cursor over them skips nothing.
    """
    repository.lock_tree(session, EVENT_TREE)
    rows = repository.unnumbered_events(session, limit)
    if not rows:
        return 0
    rows.sort(key=lambda row: (row.at, row.id))
    first = repository.next_leaf_no(session, EVENT_TREE)
    leaves = [("event", row.id, leaf_hash(event_leaf(row))) for row in rows]
    repository.add_leaves(session, EVENT_TREE, first, leaves)
    repository.number_events(session, [(row.id, first + offset) for offset, row in enumerate(rows)])
    session.expire_all()
    return len(rows)


def add_leaves(session: Session, tree: str, leaves: Sequence[tuple[str, str, bytes]]) -> int:
    """Append leaves ``(source kind, source id, hash)`` to a tree and return the first number.

    The caller holds ``lock_tree`` for the tree in the same transaction.
    """
    first = repository.next_leaf_no(session, tree)
    repository.add_leaves(session, tree, first, leaves)
    return first


def lock_tree(session: Session, tree: str) -> None:
    """Wait until nobody else grows this tree; released by the commit."""
    repository.lock_tree(session, tree)


def make_checkpoint(session: Session, tree: str, *, allow_empty: bool = False) -> LedgerCheckpoint | None:
    """Seal the leaves so far under a root with the proof that it extends the former root.

    Returns the newest checkpoint; None for an empty tree unless ``allow_empty`` (a ballot nobody cast in).
    Nothing new makes no new checkpoint. Numbers start at 1.
    """
    repository.lock_tree(session, tree)
    last = repository.last_checkpoint(session, tree)
    size = repository.next_leaf_no(session, tree)
    if (last is not None and size == last.size) or (last is None and size == 0 and not allow_empty):
        return last
    frontier = Frontier.from_hex(last.size, last.frontier) if last else Frontier()
    fresh = repository.hashes_between(session, tree, frontier.size, size)
    proof = frontier.consistency_to(fresh) if last else []
    frontier.extend(fresh)
    row = LedgerCheckpoint(
        tree=tree,
        number=last.number + 1 if last else 1,
        size=size,
        root=frontier.root().hex(),
        frontier=frontier.to_hex(),
        consistency=[node.hex() for node in proof],
        at=_checkpoint_time(session, last),
    )
    session.add(row)
    session.flush()
    return row


def _checkpoint_time(session: Session, last: LedgerCheckpoint | None) -> datetime:
    """Checkpoints never run backwards, also when the host's clock was set back."""
    now = db_now(session)
    return max(now, last.at) if last else now
