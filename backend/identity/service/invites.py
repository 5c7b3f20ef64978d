"""Invite letters: issuing a batch, listing batches, revoking."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlalchemy import case, func, insert, update
from sqlmodel import col, select

from backend.identity.hooks import registered
from backend.identity.rules.codes import new_code
from backend.identity.rules.relations import Relation, letter_relation
from backend.identity.service.binding_events import organisation_of
from backend.identity.tables import InviteCode
from backend.infra.columns import UtcDateTime
from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, require
from backend.kernel.errors import Conflict, NotFound, TooLarge, Unprocessable
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry import queries as registry

LARGEST_BATCH = 500
PAGE = 50
_CHUNK = 200


@dataclass(frozen=True, slots=True)
class IssueInvites:
    """Letters for an estate, a building, an entrance or single dwellings.

    ``relation`` None: each door's letter gives what the kind of its owner of record allows.
    """

    estate_id: str
    building_id: str | None = None
    entrance_id: str | None = None
    dwelling_ids: tuple[str, ...] = ()
    relation: Relation | None = None
    valid_days: int | None = None


@dataclass(frozen=True, slots=True)
class Letter:
    """One letter to print: the only place where the code is ever readable."""

    dwelling_id: str
    label: str
    relation: str
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class IssuedBatch:
    """A batch and its letters, in the order of doors; the codes are stored nowhere."""

    batch: str
    estate_name: str
    expires_at: datetime
    letters: tuple[Letter, ...]
    # Doors without a letter: the flats of 产权单位 and firms, the developer's stock.
    skipped: int = 0


@dataclass(frozen=True, slots=True)
class BatchView:
    """How a batch fares."""

    batch: str
    issued_at: datetime
    expires_at: datetime
    issued_by: str
    total: int
    used: int
    revoked: int


@dataclass(frozen=True, slots=True)
class RevokeInvites:
    """Revoke the unused codes of a batch, or of one dwelling in an estate (a letter reported lost)."""

    estate_id: str
    batch: str | None = None
    dwelling_id: str | None = None


def issue_invites(ctx: Context, command: IssueInvites) -> IssuedBatch:
    """Make one code per dwelling; unused former codes for the same dwelling and relation stop working.

    Raises NotFound when no dwelling matches, TooLarge above five hundred letters, Unprocessable
    (``no_letter``) when the owner of a named dwelling, or of every one, gets no letter of this kind.
    """
    estate = _scope(ctx, command.estate_id, command.building_id, command.entrance_id)
    require(ctx.actor, Permission.INVITE_ISSUE, estate)
    rows = registry.roll_source(ctx.session, command.estate_id, command.building_id, command.entrance_id)
    if command.dwelling_ids:
        wanted = set(command.dwelling_ids)
        rows = [row for row in rows if row.dwelling_id in wanted]
        if len(rows) != len(wanted):
            raise NotFound
    if not rows:
        raise NotFound
    if len(rows) > LARGEST_BATCH:
        raise TooLarge("too_many_letters", f"一批最多 {LARGEST_BATCH} 封信，请按楼栋分批打印。")
    letters = _letters(rows, command)
    places = {row.dwelling_id: row.building_id for row in rows}
    batch, expires_at = _save(ctx, command, letters, places)
    skipped = len(rows) - len(letters)
    relation = command.relation.value if command.relation else "by_owner"
    payload = {
        "estate_id": command.estate_id,
        "count": len(letters),
        "relation": relation,
        "skipped": skipped,
    }
    ledger.append(
        ctx,
        Event("invites.issued", organisation_of(estate.organisation_path), "invite_batch", batch, payload),
    )
    name = registry.estate_card(ctx.session, command.estate_id).name
    return IssuedBatch(batch, name, expires_at, letters, skipped)


def _letters(rows: list[registry.RollSource], command: IssueInvites) -> tuple[Letter, ...]:
    is_named = bool(command.dwelling_ids)
    given = [(row, letter_relation(row.owner_kind, command.relation, is_named=is_named)) for row in rows]
    refused = [_label(row) for row, relation in given if relation is None]
    if len(refused) == len(rows) or (is_named and refused):
        raise Unprocessable(
            "no_letter",
            f"{'、'.join(refused[:5])}{'等' if len(refused) > 5 else ''}不能发这种邀请信：产权单位、单位和共有的房屋"
            "请逐户给指定的代表发“业主代表”的信，开发商未售的房不发信。",
        )
    return tuple(Letter(row.dwelling_id, _label(row), to, new_code()) for row, to in given if to is not None)


def _label(row: registry.RollSource) -> str:
    return f"{row.building_label}{row.entrance_label}{row.door_label}"


def _scope(ctx: Context, estate_id: str, building_id: str | None, entrance_id: str | None) -> Scope:
    scope = registry.scope_of_estate(ctx.session, estate_id)
    return Scope(scope.organisation_path, estate_id, building_id, entrance_id)


def _save(
    ctx: Context, command: IssueInvites, letters: tuple[Letter, ...], places: dict[str, str]
) -> tuple[str, datetime]:
    now = ctx.clock.now()
    days = command.valid_days
    expires_at = now + (registered.parameters.invite_validity if days is None else timedelta(days=days))
    batch = new_id()
    rows = [
        {
            "id": new_id(),
            "code_index": ctx.vault.index(letter.code, "invite_code"),
            "dwelling_id": letter.dwelling_id,
            "estate_id": command.estate_id,
            "building_id": places[letter.dwelling_id],
            "relation": letter.relation,
            "batch": batch,
            "issued_by": ctx.actor.account_id or ctx.actor.kind,
            "issued_at": now,
            "expires_at": expires_at,
        }
        for letter in letters
    ]
    for start in range(0, len(rows), _CHUNK):
        chunk = rows[start : start + _CHUNK]
        for relation in sorted({str(row["relation"]) for row in chunk}):
            homes = [str(row["dwelling_id"]) for row in chunk if row["relation"] == relation]
            _replace_former(ctx, relation, homes, now)
        ctx.session.exec(insert(InviteCode), params=chunk)
    return batch, expires_at


def _replace_former(ctx: Context, relation: str, dwelling_ids: list[str], now: datetime) -> None:
    former = update(InviteCode).where(
        col(InviteCode.dwelling_id).in_(dwelling_ids),
        col(InviteCode.relation) == relation,
        col(InviteCode.used_at).is_(None),
        col(InviteCode.revoked_at).is_(None),
    )
    ctx.session.exec(former.values(revoked_at=now))


def list_batches(ctx: Context, estate_id: str, after: str | None = None) -> list[BatchView]:
    """Return a page of an estate's batches with what became of their codes; never the codes."""
    require(ctx.actor, Permission.INVITE_ISSUE, _scope(ctx, estate_id, None, None))
    statement = (
        select(  # type: ignore[call-overload] # more columns than sqlmodel's overloads
            col(InviteCode.batch),
            func.min(InviteCode.issued_at, type_=UtcDateTime()),
            func.max(InviteCode.expires_at, type_=UtcDateTime()),
            func.min(InviteCode.issued_by),
            func.count(),
            func.sum(case((col(InviteCode.used_at).is_not(None), 1), else_=0)),
            func.sum(case((col(InviteCode.revoked_at).is_not(None), 1), else_=0)),
        )
        .where(InviteCode.estate_id == estate_id)
        .group_by(col(InviteCode.batch))
        .order_by(col(InviteCode.batch))
        .limit(PAGE + 1)
    )
    if after is not None:
        statement = statement.where(col(InviteCode.batch) > after)
    return [BatchView(*row) for row in ctx.session.exec(statement).all()]


