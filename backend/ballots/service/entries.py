"""What every action beside the online vote begins with: barrier, fresh ballot, time, and the entry's scope."""

from __future__ import annotations

from datetime import datetime

from backend.ballots.errors import WrongState
from backend.ballots.repository import ballots as repository
from backend.ballots.repository.votes import take_casting_lock
from backend.ballots.rules.paper import Window, takes_sheets
from backend.ballots.rules.states import TITLES
from backend.ballots.service.loading import scope_of
from backend.ballots.tables import Ballot, RollEntry
from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, can, permitted_paths, require
from backend.kernel.errors import Conflict, FieldError, Forbidden, NotFound, Unprocessable


def person(ctx: Context) -> str:
    """Return who acts, as stored beside a decision."""
    return ctx.actor.account_id or "system"


def window_of(ballot: Ballot) -> Window:
    """Return what the paper rules look at."""
    return Window(
        state=ballot.state,
        opens_at=ballot.opens_at,
        closes_at=ballot.closes_at,
        counting_until=ballot.counting_until,
        counting_days=ballot.parameters["counting_days"],
    )


def lock_ballot(ctx: Context, ballot_id: str) -> tuple[Ballot, datetime]:
    """Take the casting side of the barrier, then read the ballot and the time: sealing waits for us."""
    take_casting_lock(ctx.session, ballot_id)
    ballot = repository.find_ballot(ctx.session, ballot_id)
    if ballot is None:
        raise NotFound
    return ballot, ctx.clock.now()


def require_counting(ballot: Ballot, now: datetime, doing: str) -> None:
    """Refuse once the count is closed."""
    if takes_sheets(window_of(ballot), now):
        return
    if ballot.state in ("open", "counting"):
        raise Conflict("paper_closed", f"现在不在投票和核对期间，不能{doing}。")
    raise WrongState(doing, TITLES[ballot.state])


def scope_of_entry(ctx: Context, ballot: Ballot, entry: RollEntry) -> Scope:
    """Return the entry's place: a steward acts for the own building only."""
    scope = scope_of(ctx, ballot)
    return Scope(scope.organisation_path, ballot.estate_id, entry.building_id, entry.entrance_id)


def require_inside(ctx: Context, ballot: Ballot, permission: Permission) -> None:
    """Refuse unless the caller holds ``permission`` over the ballot's place or over a part of it."""
    scope = scope_of(ctx, ballot)
    if can(ctx.actor, permission, scope):
        return
    if any(_lies_inside(part, scope) for part in permitted_paths(ctx.actor, permission)):
        return
    require(ctx.actor, permission, scope)


def _lies_inside(part: Scope, whole: Scope) -> bool:
    return (
        whole.organisation_path.startswith(part.organisation_path)
        and part.estate_id == whole.estate_id
        and whole.building_id in (None, part.building_id)
        and whole.entrance_id in (None, part.entrance_id)
    )


def check_file(ctx: Context, sha256: str, where: str) -> None:
    """Refuse a hash under which nothing was uploaded."""
    try:
        ctx.storage.get(sha256)
    except NotFound:
        missing = FieldError(where, "没有找到这个文件，请先上传照片。")
        raise Unprocessable("file_missing", "照片没有上传。", [missing]) from None


def refuse_same_person(ctx: Context, *others: str | None) -> None:
    """Refuse where a second, independent person is needed."""
    if person(ctx) in others:
        raise Forbidden("second_person", "这一步须由另一个人办理，录入、核对和裁定不能是同一人。")
