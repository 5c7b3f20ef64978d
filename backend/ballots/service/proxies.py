"""Mandates (委托): registered from the signed document by one person, confirmed by another, revocable."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.exc import IntegrityError

from backend.ballots.errors import BallotClosed, WrongState
from backend.ballots.repository import paper as entries
from backend.ballots.repository import proxies as repository
from backend.ballots.rules.proxies import OWNER_RELATIONS, check_period, free_slot
from backend.ballots.rules.states import TITLES
from backend.ballots.service.entries import (
    check_file,
    lock_ballot,
    person,
    refuse_same_person,
    require_inside,
    scope_of_entry,
)
from backend.ballots.tables import Ballot, ProxyMandate, RollEntry
from backend.infra.context import Context
from backend.kernel.access import Permission, can, require, require_resident
from backend.kernel.errors import Conflict, FieldError, NotFound, Unprocessable
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger

_ATTEMPTS = 6
_CHUNK = 500


@dataclass(frozen=True, slots=True)
class RegisterMandate:
    """A signed mandate: entry, proxy, powers and period as the document states them; until the close if unstated."""

    ballot_id: str
    entry_id: str
    proxy_account_id: str
    powers: str
    document_sha256: str
    valid_from: datetime | None = None
    valid_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate with the room it is for."""

    mandate: ProxyMandate
    label: str

    @property
    def state(self) -> str:
        """Return waiting, confirmed or revoked."""
        if self.mandate.revoked_at is not None:
            return "revoked"
        return "confirmed" if self.mandate.confirmed_at is not None else "waiting"


def register_mandate(ctx: Context, command: RegisterMandate) -> MandateView:
    """Store a mandate; it lets nobody vote until a second person has compared it with the document.

    Raises NotFound, Forbidden, WrongState, BallotClosed, Unprocessable, Conflict (``proxy_limit``,
    ``mandate_exists``).
    """
    ballot, now = lock_ballot(ctx, command.ballot_id)
    require_inside(ctx, ballot, Permission.PROXY_REGISTER)
    entry = entries.find_entry(ctx.session, ballot.id, command.entry_id)
    if entry is None:
        raise NotFound
    require(ctx.actor, Permission.PROXY_REGISTER, scope_of_entry(ctx, ballot, entry))
    closes_at = _require_before_close(ballot, now)
    if not command.powers.strip():
        where = FieldError("powers", "请按委托书写明委托事项和权限。")
        raise Unprocessable("powers", "委托内容不完整。", [where])
    period = (command.valid_from or now, command.valid_until or closes_at)
    check_period(*period, closes_at)
    check_file(ctx, command.document_sha256, "document_sha256")
    for _ in range(_ATTEMPTS):
        former = repository.live_mandate_of(ctx.session, ballot.id, entry.id)
        if former is not None:
            return _same(ctx, former, command, entry)
        mandate = _insert(ctx, ballot, command, period, now)
        if mandate is not None:
            _tell(ctx, ballot, entry, "proxy.registered", mandate)
            return MandateView(mandate, _label(entry))
    raise Conflict("busy", "同时有很多人在登记，请稍后重试。")


def _insert(
    ctx: Context,
    ballot: Ballot,
    command: RegisterMandate,
    period: tuple[datetime, datetime],
    now: datetime,
) -> ProxyMandate | None:
    """Return None when the slot or the entry was taken in the same instant."""
    limit = ballot.parameters["proxy_limit"]
    mandate = ProxyMandate(
        id=new_id(),
        ballot_id=ballot.id,
        roll_entry_id=command.entry_id,
        proxy_account_id=command.proxy_account_id,
        slot=free_slot(repository.used_slots(ctx.session, ballot.id, command.proxy_account_id), limit),
        slot_limit=limit,
        powers=command.powers,
        valid_from=period[0],
        valid_until=period[1],
        document_sha256=command.document_sha256,
        registered_by=person(ctx),
        registered_at=now,
    )
    try:
        with ctx.session.begin_nested():
            ctx.session.add(mandate)
    except IntegrityError as error:
        if "foreign key" in str(error.orig).lower():
            where = FieldError("proxy_account_id", "没有这个受托人账号，请受托人先登录小程序。")
            raise Unprocessable("proxy_unknown", "受托人有误。", [where]) from None
        return None
    return mandate


def _same(ctx: Context, former: ProxyMandate, command: RegisterMandate, entry: RollEntry) -> MandateView:
    stored = (former.proxy_account_id, former.document_sha256, former.powers, former.registered_by)
    if stored != (command.proxy_account_id, command.document_sha256, command.powers, person(ctx)):
        raise Conflict("mandate_exists", "这一户已有生效或待核对的委托，请先撤销再登记。")
    return MandateView(former, _label(entry))


