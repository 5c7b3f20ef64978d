"""A resident's ways to a dwelling: letter, phone, request to the community; and out of it again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import case, update
from sqlmodel import col, select

from backend.identity import repository
from backend.identity.errors import AlreadyBound, ConsentRequired, WrongCode
from backend.identity.hooks import registered
from backend.identity.rules.codes import normalise
from backend.identity.rules.consents import Purpose
from backend.identity.rules.relations import (
    HELD,
    OBJECTED,
    OWNING,
    NewBinding,
    Relation,
    Via,
    strongest,
)
from backend.identity.service.accounts import own_account, require_consent, require_notice
from backend.identity.service.binding_events import tell
from backend.identity.service.failures import keys_of, own_tries, refuse_if_locked
from backend.identity.tables import Binding, InviteCode
from backend.infra.context import Context
from backend.kernel.access import require_resident
from backend.kernel.errors import Conflict, NotFound, Unprocessable
from backend.kernel.ids import new_id
from backend.registry import queries as registry

_OPEN = ("pending", "active")
_MOST_PENDING = 5


@dataclass(frozen=True, slots=True)
class BindByCode:
    """The code from a letter, as typed, and the address it came from."""

    code: str
    address: str


@dataclass(frozen=True, slots=True)
class RequestBinding:
    """A request to the community: which dwelling (``3-2-501``), as what, with which proof.

    ``photos`` are ids of one's own uploads made as proofs: a file named by its hash could be anybody's.
    """

    estate_id: str
    door: str
    relation: Relation
    photos: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Place:
    """Where a binding is, as ids."""

    dwelling_id: str
    estate_id: str
    building_id: str


def bind_by_code(ctx: Context, command: BindByCode) -> Binding:
    """Use up a letter's code and bind its dwelling; a retry by the same account answers the same.

    Raises WrongCode (counted), TooMany after five in ten minutes, AlreadyBound (the code stays unused).
    """
    account_id = require_resident(ctx.actor)
    require_notice(ctx, account_id)
    limits = own_tries(ctx.vault, "invite", account_id, command.address)
    refuse_if_locked(ctx, limits)
    keys = keys_of(limits)
    code = normalise(command.code)
    if code is None:
        raise WrongCode(keys)
    indexes = ctx.vault.indexes(code, "invite_code")
    invite = _use_up(ctx, indexes, account_id)
    if invite is None:
        return _bound_before(ctx, indexes, account_id, keys)
    place = Place(invite.dwelling_id, invite.estate_id, invite.building_id)
    return _activate(ctx, place, Relation(invite.relation), Via.INVITE)


def _use_up(ctx: Context, indexes: tuple[str, ...], account_id: str) -> Any:
    now = ctx.clock.now()
    # Conditional update: of two people with one letter exactly one finds it unused.
    statement = (
        update(InviteCode)
        .where(
            col(InviteCode.code_index).in_(indexes),
            col(InviteCode.used_at).is_(None),
            col(InviteCode.revoked_at).is_(None),
            col(InviteCode.expires_at) > now,
        )
        .values(used_at=now, used_by=account_id)
        .returning(
            col(InviteCode.dwelling_id),
            col(InviteCode.estate_id),
            col(InviteCode.building_id),
            col(InviteCode.relation),
        )
    )
    return ctx.session.exec(statement).first()


def _bound_before(ctx: Context, indexes: tuple[str, ...], account_id: str, keys: tuple[str, ...]) -> Binding:
    """Answer a retry of one's own successful try; anybody else's used code is simply wrong."""
    found = ctx.session.exec(
        select(Binding)
        .join(InviteCode, col(InviteCode.dwelling_id) == col(Binding.dwelling_id))
        .where(
            col(InviteCode.code_index).in_(indexes),
            InviteCode.used_by == account_id,
            Binding.account_id == account_id,
            Binding.state == "active",
        )
    ).first()
    if found is None:
        raise WrongCode(keys)
    return found


def bind_by_phone(ctx: Context) -> list[Binding]:
    """Bind every dwelling whose roll names one's WeChat number; what is bound already stays as it is.

    Raises ConsentRequired without a number, Unprocessable when the roll does not know it.
    """
    account = own_account(ctx)
    require_notice(ctx, account.id)
    require_consent(ctx, account.id, Purpose.PHONE)
    if account.phone_sealed is None:
        raise ConsentRequired
    indexes = ctx.vault.indexes(ctx.vault.open(account.phone_sealed, "account.phone"), "phone")
    relations: dict[str, list[str]] = {}
    for dwelling_id, relation in registry.find_dwellings_by_phone(ctx.session, indexes):
        relations.setdefault(dwelling_id, []).append(relation)
    if not relations:
        raise Unprocessable("no_match", "名册里没有这个手机号。请用邀请信上的编码，或请社区核实。")
    held = {row.dwelling_id: row for row in own_bindings(ctx, _OPEN)}
    bound = []
    for dwelling_id, found in relations.items():
        known = held.get(dwelling_id)
        if known is None or (known.state == "pending" and known.reason != OBJECTED):
            bound.append(_activate(ctx, place_of(ctx, dwelling_id), strongest(found), Via.PHONE))
        else:
            bound.append(known)
    return bound


def request_binding(ctx: Context, command: RequestBinding) -> Binding:
    """Ask the community to confirm a binding on evidence; it counts for nothing until then."""
    account = own_account(ctx)
    require_notice(ctx, account.id)
    dwelling_id = registry.find_dwelling(ctx.session, command.estate_id, command.door)
    if dwelling_id is None:
        raise NotFound
    place = place_of(ctx, dwelling_id)
    if account.name_sealed is None:
        raise Conflict("name_required", "请先填写姓名，社区才能核对证明。")
    if not command.photos:
        raise Unprocessable("proof_required", "请附上证明照片（房产证、租赁合同等），最多三张。")
    open_rows = own_bindings(ctx, _OPEN)
    if any(row.dwelling_id == place.dwelling_id for row in open_rows):
        raise AlreadyBound
    if sum(row.state == "pending" for row in open_rows) >= _MOST_PENDING:
        raise Conflict("too_many_pending", "您还有未处理的绑定申请，请等社区答复后再申请。")
    row = _new_row(ctx, place, command.relation, Via.STAFF)
    row.photos = len(command.photos)
    ctx.session.add(row)
    ctx.session.flush()
    registered.hang_proofs(ctx, row.id, command.photos)
    tell(ctx, "binding.requested", row)
    return row


def place_of(ctx: Context, dwelling_id: str) -> Place:
    """Return where a dwelling is; raises NotFound."""
    scope = registry.scope_of_dwelling(ctx.session, dwelling_id)
    assert scope.estate_id is not None
    assert scope.building_id is not None
    return Place(dwelling_id, scope.estate_id, scope.building_id)


def own_bindings(ctx: Context, states: tuple[str, ...]) -> list[Binding]:
    """Return one's own bindings in these states, oldest first."""
    mine = (
        select(Binding)
        .where(Binding.account_id == require_resident(ctx.actor), col(Binding.state).in_(states))
        .order_by(col(Binding.requested_at), col(Binding.id))
        .limit(500)
    )
    return list(ctx.session.exec(mine).all())


