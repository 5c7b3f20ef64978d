"""Works of an estate with their warranties: written down, accepted, reckoned anew when the terms change."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any

from backend.infra.context import Context
from backend.infra.paging import Position
from backend.kernel.access import Permission, require
from backend.kernel.ids import new_id
from backend.policies.queries import resolved_parameters
from backend.policies.rules.warranties import WarrantyKind, load_warranties
from backend.rectification import errors, repository
from backend.rectification.queries import works as queries
from backend.rectification.queries.works import WorksCard, WorksFilter
from backend.rectification.rules.description import EARLIEST
from backend.rectification.rules.warranty import Local, NoTerm, Terms, terms_of, warranty_ends_on
from backend.rectification.rules.wording import Category, private_words
from backend.rectification.service.loading import (
    acting_account,
    load_works,
    tell_works,
    today_of,
    visible,
)
from backend.rectification.tables import WorksItem
from backend.registry.queries import estate_card, scope_of_estate, scope_of_organisation


@dataclass(frozen=True, slots=True)
class WorksFacts:
    """What is known of a piece of works; ``agreed_number`` counts months (heating: seasons), by a named document."""

    code: str
    category: Category
    name: str
    contractor: str
    warranty_kind: str
    accepted_on: date | None = None
    agreed_number: int | None = None
    agreed_document: str | None = None


@dataclass(frozen=True, slots=True)
class CreateWorks:
    """A new piece of works; ``idempotency_key`` makes sending it twice harmless."""

    estate_id: str
    facts: WorksFacts
    idempotency_key: str


@dataclass(frozen=True, slots=True)
class UpdateWorks:
    """New facts; ``version`` is what the actor read."""

    works_item_id: str
    version: int
    facts: WorksFacts


@dataclass(frozen=True, slots=True)
class KindInForce:
    """A kind of warranty as it holds for an organisation; ``number`` None = to be agreed."""

    kind: WarrantyKind
    number: int | None
    terms: Terms | None


def check_works(ctx: Context, works_item_id: str | None, estate_id: str | None) -> None:
    """Refuse a works item that is none of the estate's; None refers to nothing and is fine."""
    if works_item_id is None:
        return
    row = repository.find_works(ctx.session, works_item_id)
    if row is None or row.estate_id != estate_id:
        raise errors.wrong_field("works_item", "本小区没有这个工程项目")


def create_works(ctx: Context, command: CreateWorks) -> WorksCard:
    """Write down a piece of works; with the day of acceptance its warranty clock runs."""
    scope = scope_of_estate(ctx.session, command.estate_id)
    require(ctx.actor, Permission.RECTIFICATION_WRITE, scope)
    former = repository.works_by_key(ctx.session, acting_account(ctx), command.idempotency_key)
    if former is not None:
        return _repeated(ctx, former, command)
    estate = estate_card(ctx.session, command.estate_id)
    if repository.has_works_code(ctx.session, estate.id, command.facts.code):
        raise errors.code_taken()
    row = WorksItem(
        id=new_id(),
        estate_id=estate.id,
        organisation_id=estate.organisation_id,
        organisation_path=scope.organisation_path,
        estate_name=estate.name,
        created_by=acting_account(ctx),
        created_at=ctx.clock.now(),
        idempotency_key=command.idempotency_key,
        **_values(ctx, estate.organisation_id, command.facts),
    )
    ctx.session.add(row)
    ctx.session.flush()  # two at once: the unique indexes let one of them through
    tell_works(ctx, "works.recorded", row, _clock(row))
    return queries.to_works_card(row, today_of(ctx))


def update_works(ctx: Context, command: UpdateWorks) -> WorksCard:
    """Replace the facts and reckon the warranty anew by the terms in force now; saying the same again does that too."""
    row = load_works(ctx, command.works_item_id, Permission.RECTIFICATION_WRITE)
    if repository.has_works_code(ctx.session, row.estate_id, command.facts.code, but=row.id):
        raise errors.code_taken()
    values = _values(ctx, row.organisation_id, command.facts)
    if not repository.change_works(ctx.session, row, command.version, **values):
        raise errors.changed()
    ctx.session.refresh(row)
    tell_works(ctx, "works.changed", row, _clock(row))
    return queries.to_works_card(row, today_of(ctx))


