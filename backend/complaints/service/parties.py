"""Responsible parties (责任单位): kept by the bureau and the town, with the staff who act for them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from backend.complaints import errors
from backend.complaints.queries import parties as party_queries
from backend.complaints.repository import parties as repository
from backend.complaints.rules.redaction import clean
from backend.complaints.rules.vocabulary import PartyKind
from backend.complaints.tables import PartyMember, ResponsibleParty
from backend.identity.queries import staff_of_area
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, Scope, permitted_paths, require
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry.queries import scope_of_organisation

_READERS = (
    Permission.COMPLAINT_READ,
    Permission.COMPLAINT_DISPATCH,
    Permission.COMPLAINT_HANDLE,
    Permission.PARTY_WRITE,
)


@dataclass(frozen=True, slots=True)
class CreateParty:
    """A unit for the complaints of an organisation's subtree."""

    organisation_id: str
    kind: PartyKind
    name: str


@dataclass(frozen=True, slots=True)
class ChangeParty:
    """Rename a unit, or let it act no more."""

    party_id: str
    version: int
    name: str
    is_active: bool


def create_party(ctx: Context, command: CreateParty) -> party_queries.PartyView:
    """Create a party; its name makes repeating harmless."""
    scope = scope_of_organisation(ctx.session, command.organisation_id)
    require(ctx.actor, Permission.PARTY_WRITE, scope)
    name = _name(command.name)
    former = repository.by_name(ctx.session, command.organisation_id, name)
    if former is not None:
        if former.kind != command.kind:
            raise errors.same_name()
        return party_queries.party_view(ctx.session, former)
    row = ResponsibleParty(
        id=new_id(),
        organisation_id=command.organisation_id,
        organisation_path=scope.organisation_path,
        kind=command.kind,
        name=name,
        created_by=ctx.actor.account_id or "system",
        created_at=ctx.clock.now(),
    )
    ctx.session.add(row)
    ctx.session.flush()  # two at once: the unique name lets one of them through
    _tell(ctx, row, "created", {"kind": row.kind})
    return party_queries.party_view(ctx.session, row)


def change_party(ctx: Context, command: ChangeParty) -> party_queries.PartyView:
    """Change name or activity; cases dispatched to an inactive party stay with it until dispatched anew."""
    row = _load(ctx, command.party_id, Permission.PARTY_WRITE)
    name = _name(command.name)
    same = repository.by_name(ctx.session, row.organisation_id, name)
    if same is not None and same.id != row.id:
        raise errors.same_name()
    values = {"name": name, "is_active": command.is_active}
    if not repository.change(ctx.session, row, command.version, values):
        raise errors.party_changed()
    _tell(ctx, row, "changed", {"active": row.is_active})
    return party_queries.party_view(ctx.session, row)


def add_member(ctx: Context, party_id: str, account_id: str) -> party_queries.PartyView:
    """Let a staff account of the area act for the party; adding twice changes nothing.

    Nobody adds themselves: who hands out cases does not also become the unit that handles them.
    """
    row = _load(ctx, party_id, Permission.PARTY_WRITE)
    if account_id == ctx.actor.account_id:
        raise errors.conflict_of_interest()
    if not staff_of_area(ctx.session, account_id, row.organisation_path):
        raise errors.not_staff()
    if repository.member(ctx.session, party_id, account_id) is None:
        member = PartyMember(
            id=new_id(),
            party_id=party_id,
            account_id=account_id,
            added_by=ctx.actor.account_id or "system",
            added_at=ctx.clock.now(),
        )
        ctx.session.add(member)
        ctx.session.flush()
        _tell(ctx, row, "member_added", {"account": account_id})
    return party_queries.party_view(ctx.session, row)


def remove_member(ctx: Context, party_id: str, account_id: str) -> party_queries.PartyView:
    """Let an account act no more for the party, from this second on."""
    row = _load(ctx, party_id, Permission.PARTY_WRITE)
    member = repository.member(ctx.session, party_id, account_id)
    if member is not None and repository.end_member(ctx.session, member.id, ctx.clock.now()):
        _tell(ctx, row, "member_removed", {"account": account_id})
    return party_queries.party_view(ctx.session, row)


def list_parties(
    ctx: Context, organisation_id: str | None, limit: int, before: Position | None = None
) -> Sequence[party_queries.PartyView]:
    """Return the parties in the caller's area, newest first; ``organisation_id`` = those that serve it."""
    if organisation_id is not None:
        scope = scope_of_organisation(ctx.session, organisation_id)
        _require_any(ctx, scope)
        return party_queries.parties_serving(ctx.session, scope.organisation_path, limit, before)
    scopes = None
    if ctx.actor.kind != "system":
        scopes = tuple({scope for each in _READERS for scope in permitted_paths(ctx.actor, each)})
    return party_queries.parties_in(ctx.session, scopes, limit, before)


def _require_any(ctx: Context, scope: Scope) -> None:
    for permission in _READERS[:-1]:
        try:
            return require(ctx.actor, permission, scope)
        except Forbidden:
            continue
    return require(ctx.actor, _READERS[-1], scope)


def _load(ctx: Context, party_id: str, permission: Permission) -> ResponsibleParty:
    row = repository.find(ctx.session, party_id)
    if row is None:
        raise NotFound
    require(ctx.actor, permission, Scope(row.organisation_path))
    return row


def _name(text: str) -> str:
    name = clean(text)
    if len(name) < 2:
        raise errors.wrong("name", "请写明单位全称。")
    return name


def _tell(ctx: Context, row: ResponsibleParty, what: str, payload: dict[str, object]) -> None:
    ledger.append(ctx, Event(f"party.{what}", row.organisation_id, "party", row.id, payload))
