"""Proof that the voting notice reached every entry: by letter, in person, WeChat, telephone, or posted on site."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session, col, select

from backend.ballots.repository import serving as repository
from backend.ballots.rules.roll import on_roll
from backend.ballots.service.entries import check_file, person, require_inside
from backend.ballots.service.loading import require_state, scope_of, tell
from backend.ballots.tables import Ballot, RollEntry
from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, can
from backend.kernel.errors import FieldError, NotFound, Unprocessable
from backend.registry import queries as registry

METHODS = ("in_person", "letter", "wechat", "phone", "posted")
MAX_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class RecordService:
    """Proof for named dwellings, or (``building_id``) for everything not yet served of a building."""

    ballot_id: str
    method: str
    dwelling_ids: Sequence[str] = ()
    building_id: str | None = None
    note: str | None = None
    evidence_sha256: str | None = None


@dataclass(frozen=True, slots=True)
class Doorstep:
    """A dwelling the notice has to reach."""

    dwelling_id: str
    building_id: str
    entrance_id: str | None
    label: str


def record_service(ctx: Context, command: RecordService) -> int:
    """Record how the notice reached dwellings; returns how many proofs are new, repeating it adds none.

    ``posted`` counts for a whole building only with evidence (a photo). Raises NotFound, Forbidden, WrongState,
    Unprocessable naming dwellings that are not to be served.
    """
    ballot = _ballot(ctx, command.ballot_id)
    require_state(ballot, "notice", "open", doing="登记送达")
    _check(ctx, command)
    reachable = {step.dwelling_id: step for step in _in_reach(ctx, ballot, _to_serve(ctx.session, ballot))}
    served = repository.served_dwellings(ctx.session, ballot.id)
    if command.building_id is not None:
        chosen = [step.dwelling_id for step in reachable.values() if step.building_id == command.building_id]
    else:
        chosen = list(dict.fromkeys(command.dwelling_ids))
    unknown = [index for index, dwelling_id in enumerate(chosen) if dwelling_id not in reachable]
    if unknown or not chosen:
        fields = [FieldError(f"dwelling_ids.{index}", "不在本次表决的送达范围内。") for index in unknown]
        raise Unprocessable("not_to_serve", "没有可登记送达的房屋，或其中有不在范围内的。", fields[:50])
    fresh = [dwelling_id for dwelling_id in chosen if dwelling_id not in served]
    if fresh:
        repository.insert_proofs(ctx.session, [_proof(ctx, command, dwelling_id) for dwelling_id in fresh])
        payload = {"method": command.method, "count": len(fresh), "building": command.building_id}
        tell(ctx, ballot, "ballot.served", payload)
    return len(fresh)


def _proof(ctx: Context, command: RecordService, dwelling_id: str) -> dict[str, object]:
    return {
        "ballot_id": command.ballot_id,
        "dwelling_id": dwelling_id,
        "method": command.method,
        "note": command.note,
        "evidence_sha256": command.evidence_sha256,
        "recorded_by": person(ctx),
        "served_at": ctx.clock.now(),
    }


def _check(ctx: Context, command: RecordService) -> None:
    problems = []
    if command.method not in METHODS:
        problems.append(FieldError("method", "没有这种送达方式。"))
    if (command.building_id is None) == (not command.dwelling_ids):
        problems.append(FieldError("dwelling_ids", "请写明房屋，或只写明一栋楼。"))
    if len(command.dwelling_ids) > MAX_AT_ONCE:
        problems.append(FieldError("dwelling_ids", f"一次最多 {MAX_AT_ONCE} 户。"))
    if command.method == "posted" and command.evidence_sha256 is None:
        problems.append(FieldError("evidence_sha256", "现场张贴送达须附照片。"))
    if problems:
        raise Unprocessable("service", "送达登记有误。", problems)
    if command.evidence_sha256 is not None:
        check_file(ctx, command.evidence_sha256, "evidence_sha256")


def count_unserved(session: Session, ballot_id: str) -> int:
    """Return how many dwellings of the electorate have no proof yet; for pre-flight."""
    ballot = session.get(Ballot, ballot_id)
    if ballot is None:
        return 0
    served = repository.served_dwellings(session, ballot_id)
    return sum(step.dwelling_id not in served for step in _to_serve(session, ballot))


def list_unserved(
    ctx: Context, ballot_id: str, building_id: str | None, after: str, limit: int
) -> tuple[list[Doorstep], str | None]:
    """Return dwellings without proof after a dwelling id, building by building, and where the next page starts."""
    ballot = _ballot(ctx, ballot_id)
    served = repository.served_dwellings(ctx.session, ballot_id)
    open_steps = [
        step
        for step in _in_reach(ctx, ballot, _to_serve(ctx.session, ballot))
        if step.dwelling_id not in served and building_id in (None, step.building_id)
    ]
    # Grouped by building for the walk; within it by id, so that a page stays where it was when doors are served.
    open_steps.sort(key=_cursor)
    rest = [step for step in open_steps if _cursor(step) > after]
    page = rest[:limit]
    return page, _cursor(page[-1]) if len(rest) > limit else None


def unserved_by_building(ctx: Context, ballot_id: str) -> list[tuple[str, int, int]]:
    """Return ``(building id, dwellings, unserved)`` in the caller's reach, in the order of the list of doors."""
    ballot = _ballot(ctx, ballot_id)
    served = repository.served_dwellings(ctx.session, ballot_id)
    counted: dict[str, list[int]] = {}
    for step in _in_reach(ctx, ballot, _to_serve(ctx.session, ballot)):
        numbers = counted.setdefault(step.building_id, [0, 0])
        numbers[0] += 1
        numbers[1] += step.dwelling_id not in served
    return [(building_id, total, unserved) for building_id, (total, unserved) in sorted(counted.items())]


