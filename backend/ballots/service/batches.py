"""Sealed batches of paper: registered by one person and witnessed by another, both before the deadline."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.exc import IntegrityError

from backend.ballots.errors import BallotClosed, BallotNotOpen, IdempotencyMismatch
from backend.ballots.repository import paper as repository
from backend.ballots.rules.paper import takes_batches
from backend.ballots.service.entries import (
    check_file,
    lock_ballot,
    person,
    refuse_same_person,
    require_inside,
    window_of,
)
from backend.ballots.service.loading import tell
from backend.ballots.tables import Ballot, PaperBatch
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict, FieldError, NotFound, Unprocessable
from backend.kernel.ids import new_id

MAX_PAPERS = 5000
_ATTEMPTS = 6


@dataclass(frozen=True, slots=True)
class RegisterBatch:
    """``channel`` is ``legacy`` for consent gathered on paper before the product was adopted, else ``paper``."""

    ballot_id: str
    paper_count: int
    photo_sha256: str
    idempotency_key: str
    channel: str = "paper"
    note: str | None = None


@dataclass(frozen=True, slots=True)
class BatchView:
    """A batch with how far its sheets are."""

    batch: PaperBatch
    entered: int
    confirmed: int
    returned: int


def register_batch(ctx: Context, command: RegisterBatch) -> PaperBatch:
    """Register a sealed batch by count and photo while voting runs; safe to send again under one key.

    Raises NotFound, Forbidden, BallotNotOpen, BallotClosed, IdempotencyMismatch, Unprocessable.
    """
    ballot, now = lock_ballot(ctx, command.ballot_id)
    require_inside(ctx, ballot, Permission.PAPER_ENTER)
    former = repository.find_batch_by_key(ctx.session, person(ctx), command.idempotency_key)
    if former is not None:
        return _same(former, command)
    if not 1 <= command.paper_count <= MAX_PAPERS:
        where = FieldError("paper_count", f"一批应为 1 到 {MAX_PAPERS} 张。")
        raise Unprocessable("paper_count", "张数有误。", [where])
    if not takes_batches(window_of(ballot), now):
        raise BallotClosed if ballot.closes_at is not None and now >= ballot.closes_at else BallotNotOpen
    check_file(ctx, command.photo_sha256, "photo_sha256")
    for _ in range(_ATTEMPTS):
        batch = PaperBatch(
            id=new_id(),
            ballot_id=ballot.id,
            number=repository.next_batch_number(ctx.session, ballot.id),
            channel=command.channel,
            paper_count=command.paper_count,
            photo_sha256=command.photo_sha256,
            note=command.note,
            registered_by=person(ctx),
            registered_at=now,
            idempotency_key=command.idempotency_key,
        )
        if _insert(ctx, batch):
            payload = {"batch": batch.id, "count": batch.paper_count, "channel": batch.channel}
            tell(ctx, ballot, "paper.batch_registered", {**payload, "photo": batch.photo_sha256})
            return batch
        former = repository.find_batch_by_key(ctx.session, person(ctx), command.idempotency_key)
        if former is not None:
            return _same(former, command)
    raise Conflict("busy", "同时有很多人在登记，请稍后重试。")


def _insert(ctx: Context, batch: PaperBatch) -> bool:
    """Tell whether the number and the key were free."""
    try:
        with ctx.session.begin_nested():
            ctx.session.add(batch)
    except IntegrityError:
        return False
    return True


def _same(former: PaperBatch, command: RegisterBatch) -> PaperBatch:
    stored = (former.ballot_id, former.paper_count, former.photo_sha256, former.channel)
    if stored != (command.ballot_id, command.paper_count, command.photo_sha256, command.channel):
        raise IdempotencyMismatch
    return former


def witness_batch(ctx: Context, batch_id: str, paper_count: int) -> PaperBatch:
    """Confirm the count of a sealed batch as a second person, before the deadline.

    Raises NotFound, Forbidden, BallotNotOpen, BallotClosed, Conflict (other count, already witnessed).
    """
    batch, ballot = load_batch(ctx, batch_id, Permission.PAPER_CONFIRM)
    refuse_same_person(ctx, batch.registered_by)
    ballot, now = lock_ballot(ctx, ballot.id)
    if batch.witnessed_by == person(ctx):
        return batch
    if batch.witnessed_by is not None:
        raise Conflict("batch_witnessed", "这一批已由别人见证。")
    if not takes_batches(window_of(ballot), now):
        raise BallotClosed if ballot.closes_at is not None and now >= ballot.closes_at else BallotNotOpen
    if paper_count != batch.paper_count:
        raise Conflict(
            "count_differs", "您清点的张数与登记的不同，请两人当面重新清点；登记有误的请另行登记。"
        )
    if not repository.witness_batch(ctx.session, batch_id, person(ctx), now):
        raise Conflict("batch_moved", "这一批刚刚被见证或投票刚刚截止，请刷新后再看。")
    tell(ctx, ballot, "paper.batch_witnessed", {"batch": batch.id, "count": batch.paper_count})
    witnessed = repository.find_batch(ctx.session, batch_id)
    assert witnessed is not None
    return witnessed


def load_batch(ctx: Context, batch_id: str, permission: Permission) -> tuple[PaperBatch, Ballot]:
    """Return a batch and its ballot if the caller works inside its place; raises NotFound, Forbidden."""
    batch = repository.find_batch(ctx.session, batch_id)
    if batch is None:
        raise NotFound
    ballot = ctx.session.get(Ballot, batch.ballot_id)
    assert ballot is not None
    require_inside(ctx, ballot, permission)
    return batch, ballot


def list_batches(ctx: Context, ballot_id: str, after: int, limit: int) -> list[BatchView]:
    """Return the batches of a ballot by number, after a number."""
    ballot = ctx.session.get(Ballot, ballot_id)
    if ballot is None:
        raise NotFound
    require_inside(ctx, ballot, Permission.PAPER_ENTER)
    rows = repository.batches_of(ctx.session, ballot_id, after, limit)
    return [
        BatchView(batch, states.get("entered", 0), states.get("confirmed", 0), states.get("returned", 0))
        for batch, states in rows
    ]
