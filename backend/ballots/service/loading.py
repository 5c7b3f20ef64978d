"""How every staff action of this capability begins: the ballot, and whether the caller may."""

from __future__ import annotations

from typing import Any

from backend.ballots.errors import WrongState
from backend.ballots.repository import ballots as repository
from backend.ballots.rules.states import TITLES, target_of
from backend.ballots.tables import Ballot
from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, require
from backend.kernel.errors import Conflict, NotFound, PreconditionFailed
from backend.kernel.events import Event
from backend.ledger import service as ledger
from backend.registry import queries as registry


def scope_of(ctx: Context, ballot: Ballot) -> Scope:
    """Return the place a ballot concerns: the estate, or one building or entrance of it."""
    scope = registry.scope_of_estate(ctx.session, ballot.estate_id)
    return Scope(scope.organisation_path, ballot.estate_id, ballot.building_id, ballot.entrance_id)


def frozen_rules(ballot: Ballot) -> dict[str, Any]:
    """Return who votes and how, as the event of opening keeps it: nobody edits it unseen afterwards."""
    names = ("kind", "electorate", "re_vote", "max_choices", "building_id", "entrance_id", "parameters")
    return {name: getattr(ballot, name) for name in names}


def load_for(ctx: Context, ballot_id: str, permission: Permission) -> Ballot:
    """Return the ballot if the caller holds ``permission`` over it; one answer for absent and foreign."""
    ballot = repository.find_ballot(ctx.session, ballot_id)
    if ballot is None:
        raise NotFound
    require(ctx.actor, permission, scope_of(ctx, ballot))
    return ballot


def check_version(ballot: Ballot, expected: int | None) -> None:
    """Refuse an edit based on an older version."""
    if expected is not None and ballot.version != expected:
        raise PreconditionFailed("stale_version", "这次表决刚被别人修改过，请刷新后重新提交。")


def require_state(ballot: Ballot, *states: str, doing: str) -> None:
    """Refuse an action in the wrong state."""
    if ballot.state not in states:
        raise WrongState(doing, TITLES[ballot.state])


def take_step(ctx: Context, ballot: Ballot, step: str, payload: dict[str, Any], **changes: Any) -> Ballot:
    """Move the ballot by one step, conditionally, and append ``ballot.<step>``; raises WrongState, Conflict."""
    target = target_of(step, ballot.state)
    if not repository.move_state(ctx.session, ballot, target, **changes):
        raise Conflict("ballot_moved", "这次表决的状态刚刚改变，没有重复操作，请刷新后再看。")
    tell(ctx, ballot, f"ballot.{step}", payload)
    moved = repository.find_ballot(ctx.session, ballot.id)
    assert moved is not None
    return moved


def tell(ctx: Context, ballot: Ballot, event_type: str, payload: dict[str, Any]) -> None:
    """Append an event about this ballot."""
    ledger.append(ctx, Event(event_type, ballot.organisation_id, "ballot", ballot.id, payload))
