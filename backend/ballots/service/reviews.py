"""Deciding what could not be decided by a rule: two papers in the name of one entry."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from backend.ballots.repository import paper as sheets
from backend.ballots.repository import reviews as repository
from backend.ballots.repository import votes
from backend.ballots.service.entries import (
    lock_ballot,
    refuse_same_person,
    require_counting,
    require_inside,
    scope_of_entry,
)
from backend.ballots.tables import Ballot, RollEntry, Vote
from backend.infra.context import Context
from backend.kernel.access import Permission, can, require
from backend.kernel.errors import Conflict, FieldError, NotFound, Unprocessable
from backend.kernel.events import Event
from backend.ledger import service as ledger


@dataclass(frozen=True, slots=True)
class DecideReview:
    """``is_accepted``: this vote takes the entry's place (a signed paper prevails); else what stands is kept."""

    receipt: str
    is_accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """A vote waiting for review, without any choice; ``suggestion`` is what the default rule says."""

    receipt: str
    label: str
    channel: str
    cast_at: datetime
    standing_channel: str | None
    suggestion: str


def list_reviews(ctx: Context, ballot_id: str, after: str, limit: int) -> tuple[list[ReviewItem], str | None]:
    """Return what waits for review in the caller's scope after a receipt, and where the next page starts."""
    ballot = ctx.session.get(Ballot, ballot_id)
    if ballot is None:
        raise NotFound
    require_inside(ctx, ballot, Permission.BALLOT_REVIEW)
    rows = repository.waiting_votes(ctx.session, ballot_id, after, limit)
    items = [
        _item(row)
        for row in rows
        if can(ctx.actor, Permission.BALLOT_REVIEW, scope_of_entry(ctx, ballot, row.entry))
    ]
    return items, rows[-1].vote.receipt if len(rows) == limit else None


def _item(row: repository.Waiting) -> ReviewItem:
    entry = row.entry
    return ReviewItem(
        receipt=row.vote.receipt,
        label=f"{entry.building_label}{entry.entrance_label}{entry.door_label}",
        channel=row.vote.channel,
        cast_at=row.vote.cast_at,
        standing_channel=row.standing_channel,
        suggestion=_suggest(row.sheet is not None, row.standing_channel),
    )


def _suggest(is_paper: bool, standing: str | None) -> str:
    """A signed paper prevails over a tap; between two alike only a person can tell (domain §3 [choice])."""
    stands_on_paper = standing in ("paper", "legacy")
    if standing is None or (is_paper and not stands_on_paper):
        return "accept"
    return "decide" if is_paper == stands_on_paper else "keep"


def decide_review(ctx: Context, command: DecideReview) -> str:
    """Let the reviewed vote prevail or keep what stands; returns the vote's new state.

    The decider neither entered nor confirmed the paper. Raises NotFound, Forbidden, Unprocessable, Conflict
    (``review_decided`` when somebody else was first, ``review_moved`` when the entry's vote just changed).
    """
    if not command.reason.strip():
        raise Unprocessable("reason", "请写明理由。", [FieldError("reason", "请写明理由。")])
    vote, entry, ballot = _load(ctx, command.receipt)
    ballot, now = lock_ballot(ctx, ballot.id)
    require_counting(ballot, now, "裁定")
    target = "standing" if command.is_accepted else "rejected"
    current = votes.find_vote(ctx.session, vote.receipt)
    assert current is not None
    if current.state == target and repository.was_decided_by(
        ctx.session, vote.receipt, target, ctx.actor.account_id
    ):
        return target
    _require_waiting(ctx, current)
    if command.is_accepted:
        _accept(ctx, current, command.reason)
    elif not votes.move_vote(
        ctx, current.receipt, current.state, "rejected", "review_rejected", command.reason
    ):
        raise _decided()
    payload = {"ballot": ballot.id, "channel": vote.channel, "accepted": command.is_accepted}
    ledger.append(ctx, Event("vote.reviewed", ballot.organisation_id, "dwelling", entry.dwelling_id, payload))
    return target


def _accept(ctx: Context, vote: Vote, reason: str) -> None:
    """The former vote gives way first: whoever moves it owns the entry until the commit."""
    former = votes.find_standing_receipt(ctx.session, vote.ballot_id, vote.roll_entry_id)
    if former is not None and not votes.move_vote(
        ctx, former, "standing", "replaced", "review_replaced", reason
    ):
        raise _moved()
    if not votes.move_vote(ctx, vote.receipt, vote.state, "standing", "review_accepted", reason):
        raise _moved()


def _require_waiting(ctx: Context, vote: Vote) -> None:
    sheet = sheets.find_sheet(ctx.session, vote.receipt)
    if sheet is not None:
        refuse_same_person(ctx, sheet.entered_by, sheet.decided_by)
    waits = vote.state == "held" if sheet is None else (vote.state, sheet.state) == ("pending", "confirmed")
    if not waits:
        raise _decided()


def _load(ctx: Context, receipt: str) -> tuple[Vote, RollEntry, Ballot]:
    vote = votes.find_vote(ctx.session, receipt)
    if vote is None:
        raise NotFound
    ballot, entry = ctx.session.get(Ballot, vote.ballot_id), ctx.session.get(RollEntry, vote.roll_entry_id)
    assert ballot is not None and entry is not None
    require(ctx.actor, Permission.BALLOT_REVIEW, scope_of_entry(ctx, ballot, entry))
    return vote, entry, ballot


def _decided() -> Conflict:
    return Conflict("review_decided", "这张票不在待裁定之列，或已由别人裁定，请刷新后再看。")


def _moved() -> Conflict:
    return Conflict("review_moved", "这一户的有效票刚刚变动，没有任何改动，请刷新后再裁定。")