def effective_from(ctx: Context, place: Place, via: Via) -> datetime:
    """Return from when a binding counts: after the waiting hours, so that the members get time to object.

    A dwelling's first owner by letter has nobody to wait for (docs/adr/0013).
    """
    asked = NewBinding(
        place.estate_id, place.dwelling_id, via == Via.INVITE, _has_owner(ctx, place.dwelling_id)
    )
    return ctx.clock.now() + timedelta(hours=registered.waiting_rule(ctx, asked))


def _has_owner(ctx: Context, dwelling_id: str) -> bool:
    owning = select(Binding.id).where(
        Binding.dwelling_id == dwelling_id, Binding.state == "active", col(Binding.relation).in_(OWNING)
    )
    return ctx.session.exec(owning).first() is not None


def _activate(ctx: Context, place: Place, relation: Relation, via: Via) -> Binding:
    known = next((row for row in own_bindings(ctx, _OPEN) if row.dwelling_id == place.dwelling_id), None)
    if known is not None and (known.state == "active" or known.reason == OBJECTED):
        raise AlreadyBound
    starts = effective_from(ctx, place, via)
    row = known or _new_row(ctx, place, relation, via)
    # A binding under review is decided by the community, not by another letter; a number on the roll of the
    # new owner explains a binding that waits because the dwelling was sold, never one that was objected to.
    if row.reason in HELD and via == Via.INVITE:
        raise Conflict("under_review", "您与这套房屋的绑定正等社区核实。请申请绑定并附上证明，由社区答复。")
    if row.reason != OBJECTED:
        row.state, row.relation, row.via, row.reason = "active", relation, via, None
        row.effective_at = starts
    ctx.session.add(row)
    ctx.session.flush()
    tell(ctx, "binding.activated" if row.state == "active" else "binding.requested", row)
    return row


def _left_undecided(ctx: Context, account_id: str, dwelling_id: str) -> str | None:
    """Return why the account's last binding to the dwelling waited when it was given up, None if it did not."""
    mine = select(Binding).where(Binding.account_id == account_id, Binding.dwelling_id == dwelling_id)
    last = ctx.session.exec(mine.order_by(col(Binding.requested_at).desc(), col(Binding.id).desc())).first()
    is_left = last is not None and last.state == "ended" and last.decided_by is None
    return last.reason if last is not None and is_left and last.reason in HELD else None


def _new_row(ctx: Context, place: Place, relation: Relation, via: Via) -> Binding:
    account_id = require_resident(ctx.actor)
    return Binding(
        id=new_id(),
        account_id=account_id,
        dwelling_id=place.dwelling_id,
        estate_id=place.estate_id,
        building_id=place.building_id,
        relation=relation,
        state="pending",
        via=via,
        requested_at=ctx.clock.now(),
        # Leaving and coming again is no way round an objection, nor round a sale.
        reason=_left_undecided(ctx, account_id, place.dwelling_id),
    )


def leave_binding(ctx: Context, binding_id: str) -> None:
    """Give up one's own binding; one's other sessions end too. Raises NotFound for anybody else's."""
    account_id = require_resident(ctx.actor)
    now = ctx.clock.now()
    ended = ctx.session.exec(
        update(Binding)
        .where(
            col(Binding.id) == binding_id,
            col(Binding.account_id) == account_id,
            col(Binding.state).in_(_OPEN),
        )
        # Why it waited stays: the next binding waits for the same answer.
        .values(
            state="ended",
            ended_at=now,
            reason=case(
                ((col(Binding.state) == "pending") & col(Binding.reason).in_(HELD), col(Binding.reason)),
                else_="self",
            ),
        )
        .returning(col(Binding.dwelling_id))
    ).first()
    row = ctx.session.exec(
        select(Binding).where(Binding.id == binding_id, Binding.account_id == account_id)
    ).first()
    if row is None:
        raise NotFound
    if ended is None:
        return  # a retry: it has ended before
    repository.end_sessions(ctx.session, account_id, now, keep=ctx.actor.session_hash)
    tell(ctx, "binding.ended", row)
