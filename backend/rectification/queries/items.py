"""The register as staff read it: pages, one item with evidence and history, counts per estate and unit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import ColumnElement, and_, case, false, func, or_, true
from sqlalchemy import select as sa_select
from sqlmodel import Session, col, select

from backend.infra.crypto import Vault
from backend.infra.paging import Position, older_than
from backend.kernel.access import Scope
from backend.rectification import repository
from backend.rectification.rules.progress import State
from backend.rectification.rules.timing import is_overdue
from backend.rectification.rules.wording import Source, mask_person
from backend.rectification.tables import RectificationEvidence, RectificationItem, RectificationStep

_HISTORY = 200
_AWAITING = ("submitted", "verified")


@dataclass(frozen=True, slots=True)
class ItemCard:
    """One line of the register; ``place_detail`` and an unmasked person only for whoever may know them."""

    id: str
    estate_id: str
    estate_name: str
    number: str
    source: str
    source_reference: str | None
    works_item_id: str | None
    problem: str
    place: str
    place_detail: str | None
    responsible_party: str
    responsible_person: str
    responsible_account: str | None
    measures: str
    found_on: date
    due_on: date
    state: State
    is_overdue: bool
    round: int
    submitted_at: datetime | None
    verified_by: str | None
    verifier: str
    verified_at: datetime | None
    closed_out_on: date | None
    is_imported: bool
    version: int
    created_at: datetime


@dataclass(frozen=True, slots=True)
class EvidenceCard:
    """A piece of evidence in force."""

    id: str
    phase: str
    round: int
    media_id: str
    added_by: str
    added_at: datetime


@dataclass(frozen=True, slots=True)
class StepCard:
    """One thing that happened to an item; ``words`` only for whoever may know people."""

    step: str
    state: State
    by: str
    at: datetime
    words: str | None


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items are wanted; ``overdue_on`` = only those overdue on that day.

    ``readers_of`` = where the asker is shown the complaint that an item came from (None = everywhere): a reference
    finds no other, or asking would confirm it.
    """

    estate_id: str | None = None
    organisation_path: str | None = None
    states: tuple[str, ...] = ()
    source: str | None = None
    source_reference: str | None = None
    responsible_party: str | None = None
    works_item_id: str | None = None
    overdue_on: date | None = None
    readers_of: tuple[Scope, ...] | None = None


@dataclass(frozen=True, slots=True)
class UnitCount:
    """How one unit stands in one estate; ``awaiting`` = submitted or verified, not yet 销号."""

    estate_id: str
    estate_name: str
    responsible_party: str
    total: int
    unfinished: int
    awaiting: int
    overdue: int
    closed_out: int


def to_card(row: RectificationItem, vault: Vault, today: date, *, sees_people: bool) -> ItemCard:
    """Return the plain value of a row."""
    person = _opened(vault, row.responsible_person_sealed, "responsible_person")
    verifier = _opened(vault, row.verifier_sealed, "verifier")
    detail = _opened(vault, row.place_sealed, "place") if sees_people else ""
    return ItemCard(
        row.id,
        row.estate_id,
        row.estate_name,
        row.number,
        row.source,
        row.source_reference,
        row.works_item_id,
        row.problem,
        row.place,
        detail or None,
        row.responsible_party,
        person if sees_people else mask_person(person),
        row.responsible_account,
        row.measures,
        row.found_on,
        row.due_on,
        State(row.state),
        is_overdue(State(row.state), row.due_on, today),
        row.round,
        row.submitted_at,
        row.verified_by,
        verifier if sees_people else mask_person(verifier),
        row.verified_at,
        row.closed_out_on,
        row.is_imported,
        row.version,
        row.created_at,
    )


def without_reporter(card: ItemCard) -> ItemCard:
    """Return a card that does not lead back to whoever complained."""
    return replace(card, source_reference=None) if card.source == Source.COMPLAINT else card


def _opened(vault: Vault, sealed: str | None, column: str) -> str:
    return vault.open(sealed, f"rectification_item.{column}") if sealed else ""


def item_rows(
    session: Session,
    scopes: Sequence[Scope] | None,
    wanted: ItemFilter,
    limit: int,
    before: Position | None = None,
) -> Sequence[RectificationItem]:
    """Return a page of items under some scopes (None = everywhere), newest first, in one query."""
    at, key = col(RectificationItem.created_at), col(RectificationItem.id)
    chosen = select(RectificationItem).where(_seen(scopes), *_conditions(wanted), older_than(at, key, before))
    return session.exec(chosen.order_by(at.desc(), key.desc()).limit(limit)).all()


