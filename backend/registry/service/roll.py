"""The roll shown to its own members: am I on it, is my area right? Nothing of anybody else."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlmodel import col, select

from backend.infra.context import Context
from backend.kernel.access import Home, Permission, require, require_resident
from backend.kernel.clock import local_date
from backend.kernel.errors import NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.registry import queries
from backend.registry.errors import DisplayOpen, WrongDates
from backend.registry.queries import EstateCard
from backend.registry.repository import places
from backend.registry.rules.labels import dwelling_label, mask_name
from backend.registry.tables import Dwelling, Estate, OwnerMember, RollDisplay

OWNING = frozenset({"owner", "co_owner", "representative"})
_LONGEST_DISPLAY_DAYS = 90


@dataclass(frozen=True, slots=True)
class OpenDisplay:
    """Show an estate's roll to its members from the first to the last day, both included."""

    estate_id: str
    starts_on: date
    ends_on: date


@dataclass(frozen=True, slots=True)
class RollCheck:
    """One's own dwelling as the roll has it; area in 0.01 m².

    ``is_listed_owner`` is None where it cannot be told: no phone known, or not bound as an owner.
    """

    dwelling_id: str
    label: str
    use: str
    area_centi: int
    area_source: str
    is_household: bool
    is_on_roll: bool
    relation: str
    owner_kind: str
    owner_names: tuple[str, ...]
    is_listed_owner: bool | None


@dataclass(frozen=True, slots=True)
class RollCheckPage:
    """The check of one estate, with the days of the latest display."""

    estate: EstateCard
    starts_on: date | None
    ends_on: date | None
    is_open: bool
    entries: tuple[RollCheck, ...]


def open_roll_display(ctx: Context, command: OpenDisplay) -> RollDisplay:
    """Open a display; raises WrongDates, or DisplayOpen when one already covers these days."""
    scope = queries.scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.BALLOT_PREPARE, scope)
    now = ctx.clock.now()
    length = (command.ends_on - command.starts_on).days
    if not 0 <= length <= _LONGEST_DISPLAY_DAYS or command.ends_on < local_date(now):
        raise WrongDates
    overlapping = select(RollDisplay.id).where(
        RollDisplay.estate_id == command.estate_id,
        col(RollDisplay.starts_on) <= command.ends_on,
        col(RollDisplay.ends_on) >= command.starts_on,
    )
    if ctx.session.exec(overlapping).first() is not None:
        raise DisplayOpen
    display = RollDisplay(
        id=new_id(),
        estate_id=command.estate_id,
        starts_on=command.starts_on,
        ends_on=command.ends_on,
        opened_by=ctx.actor.account_id or ctx.actor.kind,
        opened_at=now,
    )
    ctx.session.add(display)
    ctx.session.flush()
    payload = {"starts_on": command.starts_on.isoformat(), "ends_on": command.ends_on.isoformat()}
    organisation = queries.organisation_of_estate(ctx.session, command.estate_id)
    ledger.append(ctx, Event("registry.display_opened", organisation, "estate", command.estate_id, payload))
    return display


def my_estates(ctx: Context) -> list[tuple[Estate, str]]:
    """Return the estates in which the resident has a home, each with its community's name."""
    require_resident(ctx.actor)
    return places.estates_by_id(ctx.session, ctx.actor.estate_ids())


def my_roll_entries(ctx: Context, estate_id: str, phone: str | None = None) -> RollCheckPage:
    """Return the resident's own dwellings in an estate as the roll has them.

    ``phone`` is the resident's own number, for "am I named there?". NotFound without a home in the estate.
    """
    require_resident(ctx.actor)
    phone_indexes = ctx.vault.indexes(phone, "phone") if phone else ()
    homes = {home.dwelling_id: home for home in ctx.actor.homes if home.estate_id == estate_id}
    if not homes:
        raise NotFound
    rows = places.dwellings_page(ctx.session, [col(Dwelling.id).in_(homes)], (500, None))
    members = _members(ctx, [owner.id for _, owner, _, _ in rows])
    entries = []
    for dwelling, owner, building, entrance in rows:
        label = dwelling_label(building.code, entrance.code if entrance else None, dwelling.code)
        own = (homes[dwelling.id], label, owner.kind)
        entries.append(_check(ctx, dwelling, own, members.get(owner.id, []), phone_indexes))
    starts_on, ends_on = queries.display_of(ctx.session, estate_id) or (None, None)
    today = local_date(ctx.clock.now())
    is_open = starts_on is not None and ends_on is not None and starts_on <= today <= ends_on
    card = queries.estate_card(ctx.session, estate_id)
    return RollCheckPage(card, starts_on, ends_on, is_open, tuple(entries))


def _members(ctx: Context, owner_ids: list[str]) -> dict[str, list[OwnerMember]]:
    statement = select(OwnerMember).where(col(OwnerMember.owner_id).in_(owner_ids)).order_by(OwnerMember.id)
    found: dict[str, list[OwnerMember]] = {}
    for member in ctx.session.exec(statement):
        found.setdefault(member.owner_id, []).append(member)
    return found


def _check(
    ctx: Context,
    dwelling: Dwelling,
    own: tuple[Home, str, str],
    members: list[OwnerMember],
    phone_indexes: tuple[str, ...],
) -> RollCheck:
    home, label, owner_kind = own
    owns = home.relation in OWNING
    names = [mask_name(ctx.vault.open(member.name_sealed, "owner_member.name")) for member in members]
    listed = None
    if owns and phone_indexes:
        listed = any(member.phone_index in phone_indexes for member in members)
    return RollCheck(
        dwelling_id=dwelling.id,
        label=label,
        use=dwelling.use,
        area_centi=dwelling.exclusive_area_centi,
        area_source=dwelling.area_source,
        is_household=dwelling.is_household,
        is_on_roll=dwelling.state == "active",
        relation=home.relation,
        owner_kind=owner_kind,
        owner_names=tuple(names) if owns else (),
        is_listed_owner=listed,
    )
