"""Corrections of a frozen roll: proposed by one person with a reason, confirmed by another, listed in the result."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import col, select

from backend.ballots.repository import amendments as repository
from backend.ballots.repository import ballots, votes
from backend.ballots.repository.tally import roll_weights
from backend.ballots.rules.amendments import Row, row_of
from backend.ballots.rules.roll import head_key
from backend.ballots.service.amendment_rows import (
    ProposeAmendment,
    plan_amendment,
    row_as_it_stands,
    source_of,
    with_head,
)
from backend.ballots.service.corrections import publish_correction, require_upheld_objection
from backend.ballots.service.entries import lock_ballot, person, refuse_same_person, require_counting
from backend.ballots.service.loading import load_for, tell
from backend.ballots.service.proxies import end_mandates_of_former_owners
from backend.ballots.tables import Ballot, RollAmendment, RollEntry, Vote
from backend.identity import service as identity
from backend.infra.context import Context
from backend.kernel.access import Permission
from backend.kernel.errors import Conflict, FieldError, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.ledger.rules.record_roll import roll_hash


def propose_amendment(ctx: Context, command: ProposeAmendment) -> RollAmendment:
    """Store a proposal; it changes nothing until confirmed. Raises NotFound, Forbidden, Conflict, Unprocessable."""
    ballot = load_for(ctx, command.ballot_id, Permission.ROLL_AMEND)
    ballot, now = lock_ballot(ctx, ballot.id)
    _require_open_roll(ctx, ballot, now)
    if not command.reason.strip():
        raise Unprocessable("reason", "请写明更正的理由。", [FieldError("reason", "请写明更正的理由。")])
    before, after, entry_id = plan_amendment(ctx, ballot, command)
    amendment = RollAmendment(
        id=new_id(),
        ballot_id=ballot.id,
        roll_entry_id=entry_id,
        change=command.change,
        before=before.to_json() if before else {},
        after=after.to_json() if after else {},
        reason=command.reason,
        proposed_by=person(ctx),
        proposed_at=now,
    )
    ctx.session.add(amendment)
    ctx.session.flush()
    tell(ctx, ballot, "roll.amendment_proposed", {"amendment": amendment.id, "change": command.change})
    return amendment


def confirm_amendment(ctx: Context, amendment_id: str) -> RollAmendment:
    """Apply a proposal as a second person and recompute the roll's totals.

    The roll hash of the notice stays: the result lists both. A removed entry's votes are rejected.
    Raises NotFound, Forbidden, Conflict (``amendment_stale`` when the row changed since the proposal).
    """
    amendment = _load(ctx, amendment_id, Permission.ROLL_AMEND_CONFIRM)
    refuse_same_person(ctx, amendment.proposed_by)
    # The sealing side: no vote can slip in between reading an entry and removing it.
    votes.take_sealing_lock(ctx.session, amendment.ballot_id)
    ballot, now = lock_ballot(ctx, amendment.ballot_id)
    fresh = repository.find_amendment(ctx.session, amendment_id)
    assert fresh is not None
    if fresh.state == "confirmed" and fresh.confirmed_by == person(ctx):
        return fresh
    _require_open_roll(ctx, ballot, now)
    after = _apply(ctx, ballot, fresh)
    changes = {"after": after.to_json() if after else {}, "roll_entry_id": _entry_id(ctx, fresh, ballot)}
    if not repository.decide(
        ctx.session, amendment_id, "confirmed", confirmed_by=person(ctx), confirmed_at=now, **changes
    ):
        raise _decided()
    if fresh.change == "owner" and after is not None:
        identity.suspend_former_owners(ctx, [after.dwelling_id], {after.dwelling_id: after.owner_id})
        end_mandates_of_former_owners(ctx, [after.dwelling_id])
    _recompute(ctx, ballot, fresh)
    if ballot.state == "preliminary":
        publish_correction(ctx, _as_it_stands(ctx, ballot.id), f"异议成立：更正名册（{fresh.reason}）")
    confirmed = repository.find_amendment(ctx.session, amendment_id)
    assert confirmed is not None
    return confirmed


def withdraw_amendment(ctx: Context, amendment_id: str) -> RollAmendment:
    """Take back a proposal, by its proposer or by who could have confirmed it."""
    amendment = _load(ctx, amendment_id, Permission.ROLL_AMEND)
    if not repository.decide(ctx.session, amendment_id, "withdrawn"):
        raise _decided()
    ballot = ctx.session.get(Ballot, amendment.ballot_id)
    assert ballot is not None
    tell(ctx, ballot, "roll.amendment_withdrawn", {"amendment": amendment_id})
    withdrawn = repository.find_amendment(ctx.session, amendment_id)
    assert withdrawn is not None
    return withdrawn


def withdraw_proposals(ctx: Context, ballot: Ballot) -> None:
    """Take back what nobody confirmed while the count was open: after the seal it could never take effect."""
    for amendment_id in repository.proposed(ctx.session, ballot.id):
        if repository.decide(ctx.session, amendment_id, "withdrawn"):
            tell(ctx, ballot, "roll.amendment_withdrawn", {"amendment": amendment_id})


def list_amendments(
    ctx: Context, ballot_id: str, after: tuple[datetime, str] | None, limit: int
) -> list[RollAmendment]:
    """Return the amendments of a ballot in the order of proposal."""
    load_for(ctx, ballot_id, Permission.BALLOT_READ)
    return repository.amendments_page(ctx.session, ballot_id, after, limit)


def reject_votes_of_removed(ctx: Context, ballot_id: str) -> int:
    """Reject what still counts for removed entries; returns how many.

    For the sealer: a cast that had read its entry before the removal and waited at the barrier lands after it.
    """
    stray = ctx.session.exec(
        select(Vote.receipt, Vote.state)
        .join(RollEntry, col(RollEntry.id) == col(Vote.roll_entry_id))
        .where(
            Vote.ballot_id == ballot_id,
            col(RollEntry.is_removed).is_(True),
            col(Vote.state).in_(tuple(votes.LEGAL_MOVES)),
        )
    ).all()
    return sum(votes.move_vote(ctx, receipt, state, "rejected", "entry_removed") for receipt, state in stray)


def _require_open_roll(ctx: Context, ballot: Ballot, now: datetime) -> None:
    """Refuse once the count is closed; under the preliminary result an upheld objection opens the roll again."""
    if ballot.state == "preliminary":
        require_upheld_objection(ctx, ballot, "")
    else:
        require_counting(ballot, now, "更正名册")


def _as_it_stands(ctx: Context, ballot_id: str) -> Ballot:
    found = ballots.find_ballot(ctx.session, ballot_id)
    assert found is not None
    return found


def _apply(ctx: Context, ballot: Ballot, amendment: RollAmendment) -> Row | None:
    """Write the change; returns the row as it now stands (its head may have been numbered anew)."""
    before, after = row_of(amendment.before), row_of(amendment.after)
    dwelling_id = (before or after or _never()).dwelling_id
    entry = repository.find_by_dwelling(ctx.session, ballot.id, dwelling_id)
    now_row = row_as_it_stands(entry) if entry is not None and not entry.is_removed else None
    if now_row != before:
        raise _stale()
    if after is None:
        assert entry is not None and before is not None
        repository.update_row(ctx.session, entry.id, before, is_removed=True)
        for receipt, state in votes.open_votes_of_entry(ctx.session, entry.id):
            votes.move_vote(ctx, receipt, state, "rejected", "entry_removed")
        return None
    after = with_head(ctx, ballot, after)
    if before is None:
        _put(ctx, ballot, after, entry)
    else:
        assert entry is not None
        repository.update_row(ctx.session, entry.id, after, is_removed=False)
    return after


def _put(ctx: Context, ballot: Ballot, after: Row, entry: RollEntry | None) -> None:
    """Add a dwelling's row, or bring a removed one back; its registry facts must be those proposed."""
    source = source_of(ctx, ballot, after.dwelling_id)
    facts = (head_key(source), source.exclusive_area_centi, source.is_household)
    if facts != (after.owner_id, after.area_centi, after.is_household):
        raise _stale()
    labels: dict[str, Any] = {
        "building_id": source.building_id,
        "entrance_id": source.entrance_id,
        "building_label": source.building_label,
        "entrance_label": source.entrance_label,
        "door_label": source.door_label,
    }
    if entry is not None:
        repository.update_row(ctx.session, entry.id, after, is_removed=False, **labels)
        return
    ctx.session.add(
        RollEntry(
            id=new_id(),
            ballot_id=ballot.id,
            dwelling_id=after.dwelling_id,
            pseudonym=after.entry,
            owner_id=after.owner_id,
            head_no=after.head_no,
            head_pseudonym=after.head,
            area_centi=after.area_centi,
            is_household=after.is_household,
            **labels,
        )
    )
    ctx.session.flush()