def show_works(ctx: Context, works_item_id: str) -> WorksCard:
    """Return one piece of works."""
    row = load_works(ctx, works_item_id, Permission.RECTIFICATION_READ)
    return queries.to_works_card(row, today_of(ctx))


def list_works(
    ctx: Context,
    wanted: WorksFilter,
    limit: int,
    before: Position | None = None,
    *,
    expires_within: int | None = None,
) -> list[WorksCard]:
    """Return a page of works in the actor's area, newest first; ``expires_within`` days from today."""
    today = today_of(ctx)
    if expires_within is not None:
        wanted = replace(wanted, expires=(today, today + timedelta(days=expires_within)))
    rows = queries.works_rows(ctx.session, visible(ctx), wanted, limit, before)
    return [queries.to_works_card(row, today) for row in rows]


def warranty_kinds(ctx: Context, organisation_id: str) -> list[KindInForce]:
    """Return every kind of warranty with the length in force for an organisation."""
    require(ctx.actor, Permission.RECTIFICATION_READ, scope_of_organisation(ctx.session, organisation_id))
    found = []
    for kind in load_warranties().kinds.values():
        terms = terms_of(kind, _local(ctx, organisation_id, kind), None, None) if kind.number else None
        found.append(KindInForce(kind, terms.number if terms else None, terms))
    return found


def _local(ctx: Context, organisation_id: str, kind: WarrantyKind) -> dict[str, Local]:
    decided = resolved_parameters(ctx.session, organisation_id, kind.rule)
    return {name: Local(found.value, found.document_title) for name, found in decided.items()}


def _values(ctx: Context, organisation_id: str, facts: WorksFacts) -> dict[str, Any]:
    kind = load_warranties().kinds.get(facts.warranty_kind)
    if kind is None:
        raise errors.wrong_field("warranty_kind", "没有这一类保修")
    private = private_words(facts.name)
    if private is not None:
        raise errors.wrong_field("name", f"{private}，而工程项目对居民公开，请删去")
    if (facts.agreed_number is None) != (facts.agreed_document is None):
        raise errors.wrong_field("agreed_document", "约定的保修期要写明数值和依据文件")
    accepted_on = facts.accepted_on
    if accepted_on is not None and not EARLIEST <= accepted_on <= today_of(ctx):
        raise errors.wrong_field("accepted_on", "验收日期不能晚于今天，也不能早于 1990 年")
    local = _local(ctx, organisation_id, kind)
    try:
        terms = terms_of(kind, local, facts.agreed_number, facts.agreed_document)
        ends_on = None if accepted_on is None else warranty_ends_on(accepted_on, terms)
    except NoTerm as error:
        raise errors.wrong_field("agreed_number", str(error)) from error
    return {
        "code": facts.code,
        "category": str(facts.category),
        "name": facts.name.strip(),
        "contractor": facts.contractor.strip(),
        "accepted_on": accepted_on,
        "warranty_kind": kind.id,
        "agreed_number": facts.agreed_number,
        "agreed_document": facts.agreed_document,
        "warranty_ends_on": ends_on,
        "terms": terms.to_json(),
    }


def _clock(row: WorksItem) -> dict[str, object]:
    return {
        "kind": row.warranty_kind,
        "accepted_on": row.accepted_on.isoformat() if row.accepted_on else None,
        "ends_on": row.warranty_ends_on.isoformat() if row.warranty_ends_on else None,
    }


def _repeated(ctx: Context, former: WorksItem, command: CreateWorks) -> WorksCard:
    facts = command.facts
    wanted = (command.estate_id, facts.code, facts.warranty_kind, facts.accepted_on, facts.agreed_number)
    stored = (
        former.estate_id,
        former.code,
        former.warranty_kind,
        former.accepted_on,
        former.agreed_number,
    )
    if former.version == 1 and wanted != stored:
        raise errors.key_reused()
    return queries.to_works_card(former, today_of(ctx))