def revoke_invites(ctx: Context, command: RevokeInvites) -> int:
    """Revoke unused codes and return how many; revoking again finds none and is harmless."""
    scope = _scope(ctx, command.estate_id, None, None)
    if command.dwelling_id is not None:
        scope = registry.scope_of_dwelling(ctx.session, command.dwelling_id)
        if scope.estate_id != command.estate_id:
            raise NotFound
    require(ctx.actor, Permission.INVITE_ISSUE, scope)
    if command.batch is None and command.dwelling_id is None:
        raise Conflict("nothing_named", "请指明要作废的批次或房屋。")
    statement = update(InviteCode).where(
        col(InviteCode.estate_id) == command.estate_id,
        col(InviteCode.used_at).is_(None),
        col(InviteCode.revoked_at).is_(None),
    )
    if command.batch is not None:
        statement = statement.where(col(InviteCode.batch) == command.batch)
    if command.dwelling_id is not None:
        statement = statement.where(col(InviteCode.dwelling_id) == command.dwelling_id)
    revoked = int(ctx.session.exec(statement.values(revoked_at=ctx.clock.now())).rowcount)
    subject = ("dwelling", command.dwelling_id) if command.dwelling_id else ("invite_batch", command.batch)
    payload = {"estate_id": command.estate_id, "count": revoked}
    ledger.append(
        ctx,
        Event(
            "invites.revoked", organisation_of(scope.organisation_path), subject[0], str(subject[1]), payload
        ),
    )
    return revoked
