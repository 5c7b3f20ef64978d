"""What a proposed correction of the roll would change, worked out from the roll and the registry."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from backend.ballots.repository import amendments as repository
from backend.ballots.rules.amendments import Row, Wanted, check_wanted
from backend.ballots.rules.roll import head_key, on_roll
from backend.ballots.tables import Ballot, RollEntry
from backend.infra.context import Context
from backend.kernel.errors import Conflict, FieldError, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.registry import queries as registry
from backend.registry.queries import RollSource


@dataclass(frozen=True, slots=True)
class ProposeAmendment:
    """One correction; ``entry_id`` names the row, or ``dwelling_id`` the dwelling to add.

    ``owner`` takes the owner of ``same_owner_as`` (another entry of this roll), or else the one the registry now
    knows; ``add`` takes everything from the registry: it is corrected first, the roll after it.
    """

    ballot_id: str
    change: str
    reason: str
    entry_id: str | None = None
    dwelling_id: str | None = None
    area_centi: int | None = None
    is_household: bool | None = None
    same_owner_as: str | None = None


def plan_amendment(
    ctx: Context, ballot: Ballot, command: ProposeAmendment
) -> tuple[Row | None, Row | None, str | None]:
    """Return the row before and after, and the entry it is."""
    if command.change == "add":
        source = source_of(ctx, ballot, command.dwelling_id)
        if not on_roll(source, electorate=ballot.electorate, settings=ballot.parameters):
            where = FieldError("dwelling_id", "按本次表决的规则，这套房屋（车位、商铺）不列入名册。")
            raise Unprocessable("amendment", "更正内容有误。", [where])
        entry = repository.find_by_dwelling(ctx.session, ballot.id, source.dwelling_id)
        if entry is not None and not entry.is_removed:
            raise Conflict("already_on_roll", "这套房屋已经在名册上。")
        return None, _added(ctx, ballot, source, entry), entry.id if entry else None
    entry = repository.find_roll_entry(ctx.session, ballot.id, command.entry_id or "")
    if entry is None or entry.is_removed:
        raise NotFound
    before = row_as_it_stands(entry)
    wanted = Wanted(command.change, command.area_centi, command.is_household)
    check_wanted(wanted, before)
    if command.is_household is False and ballot.electorate == "households":
        where = FieldError("is_household", "按住户投票的名册上只有居民户；不是居民户的，请移出名册。")
        raise Unprocessable("amendment", "更正内容有误。", [where])
    if command.change == "remove":
        return before, None, entry.id
    if command.change == "owner":
        return before, _with_owner(ctx, ballot, before, command.same_owner_as), entry.id
    changes: dict[str, Any] = (
        {"area_centi": command.area_centi}
        if command.change == "area"
        else {"is_household": command.is_household}
    )
    return before, replace(before, **changes), entry.id


def _with_owner(ctx: Context, ballot: Ballot, before: Row, same_owner_as: str | None) -> Row:
    if same_owner_as is not None:
        other = repository.find_roll_entry(ctx.session, ballot.id, same_owner_as)
        if other is None or other.is_removed:
            where = FieldError("same_owner_as", "名册上没有这一户。")
            raise Unprocessable("amendment", "更正内容有误。", [where])
        after = replace(before, owner_id=other.owner_id, head_no=other.head_no, head=other.head_pseudonym)
    else:
        source = source_of(ctx, ballot, before.dwelling_id)
        after = with_head(ctx, ballot, replace(before, owner_id=head_key(source)))
    if after.owner_id == before.owner_id:
        where = FieldError(
            "same_owner_as", "业主没有变化；请先在房屋资料里更正业主，或写明与哪一户同一业主。"
        )
        raise Unprocessable("amendment", "更正内容有误。", [where])
    return after


def _added(ctx: Context, ballot: Ballot, source: RollSource, entry: RollEntry | None) -> Row:
    return with_head(
        ctx,
        ballot,
        Row(
            dwelling_id=source.dwelling_id,
            entry=entry.pseudonym if entry else f"e{new_id()[:12]}",
            owner_id=head_key(source),
            head_no=0,
            head="",
            area_centi=source.exclusive_area_centi,
            is_household=source.is_household,
        ),
    )


def with_head(ctx: Context, ballot: Ballot, row: Row) -> Row:
    """Give the row its owner's head on this roll, or a new one."""
    head = repository.head_of(ctx.session, ballot.id, row.owner_id)
    number, name = head or (repository.next_head_no(ctx.session, ballot.id), f"h{new_id()[:12]}")
    return replace(row, head_no=number, head=name)


def source_of(ctx: Context, ballot: Ballot, dwelling_id: str | None) -> RollSource:
    """Return the dwelling as the registry knows it, inside this ballot's place; raises Unprocessable."""
    rows = registry.roll_source(ctx.session, ballot.estate_id, ballot.building_id, ballot.entrance_id)
    found = next((row for row in rows if row.dwelling_id == dwelling_id), None)
    if found is None:
        where = FieldError("dwelling_id", "房屋资料里没有这套房屋，或它不在本次表决的范围内。")
        raise Unprocessable("amendment", "更正内容有误。", [where])
    return found


def row_as_it_stands(entry: RollEntry) -> Row:
    """Return what counting knows of an entry."""
    return Row(
        dwelling_id=entry.dwelling_id,
        entry=entry.pseudonym,
        owner_id=entry.owner_id,
        head_no=entry.head_no,
        head=entry.head_pseudonym,
        area_centi=entry.area_centi,
        is_household=bool(entry.is_household),
    )
