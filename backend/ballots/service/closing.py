"""From the deadline to the final notice: close, count, seal, publish, correct."""

from __future__ import annotations

from datetime import timedelta

from sqlmodel import col, select

from backend.ballots.queries.tally import count_ballot, result_json
from backend.ballots.repository import amendments
from backend.ballots.repository import ballots as repository
from backend.ballots.repository.minutes import outdate_draft
from backend.ballots.repository.votes import move_vote, take_sealing_lock
from backend.ballots.rules.periods import objections_end
from backend.ballots.service.amendments import reject_votes_of_removed, withdraw_proposals
from backend.ballots.service.corrections import LAPSED
from backend.ballots.service.loading import load_for, require_state, take_step
from backend.ballots.service.minutes import require_minutes
from backend.ballots.service.sealing import seal_tree, tree_of
from backend.ballots.service.texts import final_notice, preliminary_notice
from backend.ballots.tables import Ballot, PaperBatch, Vote
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.clock import local_date
from backend.kernel.errors import Conflict
from backend.ledger import queries as ledger
from backend.notices import queries as notice_queries
from backend.notices import service as notices
from backend.notices.service import PublishNotice


def close_ballot(ctx: Context, ballot_id: str) -> Ballot | None:
    """End the window of a ballot whose deadline has passed; None when it is not due. The bot's step.

    The deadline itself is judged in every vote's own statement: a late run changes nothing.
    """
    ballot = repository.find_ballot(ctx.session, ballot_id)
    now = ctx.clock.now()
    if ballot is None or ballot.state != "open" or ballot.closes_at is None or now < ballot.closes_at:
        return None
    take_sealing_lock(ctx.session, ballot.id)
    until = ballot.closes_at + timedelta(days=ballot.parameters["counting_days"])
    return take_step(ctx, ballot, "close", {}, counting_until=until)


def seal_ballot(ctx: Context, ballot_id: str) -> Ballot | None:
    """Seal a ballot whose counting is over: nothing is entered afterwards; None when it is not due.

    Due when the counting days are over, or at once when no paper, no review and no proposed correction of the roll is
    waiting. What nobody confirmed by then holds no place (domain §3). The result is computed from what is sealed.
    """
    ballot = repository.find_ballot(ctx.session, ballot_id)
    if ballot is None or ballot.state != "counting" or ballot.counting_until is None:
        return None
    take_sealing_lock(ctx.session, ballot.id)
    now = ctx.clock.now()
    if now < ballot.counting_until and _is_waiting(ctx, ballot):
        return None
    lapsed = _reject_unconfirmed(ctx, ballot) + reject_votes_of_removed(ctx, ballot.id)
    withdraw_proposals(ctx, ballot)
    checkpoint = seal_tree(ctx.session, ballot.id, allow_empty=True)
    result = result_json(count_ballot(ctx.session, ballot))
    outdate_draft(ctx.session, ballot.id)
    root = checkpoint.root if checkpoint else None
    return take_step(ctx, ballot, "seal", {"root": root, "lapsed": lapsed}, sealed_at=now, result=result)


def _is_waiting(ctx: Context, ballot: Ballot) -> bool:
    """Tell whether papers may still come in, or reviews and corrections still be decided."""
    if any(repository.count_votes_in(ctx.session, ballot.id, state) for state in ("pending", "held")):
        return True
    if amendments.proposed(ctx.session, ballot.id):
        return True
    batch = select(PaperBatch.id).where(
        PaperBatch.ballot_id == ballot.id, col(PaperBatch.witnessed_at).is_not(None)
    )
    return ctx.session.exec(batch.limit(1)).one_or_none() is not None


def _reject_unconfirmed(ctx: Context, ballot: Ballot) -> int:
    waiting = ctx.session.exec(
        select(Vote).where(Vote.ballot_id == ballot.id, col(Vote.state).in_(("pending", "held")))
    ).all()
    for vote in waiting:
        move_vote(ctx, vote.receipt, vote.state, "rejected", LAPSED)
    return len(waiting)


def publish_preliminary(ctx: Context, ballot_id: str) -> Ballot:
    """Publish the preliminary result and open the time for objections (询异公示).

    Raises Conflict ``minutes_missing`` where the ballot needs signed minutes first.
    """
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_PUBLISH)
    require_state(ballot, "sealed", doing="公示结果")
    require_minutes(ctx, ballot)
    now = ctx.clock.now()
    until = objections_end(local_date(now), ballot.parameters["objection_days"])
    moved = take_step(ctx, ballot, "publish_preliminary", {}, preliminary_at=now, objections_until=until)
    checkpoint = ledger.last_checkpoint(ctx.session, tree_of(ballot.id))
    title, body = preliminary_notice(ctx.session, moved, checkpoint.root if checkpoint else "-")
    notices.publish_notice(
        ctx, PublishNotice(moved.estate_id, "ballot", moved.id, "preliminary", title, body, until)
    )
    return moved


def finalise(ctx: Context, ballot_id: str) -> Ballot:
    """Publish the final result, after the objection days and when every objection has its reply."""
    load_for(ctx, ballot_id, Permission.BALLOT_PUBLISH)
    take_sealing_lock(ctx.session, ballot_id)  # an objection raised in the last instant is committed first
    ballot = load_for(ctx, ballot_id, Permission.BALLOT_PUBLISH)
    require_state(ballot, "preliminary", doing="公布最终结果")
    now = ctx.clock.now()
    if ballot.objections_until is None or now < ballot.objections_until:
        raise Conflict("objections_running", "公示期还没有结束，暂时不能公布最终结果。")
    unanswered = notice_queries.count_open_objections(ctx.session, ballot.id)
    if unanswered:
        raise Conflict("objections_open", f"还有 {unanswered} 条异议没有答复，请先答复。")
    if amendments.proposed(ctx.session, ballot.id):
        raise Conflict("amendments_open", "还有名册更正等待第二人确认，请先确认或撤回。")
    moved = take_step(ctx, ballot, "finalise", {}, final_at=now)
    checkpoint = ledger.last_checkpoint(ctx.session, tree_of(ballot.id))
    title, body = final_notice(ctx.session, moved, checkpoint.root if checkpoint else "-")
    notices.publish_notice(ctx, PublishNotice(moved.estate_id, "ballot", moved.id, "final", title, body))
    return moved