def _cursor(step: Doorstep) -> str:
    return f"{step.building_id}{step.dwelling_id}"


def _ballot(ctx: Context, ballot_id: str) -> Ballot:
    ballot = ctx.session.get(Ballot, ballot_id)
    if ballot is None:
        raise NotFound
    require_inside(ctx, ballot, Permission.PAPER_ENTER)
    return ballot


def _to_serve(session: Session, ballot: Ballot) -> list[Doorstep]:
    """Before the roll is frozen the registry says who is to be reached, afterwards the roll."""
    if ballot.state in ("draft", "notice"):
        rows = registry.roll_source(session, ballot.estate_id, ballot.building_id, ballot.entrance_id)
        return [
            Doorstep(row.dwelling_id, row.building_id, row.entrance_id, row.label)
            for row in rows
            if on_roll(row, electorate=ballot.electorate, settings=ballot.parameters)
        ]
    columns: list[Any] = [
        RollEntry.dwelling_id,
        RollEntry.building_id,
        RollEntry.entrance_id,
        col(RollEntry.building_label) + col(RollEntry.entrance_label) + col(RollEntry.door_label),
    ]
    chosen = select(*columns).where(RollEntry.ballot_id == ballot.id, col(RollEntry.is_removed).is_(False))
    return [Doorstep(*row) for row in session.exec(chosen)]


def _in_reach(ctx: Context, ballot: Ballot, steps: list[Doorstep]) -> list[Doorstep]:
    """Keep what lies in the caller's scope: a steward serves the own building."""
    whole = scope_of(ctx, ballot)
    if can(ctx.actor, Permission.PAPER_ENTER, whole):
        return steps
    path = whole.organisation_path
    reach: dict[tuple[str, str | None], bool] = {}
    for step in steps:
        place = (step.building_id, step.entrance_id)
        if place not in reach:
            reach[place] = can(ctx.actor, Permission.PAPER_ENTER, Scope(path, ballot.estate_id, *place))
    return [step for step in steps if reach[step.building_id, step.entrance_id]]
