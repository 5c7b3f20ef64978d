"""What an upheld objection mends: a vote struck, a paper counted that nobody came to confirm, a roll corrected."""

from __future__ import annotations

from sqlmodel import col, select

from backend.ballots.queries.tally import count_ballot, result_json
from backend.ballots.repository import ballots as repository
from backend.ballots.repository import paper
from backend.ballots.repository.minutes import outdate_draft
from backend.ballots.repository.votes import (
    NewVote,
    find_standing_receipt,
    insert_vote_row,
    move_vote,
    take_sealing_lock,
)
from backend.ballots.service.loading import load_for, require_state, tell
from backend.ballots.service.sealing import seal_tree
from backend.ballots.service.texts import correction_notice
from backend.ballots.tables import Ballot, PaperVote, Vote, VoteDisposition
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict
from backend.notices import queries as notice_queries
from backend.notices import service as notices
from backend.notices.service import PublishNotice

LAPSED = "not_confirmed_in_time"
_RESTORED = "异议成立：补计一张截止前交来、未及核对的纸质票"


def correct_vote(ctx: Context, ballot_id: str, receipt: str, reason: str) -> Ballot:
    """Strike a vote that an upheld objection showed to be wrong; its entry's place becomes free.

    Two people: whoever upheld the objection (to that vote, or to the result) does not strike. Once the result is
    public it is recounted and the correction published; the strike is a leaf, the former outcome stays in the event.
    """
    load_for(ctx, ballot_id, Permission.BALLOT_REVIEW)
    take_sealing_lock(ctx.session, ballot_id)
    # Read again behind the lock: a strike that waited for the seal would be counted by nobody.
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_REVIEW)
    require_state(ballot, "open", "counting", "preliminary", doing="更正")
    require_upheld_objection(ctx, ballot, receipt)
    vote = ctx.session.get(Vote, receipt)
    is_here = vote is not None and vote.ballot_id == ballot.id
    if not is_here or not move_vote(ctx, receipt, "standing", "rejected", "objection_upheld", reason):
        raise Conflict("vote_not_standing", "没有找到可以更正的这一票。")
    tell(ctx, ballot, "ballot.vote_struck", {})
    if ballot.state != "preliminary":
        return ballot
    return publish_correction(ctx, ballot, reason)


def require_upheld_objection(ctx: Context, ballot: Ballot, receipt: str) -> None:
    """Refuse a correction for which no objection was upheld, or that its only upholder wants to make."""
    answered_by = notice_queries.upheld_by(ctx.session, ballot.id, receipt)
    if not answered_by:
        raise Conflict(
            "no_upheld_objection", "须先有住户对这一票或对结果提出异议，并答复为“异议成立”，才能更正。"
        )
    if answered_by == {ctx.actor.account_id}:
        raise Conflict("two_people", "答复异议的人不能自己更正，请由另一位工作人员办理。")


def publish_correction(ctx: Context, ballot: Ballot, reason: str) -> Ballot:
    """Recount a published result and publish what changed and why; the former outcome stays in the event."""
    before = ballot.result
    checkpoint = seal_tree(ctx.session, ballot.id)
    result = result_json(count_ballot(ctx.session, ballot))
    if not repository.move_state(ctx.session, ballot, "preliminary", result=result):
        raise Conflict("ballot_moved", "这次表决刚被别人修改过，请刷新后再看。")
    outdate_draft(ctx.session, ballot.id)
    moved = repository.find_ballot(ctx.session, ballot.id)
    assert moved is not None
    outcomes = {"before": [row["outcome"] for row in before], "after": [row["outcome"] for row in result]}
    root = checkpoint.root if checkpoint else "-"
    tell(ctx, moved, "ballot.corrected", {"root": root, **outcomes})
    title, body = correction_notice(ctx.session, moved, reason, root)
    notices.publish_notice(ctx, PublishNotice(moved.estate_id, "ballot", moved.id, "amendment", title, body))
    return moved


def restore_sheet(ctx: Context, ballot: Ballot, sheet: PaperVote, lapsed: Vote) -> str:
    """Count a paper of a witnessed batch that was entered and lapsed unconfirmed; returns its new receipt.

    The caller has read the sheet anew and found the same. A rejected vote never stands again (docs/record-format.md):
    the paper arrives once more, and the correction is published.
    """
    require_upheld_objection(ctx, ballot, lapsed.receipt)
    if lapsed.state != "rejected" or sheet.state != "entered" or not _has_lapsed(ctx, lapsed.receipt):
        raise Conflict("sheet_decided", "这张票已核对、退回或裁定过，不能补计。")
    if find_standing_receipt(ctx.session, ballot.id, lapsed.roll_entry_id) is not None:
        raise Conflict("entry_taken", "这一户已有一票计入，不能再补计。")
    now, second = ctx.clock.now(), str(ctx.actor.account_id)
    if not paper.decide_sheet(ctx.session, sheet.receipt, "returned", second, now, _RESTORED):
        raise Conflict("sheet_decided", "这张票已由别人核对或退回，请刷新后再看。")
    receipt = insert_vote_row(
        ctx.session,
        NewVote(
            ballot_id=ballot.id,
            roll_entry_id=lapsed.roll_entry_id,
            channel=lapsed.channel,
            state="pending",
            choices=lapsed.choices,
            documents_hash=lapsed.documents_hash,
            request_hash=lapsed.request_hash,
            cast_at=now,
            photo_sha256=lapsed.photo_sha256,
        ),
    )
    again = PaperVote(
        receipt=receipt,
        batch_id=sheet.batch_id,
        paper_count=sheet.paper_count,
        sheet_no=sheet.sheet_no,
        state="confirmed",
        entered_by=sheet.entered_by,
        entered_at=sheet.entered_at,
        decided_by=second,
        decided_at=now,
    )
    ctx.session.add(again)
    ctx.session.flush()
    move_vote(ctx, receipt, "pending", "standing", "objection_upheld", _RESTORED)
    tell(ctx, ballot, "ballot.vote_restored", {"batch": sheet.batch_id, "sheet": sheet.sheet_no})
    publish_correction(ctx, ballot, _RESTORED)
    return receipt


def _has_lapsed(ctx: Context, receipt: str) -> bool:
    chosen = select(VoteDisposition.reason).where(col(VoteDisposition.receipt) == receipt)
    return ctx.session.exec(chosen).all() == [LAPSED]