def unit_counts(
    session: Session, scopes: Sequence[Scope] | None, wanted: ItemFilter, today: date, limit: int
) -> list[UnitCount]:
    """Return how each unit stands in each estate, the most overdue first, in one query."""
    state, due_on = col(RectificationItem.state), col(RectificationItem.due_on)
    keys = (
        col(RectificationItem.estate_id),
        col(RectificationItem.estate_name),
        col(RectificationItem.responsible_party),
    )
    overdue = func.sum(case((and_(state != "closed_out", due_on < today), 1), else_=0))
    counts = (
        func.count(),
        func.sum(case((state != "closed_out", 1), else_=0)),
        func.sum(case((state.in_(_AWAITING), 1), else_=0)),
        overdue,
        func.sum(case((state == "closed_out", 1), else_=0)),
    )
    chosen = sa_select(*keys, *counts).where(_seen(scopes), *_conditions(wanted)).group_by(*keys)
    rows = session.execute(chosen.order_by(overdue.desc(), *keys).limit(limit))
    return [UnitCount(*row[:3], *(int(count) for count in row[3:])) for row in rows]


def evidence_counts(session: Session, estate_id: str) -> dict[tuple[str, str], int]:
    """Return (item id, phase) → pieces of evidence in force of an estate's register, in one query."""
    keys = (col(RectificationEvidence.item_id), col(RectificationEvidence.phase))
    chosen = (
        sa_select(*keys, func.count())
        .join(RectificationItem, col(RectificationItem.id) == keys[0])
        .where(
            col(RectificationItem.estate_id) == estate_id, col(RectificationEvidence.withdrawn_at).is_(None)
        )
        .group_by(*keys)
    )
    return {(item, phase): count for item, phase, count in session.execute(chosen)}


def evidence_cards(session: Session, item_id: str) -> list[EvidenceCard]:
    """Return an item's evidence in force, oldest first."""
    return [
        EvidenceCard(row.id, row.phase, row.round, row.media_id, row.added_by, row.added_at)
        for row in repository.evidence_of(session, item_id)
    ]


def step_cards(session: Session, vault: Vault, item_id: str, *, sees_people: bool) -> list[StepCard]:
    """Return an item's newest steps, the newest first."""
    return [_step(row, vault, sees_people) for row in repository.steps_of(session, item_id, _HISTORY)]


def _step(row: RectificationStep, vault: Vault, sees_people: bool) -> StepCard:
    words = vault.open(row.words_sealed, "rectification_step.words") if row.words_sealed else None
    return StepCard(row.step, State(row.state), row.by, row.at, words if sees_people else None)


def _seen(scopes: Sequence[Scope] | None) -> ColumnElement[bool]:
    return true() if scopes is None else or_(false(), *(_within(scope) for scope in scopes))


def _within(scope: Scope) -> ColumnElement[bool]:
    if scope.building_id is not None:  # a steward's part of an estate is no register
        return false()
    # Ids are Crockford base 32 and slashes: nothing in a path means anything to LIKE.
    inside = col(RectificationItem.organisation_path).like(scope.organisation_path + "%")
    return and_(
        inside, true() if scope.estate_id is None else col(RectificationItem.estate_id) == scope.estate_id
    )


def _conditions(wanted: ItemFilter) -> list[ColumnElement[bool]]:
    pairs = (
        (col(RectificationItem.estate_id), wanted.estate_id),
        (col(RectificationItem.source), wanted.source),
        (col(RectificationItem.source_reference), wanted.source_reference),
        (col(RectificationItem.responsible_party), wanted.responsible_party),
        (col(RectificationItem.works_item_id), wanted.works_item_id),
    )
    found = [column == value for column, value in pairs if value is not None]
    if wanted.source_reference is not None:
        found.append(or_(col(RectificationItem.source) != Source.COMPLAINT, _seen(wanted.readers_of)))
    if wanted.organisation_path is not None:
        found.append(col(RectificationItem.organisation_path).like(wanted.organisation_path + "%"))
    if wanted.states:
        found.append(col(RectificationItem.state).in_(wanted.states))
    if wanted.overdue_on is not None:
        found.append(col(RectificationItem.state) != "closed_out")
        found.append(col(RectificationItem.due_on) < wanted.overdue_on)
    return found