def _recompute(ctx: Context, ballot: Ballot, amendment: RollAmendment) -> None:
    totals = roll_weights(ctx.session, ballot.id)
    current = ballots.find_ballot(ctx.session, ballot.id)
    assert current is not None
    columns = {
        "roll_heads": totals.heads,
        "roll_households": totals.households,
        "roll_area_centi": totals.area,
    }
    if not ballots.move_state(ctx.session, current, current.state, **columns):
        raise Conflict("ballot_moved", "这次表决刚被别人修改过，请刷新后再看。")
    amended = roll_hash(repository.counted_roll(ctx.session, ballot.id))
    payload = {"amendment": amendment.id, "change": amendment.change, "amended_roll": amended}
    tell(ctx, current, "roll.amended", payload)


def _entry_id(ctx: Context, amendment: RollAmendment, ballot: Ballot) -> str | None:
    row = row_of(amendment.after) or row_of(amendment.before) or _never()
    entry = repository.find_by_dwelling(ctx.session, ballot.id, row.dwelling_id)
    return entry.id if entry else None


def _load(ctx: Context, amendment_id: str, permission: Permission) -> RollAmendment:
    amendment = repository.find_amendment(ctx.session, amendment_id)
    if amendment is None:
        raise NotFound
    load_for(ctx, amendment.ballot_id, permission)
    return amendment


def _never() -> Row:
    raise AssertionError("an amendment has a row before or after")


def _stale() -> Conflict:
    return Conflict("amendment_stale", "提出更正之后，这一户的资料又有变动，请撤回后重新提出。")


def _decided() -> Conflict:
    return Conflict("amendment_decided", "这项更正已由别人确认或撤回，请刷新后再看。")
