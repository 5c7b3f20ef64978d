"""Opening an item, changing what it says, and reading the register."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from backend.identity.queries import staff_names
from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, require
from backend.kernel.ids import new_id
from backend.media import service as media
from backend.media.service import MediaView
from backend.rectification import errors, repository
from backend.rectification.hooks import registered
from backend.rectification.queries import items as queries
from backend.rectification.queries.items import EvidenceCard, ItemCard, ItemFilter, StepCard, UnitCount
from backend.rectification.rules.description import Description, faults
from backend.rectification.rules.numbering import number_text
from backend.rectification.rules.progress import STATE_TITLES, WORKED_ON, State
from backend.rectification.rules.wording import Source, split_place
from backend.rectification.service.loading import (
    Noted,
    acting_account,
    card_of,
    cards_of,
    keeper_scopes,
    load_item,
    note_step,
    scope_of,
    seal,
    sees_people,
    tell_item,
    today_of,
    visible,
)
from backend.rectification.service.works import check_works
from backend.rectification.tables import RectificationItem
from backend.registry.queries import estate_card, scope_of_estate, scope_of_organisation

EVIDENCE = "rectification_evidence"
_MOST_UNITS = 500


@dataclass(frozen=True, slots=True)
class Links:
    """What an item hangs on: the complaint or document it came from, the works, the responsible account."""

    source: Source
    source_reference: str | None = None
    works_item_id: str | None = None
    responsible_account: str | None = None


@dataclass(frozen=True, slots=True)
class Piece:
    """A piece of evidence and its file as the actor may see it."""

    card: EvidenceCard
    file: MediaView


@dataclass(frozen=True, slots=True)
class Shown:
    """An item with its evidence and history, the newest step first."""

    card: ItemCard
    evidence: tuple[Piece, ...]
    history: tuple[StepCard, ...]


@dataclass(frozen=True, slots=True)
class OpenItem:
    """A problem somebody has to mend; ``idempotency_key`` makes sending it twice harmless."""

    estate_id: str
    links: Links
    description: Description
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class ReviseItem:
    """New words, days or people for an item still worked on; a new due date needs a reason."""

    item_id: str
    version: int
    links: Links
    description: Description
    reason: str = ""


def open_item(ctx: Context, command: OpenItem) -> ItemCard:
    """Open an item under the estate's next number; the same key with the same content answers with the first."""
    scope = scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.RECTIFICATION_WRITE, scope)
    former = repository.item_by_key(ctx.session, acting_account(ctx), command.idempotency_key)
    if former is not None:
        return _repeated(ctx, former, command)
    _check(ctx, command.estate_id, command.description, command.links)
    estate = estate_card(ctx.session, command.estate_id)
    row = RectificationItem(
        id=new_id(),
        estate_id=estate.id,
        organisation_id=estate.organisation_id,
        organisation_path=scope.organisation_path,
        estate_name=estate.name,
        number=number_text(repository.next_number(ctx.session, estate.id)),
        created_by=acting_account(ctx),
        created_at=ctx.clock.now(),
        idempotency_key=command.idempotency_key,
        **_values(ctx, command.description, command.links),
    )
    ctx.session.add(row)
    ctx.session.flush()  # two at once with one key: the unique index lets one of them through
    note_step(ctx, row, Noted("opened"))
    tell_item(ctx, "opened", row, {"source": row.source, "due_on": row.due_on.isoformat()})
    return card_of(ctx, row)


def revise_item(ctx: Context, command: ReviseItem) -> ItemCard:
    """Change what an item says while it is worked on; what was said before stays in the ledger as changed fields."""
    row = load_item(ctx, command.item_id, Permission.RECTIFICATION_WRITE)
    if State(row.state) not in WORKED_ON:
        raise errors.no_answer_now(STATE_TITLES[State(row.state)])
    stored = row.source_reference if row.source == Source.COMPLAINT else None
    _check(ctx, row.estate_id, command.description, command.links, stored)
    if command.description.due_on != row.due_on and not command.reason.strip():
        raise errors.wrong_field("reason", "改动整改期限须写明理由")
    before = _said(ctx, row)
    if not repository.change_item(
        ctx.session, row, command.version, **_values(ctx, command.description, command.links)
    ):
        raise errors.changed()
    ctx.session.refresh(row)
    changed = sorted(name for name, value in _said(ctx, row).items() if before[name] != value)
    note_step(ctx, row, Noted("revised", command.reason))
    tell_item(ctx, "revised", row, {"fields": ",".join(changed), "due_on": row.due_on.isoformat()})
    return card_of(ctx, row)