def confirm_mandate(ctx: Context, mandate_id: str) -> MandateView:
    """Confirm as a second person that the mandate agrees with the signed document; safe to repeat."""
    mandate, entry, ballot = _load(ctx, mandate_id)
    require(ctx.actor, Permission.PROXY_REGISTER, scope_of_entry(ctx, ballot, entry))
    refuse_same_person(ctx, mandate.registered_by)
    ballot, now = lock_ballot(ctx, ballot.id)
    if mandate.confirmed_by == person(ctx) and mandate.revoked_at is None:
        return MandateView(mandate, _label(entry))
    _require_before_close(ballot, now)
    if not repository.confirm(ctx.session, mandate_id, person(ctx), now):
        raise Conflict("mandate_decided", "这份委托已由别人核对或已撤销，请刷新后再看。")
    _tell(ctx, ballot, entry, "proxy.confirmed", mandate)
    return _fresh(ctx, mandate_id, entry)


def revoke_mandate(ctx: Context, mandate_id: str) -> MandateView:
    """End a mandate, by staff or by an owner of the dwelling; a vote already cast under it stands."""
    mandate, entry, ballot = _load(ctx, mandate_id)
    if ctx.actor.kind == "resident":
        require_resident(ctx.actor)
        owned = {home.dwelling_id for home in ctx.actor.homes if home.relation in OWNER_RELATIONS}
        if entry.dwelling_id not in owned:
            raise NotFound
    else:
        require(ctx.actor, Permission.PROXY_REGISTER, scope_of_entry(ctx, ballot, entry))
    if repository.revoke(ctx.session, mandate_id, ctx.clock.now()):
        _tell(ctx, ballot, entry, "proxy.revoked", mandate)
    return _fresh(ctx, mandate_id, entry)


def end_mandates_of_former_owners(ctx: Context, dwelling_ids: Sequence[str]) -> None:
    """End what former owners of sold dwellings had signed; a vote already cast under it stands (domain §3)."""
    for start in range(0, len(dwelling_ids), _CHUNK):
        homes = dwelling_ids[start : start + _CHUNK]
        for mandate, entry in repository.live_mandates_of_dwellings(ctx.session, homes):
            if repository.revoke(ctx.session, mandate.id, ctx.clock.now()):
                _tell(ctx, ctx.session.get_one(Ballot, mandate.ballot_id), entry, "proxy.revoked", mandate)


def list_mandates(
    ctx: Context, ballot_id: str, after: str, limit: int
) -> tuple[list[MandateView], str | None]:
    """Return the mandates of a ballot inside the caller's scope after an id, and where the next page starts."""
    ballot = ctx.session.get(Ballot, ballot_id)
    if ballot is None:
        raise NotFound
    require_inside(ctx, ballot, Permission.PROXY_REGISTER)
    rows = repository.mandates_of_ballot(ctx.session, ballot_id, after, limit)
    views = [
        MandateView(mandate, _label(entry))
        for mandate, entry in rows
        if can(ctx.actor, Permission.PROXY_REGISTER, scope_of_entry(ctx, ballot, entry))
    ]
    return views, rows[-1][0].id if len(rows) == limit else None


def my_mandates(ctx: Context, limit: int = 100) -> list[MandateView]:
    """Return the mandates given for the resident's own dwellings, newest first."""
    require_resident(ctx.actor)
    owned = {home.dwelling_id for home in ctx.actor.homes if home.relation in OWNER_RELATIONS}
    rows = repository.mandates_of_dwellings(ctx.session, owned, limit) if owned else []
    return [MandateView(mandate, _label(entry)) for mandate, entry in rows]


def mandates_held(ctx: Context, limit: int = 100) -> list[MandateView]:
    """Return the mandates given to the caller, newest first: for whom they may vote, and where."""
    account_id = require_resident(ctx.actor)
    rows = repository.mandates_held_by(ctx.session, account_id, limit)
    return [MandateView(mandate, _label(entry)) for mandate, entry in rows]


def _require_before_close(ballot: Ballot, now: datetime) -> datetime:
    if ballot.state not in ("notice", "open") or ballot.closes_at is None:
        raise WrongState("登记委托", TITLES[ballot.state])
    if now >= ballot.closes_at:
        raise BallotClosed
    return ballot.closes_at


def _load(ctx: Context, mandate_id: str) -> tuple[ProxyMandate, RollEntry, Ballot]:
    mandate = repository.find_mandate(ctx.session, mandate_id)
    if mandate is None:
        raise NotFound
    ballot = ctx.session.get(Ballot, mandate.ballot_id)
    entry = ctx.session.get(RollEntry, mandate.roll_entry_id)
    assert ballot is not None and entry is not None
    return mandate, entry, ballot


def _fresh(ctx: Context, mandate_id: str, entry: RollEntry) -> MandateView:
    mandate = repository.find_mandate(ctx.session, mandate_id)
    assert mandate is not None
    return MandateView(mandate, _label(entry))


def _label(entry: RollEntry) -> str:
    return f"{entry.building_label}{entry.entrance_label}{entry.door_label}"


def _tell(ctx: Context, ballot: Ballot, entry: RollEntry, event_type: str, mandate: ProxyMandate) -> None:
    """The household learns of every mandate in its name (threats.md)."""
    payload = {"ballot": ballot.id, "mandate": mandate.id}
    ledger.append(ctx, Event(event_type, ballot.organisation_id, "dwelling", entry.dwelling_id, payload))
