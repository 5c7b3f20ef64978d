"""Loading an item or a piece of works for somebody who may do something with it, and telling the ledger."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from backend.infra.context import Context
from backend.kernel.access import Permission, Scope, can, permitted_paths, require
from backend.kernel.clock import local_date
from backend.kernel.errors import Forbidden, NotFound
from backend.kernel.events import Event
from backend.kernel.ids import new_id
from backend.ledger import service as ledger
from backend.rectification import repository
from backend.rectification.queries.items import ItemCard, to_card, without_reporter
from backend.rectification.tables import RectificationItem, RectificationStep, WorksItem

_KNOWS_PEOPLE = (Permission.RECTIFICATION_WRITE, Permission.RECTIFICATION_VERIFY)


@dataclass(frozen=True, slots=True)
class Noted:
    """A step for an item's history; ``words`` are sealed."""

    step: str
    words: str | None = None


def scope_of(row: RectificationItem | WorksItem) -> Scope:
    """Return the place of a row: its estate."""
    return Scope(row.organisation_path, row.estate_id)


def load_item(ctx: Context, item_id: str, permission: Permission) -> RectificationItem:
    """Return an item over whose estate the actor holds ``permission``."""
    row = repository.find_item(ctx.session, item_id)
    if row is None:
        raise NotFound
    require(ctx.actor, permission, scope_of(row))
    return row


def load_own_item(ctx: Context, item_id: str) -> RectificationItem:
    """Return an item that the actor may work on: as keeper of the register, or as its responsible person."""
    row = load_item(ctx, item_id, Permission.RECTIFICATION_READ)
    if row.responsible_account != ctx.actor.account_id:
        require(ctx.actor, Permission.RECTIFICATION_WRITE, scope_of(row))
    return row


def load_works(ctx: Context, works_item_id: str, permission: Permission) -> WorksItem:
    """Return a works item over whose estate the actor holds ``permission``."""
    row = repository.find_works(ctx.session, works_item_id)
    if row is None:
        raise NotFound
    require(ctx.actor, permission, scope_of(row))
    return row


def named_person(ctx: Context) -> str:
    """Return the account id of the staff member acting: every step is taken by a person, never by a job."""
    if ctx.actor.kind != "staff" or ctx.actor.account_id is None:
        raise Forbidden
    return ctx.actor.account_id


def acting_account(ctx: Context) -> str:
    """Return the account id of the actor, ``system`` for the operator's command."""
    return ctx.actor.account_id or "system"


def today_of(ctx: Context) -> date:
    """Return today in Asia/Shanghai by the database's clock."""
    return local_date(ctx.clock.now())


def visible(ctx: Context) -> tuple[Scope, ...] | None:
    """Return the scopes whose register the actor may read, None for everywhere."""
    return None if ctx.actor.kind == "system" else permitted_paths(ctx.actor, Permission.RECTIFICATION_READ)


def keeper_scopes(ctx: Context) -> tuple[Scope, ...] | None:
    """Return the scopes where the actor may read names and doors in a register, None for everywhere."""
    if ctx.actor.kind == "system":
        return None
    return tuple({scope for each in _KNOWS_PEOPLE for scope in permitted_paths(ctx.actor, each)})


def sees_people(ctx: Context, scope: Scope) -> bool:
    """Tell whether the actor may read names and doors in a register."""
    return any(can(ctx.actor, permission, scope) for permission in _KNOWS_PEOPLE)


def card_of(ctx: Context, row: RectificationItem) -> ItemCard:
    """Return an item as this actor may read it."""
    return cards_of(ctx, [row])[0]


def cards_of(ctx: Context, rows: Sequence[RectificationItem]) -> list[ItemCard]:
    """Return items as this actor may read them; the responsible person may read the people of their own."""
    today = today_of(ctx)
    return [_card(ctx, row, today) for row in rows]


def _card(ctx: Context, row: RectificationItem, today: date) -> ItemCard:
    is_keeper = sees_people(ctx, scope_of(row))
    is_own = row.responsible_account is not None and row.responsible_account == ctx.actor.account_id
    card = to_card(row, ctx.vault, today, sees_people=is_keeper or is_own)
    return card if is_keeper else without_reporter(card)


def seal(ctx: Context, value: str | None, column: str) -> str | None:
    """Seal a text of an item; None and empty stay None."""
    return ctx.vault.seal(value, f"rectification_item.{column}") if value else None


def note_step(ctx: Context, row: RectificationItem, noted: Noted, at: datetime | None = None) -> None:
    """Add a line to an item's history, at the item's present version and state; ``at`` saves asking the clock."""
    words = noted.words and ctx.vault.seal(noted.words, "rectification_step.words")
    ctx.session.add(
        RectificationStep(
            id=new_id(),
            item_id=row.id,
            version=row.version,
            step=noted.step,
            state=row.state,
            by=acting_account(ctx),
            at=at or ctx.clock.now(),
            words_sealed=words or None,
        )
    )


def tell_item(ctx: Context, what: str, row: RectificationItem, payload: Mapping[str, object]) -> None:
    """Append an event about an item: numbers and dates, never words or people."""
    full = {"estate": row.estate_id, "number": row.number, **payload}
    event = Event(f"rectification.{what}", row.organisation_id, "rectification_item", row.id, full)
    ledger.append(ctx, event)


def tell_works(ctx: Context, what: str, row: WorksItem, payload: Mapping[str, object]) -> None:
    """Append an event about a works item."""
    full = {"estate": row.estate_id, "code": row.code, **payload}
    ledger.append(ctx, Event(what, row.organisation_id, "works_item", row.id, full))