def show_item(ctx: Context, item_id: str) -> Shown:
    """Return an item with evidence and history."""
    row = load_item(ctx, item_id, Permission.RECTIFICATION_READ)
    evidence = queries.evidence_cards(ctx.session, row.id)
    files = media.list_attached(ctx, EVIDENCE, [card.id for card in evidence])
    knows = sees_people(ctx, scope_of(row))
    return Shown(
        card_of(ctx, row),
        tuple(Piece(card, files[card.id][0]) for card in evidence),
        tuple(queries.step_cards(ctx.session, ctx.vault, row.id, sees_people=knows)),
    )


def list_items(
    ctx: Context, wanted: ItemFilter, limit: int, before: Position | None = None, *, is_overdue: bool = False
) -> list[ItemCard]:
    """Return a page of the registers in the actor's area, newest first; ``is_overdue`` = the overdue list."""
    if is_overdue:
        wanted = replace(wanted, overdue_on=today_of(ctx))
    wanted = replace(wanted, readers_of=keeper_scopes(ctx))
    rows = queries.item_rows(ctx.session, visible(ctx), wanted, limit, before)
    return cards_of(ctx, rows)


def count_units(ctx: Context, organisation_id: str | None, estate_id: str | None) -> list[UnitCount]:
    """Return how each unit stands in each estate of the actor's area, the most overdue first; at most 500."""
    wanted = ItemFilter(estate_id)
    if organisation_id is not None:
        scope = scope_of_organisation(ctx.session, organisation_id)
        require(ctx.actor, Permission.RECTIFICATION_READ, scope)
        wanted = replace(wanted, organisation_path=scope.organisation_path)
    return queries.unit_counts(ctx.session, visible(ctx), wanted, today_of(ctx), _MOST_UNITS)


def _check(
    ctx: Context, estate_id: str, description: Description, links: Links, stored: str | None = None
) -> None:
    """Refuse what is wrong; a complaint that is ``stored`` already is not asked about again."""
    for where, reason, remedy in faults(description, today_of(ctx)):
        raise errors.wrong_field(where, f"{reason}。{remedy}。")
    check_works(ctx, links.works_item_id, estate_id)
    reference = links.source_reference
    is_new = links.source == Source.COMPLAINT and reference not in (None, stored)
    place = scope_of_estate(ctx.session, estate_id)
    if is_new and not registered.knows_complaint(ctx, reference or "", place):
        raise errors.wrong_field("reference", "没有这个编号的投诉，或它不属于这个小区")
    account = links.responsible_account
    if account is not None and account not in staff_names(ctx.session, ctx.vault, [account]):
        raise errors.wrong_field("responsible_account", "没有这个工作人员账号，或已停用")


def _values(ctx: Context, said: Description, links: Links) -> dict[str, Any]:
    place, detail = split_place(said.place.strip())
    return {
        "source": str(links.source),
        "source_reference": links.source_reference,
        "works_item_id": links.works_item_id,
        "responsible_account": links.responsible_account,
        "problem": said.problem.strip(),
        "place": place,
        "place_sealed": seal(ctx, detail, "place"),
        "responsible_party": said.responsible_party.strip(),
        "responsible_person_sealed": seal(ctx, said.responsible_person.strip(), "responsible_person"),
        "measures": said.measures.strip(),
        "found_on": said.found_on,
        "due_on": said.due_on,
    }


def _said(ctx: Context, row: RectificationItem) -> dict[str, str | date | None]:
    card = queries.to_card(row, ctx.vault, row.due_on, sees_people=True)
    return {
        "source": card.source,
        "source_reference": card.source_reference,
        "works_item": card.works_item_id,
        "responsible_account": card.responsible_account,
        "problem": card.problem,
        "place": card.place_detail or card.place,
        "responsible_party": card.responsible_party,
        "responsible_person": card.responsible_person,
        "measures": card.measures,
        "found_on": card.found_on,
        "due_on": card.due_on,
    }


def _repeated(ctx: Context, former: RectificationItem, command: OpenItem) -> ItemCard:
    """Answer with the first item; whether it is the same shows in what cannot change afterwards."""
    same = former.estate_id == command.estate_id and former.source_reference == command.links.source_reference
    if former.version == 1:
        said, links = command.description, command.links
        wanted: dict[str, str | date | None] = {
            "source": str(links.source),
            "source_reference": links.source_reference,
            "works_item": links.works_item_id,
            "responsible_account": links.responsible_account,
            "problem": said.problem.strip(),
            "place": said.place.strip(),
            "responsible_party": said.responsible_party.strip(),
            "responsible_person": said.responsible_person.strip(),
            "measures": said.measures.strip(),
            "found_on": said.found_on,
            "due_on": said.due_on,
        }
        same = same and wanted == _said(ctx, former)
    if not same:
        raise errors.key_reused()
    return card_of(ctx, former)
