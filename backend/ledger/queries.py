"""Read-only views of the ledger: proofs, checkpoints, the audit trail."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlmodel import Session, col, select

from backend.ledger import repository
from backend.ledger.rules.leaf import leaf_hash
from backend.ledger.rules.merkle import Frontier, inclusion_proof
from backend.ledger.service import EVENT_TREE, event_leaf
from backend.ledger.tables import LedgerCheckpoint, LedgerEvent, LedgerLeaf


@dataclass(frozen=True, slots=True)
class Inclusion:
    """Proof that a leaf lies under a published root (hex, bottom first)."""

    leaf_no: int
    leaf_hash: str
    tree_size: int
    root: str
    path: tuple[str, ...]
    checkpoint: int
    at: datetime


def checkpoints_of(session: Session, tree: str) -> list[LedgerCheckpoint]:
    """Return the checkpoints of a tree in order."""
    return repository.checkpoints(session, tree)


def last_checkpoint(session: Session, tree: str) -> LedgerCheckpoint | None:
    """Return the newest checkpoint of a tree."""
    return repository.last_checkpoint(session, tree)


def prove_inclusion(session: Session, tree: str, leaf_no: int) -> Inclusion | None:
    """Return the proof of a leaf under the newest checkpoint; None while no checkpoint covers it."""
    last = repository.last_checkpoint(session, tree)
    if last is None or leaf_no >= last.size:
        return None
    hashes = repository.hashes_between(session, tree, 0, last.size)
    path = inclusion_proof(hashes, leaf_no)
    return Inclusion(
        leaf_no,
        hashes[leaf_no].hex(),
        last.size,
        last.root,
        tuple(node.hex() for node in path),
        last.number,
        last.at,
    )


@dataclass(frozen=True, slots=True)
class TreeFault:
    """A place where stored rows no longer agree with what was sealed."""

    tree: str
    where: str
    what: str


def check_leaves(session: Session, tree: str, recomputed: dict[int, bytes]) -> list[TreeFault]:
    """Compare hashes recomputed from the rows with the stored leaves, and those with every checkpoint."""
    faults: list[TreeFault] = []
    known: set[int] = set()
    leaves = select(LedgerLeaf.leaf_no, LedgerLeaf.source_kind, LedgerLeaf.source_id, LedgerLeaf.hash)
    in_order = leaves.where(LedgerLeaf.tree == tree).order_by(col(LedgerLeaf.leaf_no))
    for number, kind, key, digest in session.exec(in_order.execution_options(yield_per=5000)):
        known.add(number)
        if recomputed.get(number) != digest:
            what = "row altered" if number in recomputed else "row missing"
            faults.append(TreeFault(tree, f"leaf {number} ({kind} {key})", what))
    faults += [
        TreeFault(tree, f"leaf {number}", "leaf missing") for number in sorted(set(recomputed) - known)
    ]
    return faults + _check_roots(session, tree, recomputed, len(known))


def _check_roots(session: Session, tree: str, recomputed: dict[int, bytes], size: int) -> list[TreeFault]:
    """The roots are taken from the rows as they are now: altering row and stored leaf together is found too.

    One pass for all checkpoints: an hour's checkpoint must not cost a tree of years.
    """
    frontier = Frontier()
    for point in repository.checkpoints(session, tree):
        fresh = range(frontier.size, min(point.size, size))
        frontier.extend(recomputed.get(number, b"\x00" * 32) for number in fresh)
        if frontier.size != point.size or frontier.root().hex() != point.root:
            return [TreeFault(tree, f"checkpoint {point.number} (size {point.size})", "root differs")]
    return []


def check_events(session: Session) -> list[TreeFault]:
    """Check the whole event tree against its rows (streams by 5,000)."""
    recomputed: dict[int, bytes] = {}
    cursor = -1
    while rows := numbered_events(session, cursor, 5000):
        for row in rows:
            assert row.leaf_no is not None
            recomputed[row.leaf_no] = leaf_hash(event_leaf(row))
        cursor = int(rows[-1].leaf_no or 0)
        session.expunge_all()
    return check_leaves(session, EVENT_TREE, recomputed)


def numbered_events(session: Session, after: int, limit: int) -> list[LedgerEvent]:
    """Return the events that follow a leaf number: a cursor over leaf numbers skips no late commit."""
    chosen = select(LedgerEvent).where(col(LedgerEvent.leaf_no) > after)
    return list(session.exec(chosen.order_by(col(LedgerEvent.leaf_no)).limit(limit)))


def events_of_organisations(
    session: Session,
    organisation_ids: list[str],
    *,
    before: int | None,
    limit: int,
    type_prefix: str | None = None,
) -> list[LedgerEvent]:
    """Return numbered events of some organisations, newest first: the auditor's trail, paged by leaf number."""
    chosen = select(LedgerEvent).where(
        col(LedgerEvent.organisation_id).in_(organisation_ids), col(LedgerEvent.leaf_no).is_not(None)
    )
    if before is not None:
        chosen = chosen.where(col(LedgerEvent.leaf_no) < before)
    if type_prefix:
        chosen = chosen.where(col(LedgerEvent.type).startswith(type_prefix, autoescape=True))
    return list(session.exec(chosen.order_by(col(LedgerEvent.leaf_no).desc()).limit(limit)))


def events_of_subject(
    session: Session, kind: str, identifiers: list[str], *, limit: int
) -> list[LedgerEvent]:
    """Return the newest numbered events about some subjects: a household's own history."""
    chosen = select(LedgerEvent).where(
        LedgerEvent.subject_kind == kind,
        col(LedgerEvent.subject_id).in_(identifiers),
        col(LedgerEvent.leaf_no).is_not(None),
    )
    return list(session.exec(chosen.order_by(col(LedgerEvent.leaf_no).desc()).limit(limit)))


def events_of_type(session: Session, kind: str, identifier: str, event_type: str) -> list[LedgerEvent]:
    """Return one subject's events of one type, numbered or not yet, the oldest first."""
    chosen = select(LedgerEvent).where(
        LedgerEvent.subject_kind == kind,
        LedgerEvent.subject_id == identifier,
        LedgerEvent.type == event_type,
    )
    return list(session.exec(chosen.order_by(col(LedgerEvent.at), col(LedgerEvent.id))))
