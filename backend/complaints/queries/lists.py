"""Lists of complaints for staff: filtered, searched by words, page by page, newest first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, not_, or_
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.complaints.queries.access import assigned_to, handed_up_to, seen_as_party, visible_to
from backend.complaints.repository import parties
from backend.complaints.rules.numbers import parse_number
from backend.complaints.rules.states import OPEN, State
from backend.complaints.rules.vocabulary import Disclosure
from backend.complaints.rules.words import grams
from backend.complaints.tables import Complaint, ComplaintRelay
from backend.infra.paging import Position, older_than
from backend.kernel.access import Actor


@dataclass(frozen=True, slots=True)
class ComplaintFilter:
    """Which complaints to list; everything given must hold. ``text`` is words, a number or a ticket number.

    ``only_received``: open ones that the watcher received first and answers for. ``is_paused``: only those whose clock
    stands still. ``is_handed_up``: only those that wait for the watcher to decide whether they are restricted.
    ``is_disputed``: declined once, and waiting to be looked at again. ``key_id``: those that one outside system filed.
    ``by_due``: only those with a running clock, the soonest due first.
    """

    states: tuple[str, ...] = ()
    organisation_id: str | None = None
    estate_id: str | None = None
    party_id: str | None = None
    category: str | None = None
    source: str | None = None
    key_id: str | None = None
    text: str | None = None
    is_overdue: bool | None = None
    is_supervised: bool | None = None
    is_restricted: bool | None = None
    is_handed_up: bool = False
    is_paused: bool = False
    is_disputed: bool = False
    only_received: bool = False
    since: datetime | None = None
    until: datetime | None = None
    only_assigned: bool = False
    by_due: bool = False


@dataclass(frozen=True, slots=True)
class Watcher:
    """Whose list it is: the actor, the parties they act for, and the present instant."""

    actor: Actor
    party_ids: frozenset[str]
    now: datetime


def complaints_page(
    session: Session, watcher: Watcher, wanted: ComplaintFilter, limit: int, before: Position | None = None
) -> Sequence[Complaint]:
    """Return the rows of a page that the watcher may see, newest or soonest due first, after a position."""
    condition = assigned_to if wanted.only_assigned else visible_to
    query = select(Complaint).where(condition(watcher.actor, watcher.party_ids))
    for clause in _clauses(session, wanted, watcher):
        query = query.where(clause)
    query = _soonest_due(query, before) if wanted.by_due else _newest(query, before)
    return session.exec(query.limit(limit).execution_options(populate_existing=True)).all()


def _newest(query: SelectOfScalar[Complaint], before: Position | None) -> SelectOfScalar[Complaint]:
    at, key = col(Complaint.registered_at), col(Complaint.id)
    return query.where(older_than(at, key, before)).order_by(at.desc(), key.desc())


def _soonest_due(query: SelectOfScalar[Complaint], after: Position | None) -> SelectOfScalar[Complaint]:
    """Return a worklist: what is being worked on against the clock, the most overdue first."""
    at, key = col(Complaint.due_at), col(Complaint.id)
    query = query.where(col(Complaint.state).in_(OPEN), at.is_not(None)).order_by(at, key)
    if after is None:
        return query
    return query.where(at >= after[0], or_(at > after[0], key > after[1]))


def text_matches(session: Session, text: str, party_ids: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for a search: a number, a ticket number, or words (two letters at least) of which every
    pair occurs.

    A ticket that the unit is not shown is not found by it either: asking for it would confirm it.
    """
    ticket: ColumnElement[bool] = col(Complaint.ticket_number) == text.strip()
    if party_ids:
        ticket = and_(ticket, col(Complaint.disclosure) == Disclosure.NAMED)
    number = parse_number(text)
    if number is not None:
        return or_(col(Complaint.number) == number, ticket)
    pairs = grams(text)
    if session.get_bind().dialect.name == "postgresql":
        return or_(col(Complaint.grams).op("@>")(pairs), ticket)
    # SQLite keeps the pairs as a JSON list; a pair is found there between its quotes.
    return or_(and_(*(col(Complaint.grams).op("LIKE")(f'%"{pair}"%') for pair in pairs)), ticket)


def _clauses(session: Session, wanted: ComplaintFilter, watcher: Watcher) -> list[ColumnElement[bool]]:
    equal = (
        (col(Complaint.organisation_id), wanted.organisation_id),
        (col(Complaint.estate_id), wanted.estate_id),
        (col(Complaint.party_id), wanted.party_id),
        (col(Complaint.category), wanted.category),
        (col(Complaint.source), wanted.source),
        (col(Complaint.is_supervised), wanted.is_supervised),
        (col(Complaint.is_restricted), wanted.is_restricted),
    )
    clauses: list[ColumnElement[bool]] = [column == value for column, value in equal if value is not None]
    if wanted.states:
        clauses.append(col(Complaint.state).in_(wanted.states))
    if wanted.since is not None:
        clauses.append(col(Complaint.registered_at) >= wanted.since)
    if wanted.until is not None:
        clauses.append(col(Complaint.registered_at) < wanted.until)
    if wanted.is_overdue is not None:
        clauses.append(_lateness(wanted, watcher.now))
    if wanted.key_id is not None:
        clauses.append(_filed_with(wanted.key_id, watcher.party_ids))
    if wanted.only_received:
        mine = col(Complaint.first_receiver_id) == watcher.actor.account_id
        clauses += [col(Complaint.state).in_(OPEN), mine]
    if wanted.is_disputed:
        clauses += [col(Complaint.state) == State.REGISTERED, col(Complaint.disputed_at).is_not(None)]
    if wanted.is_paused:
        clauses += [col(Complaint.state).in_(OPEN), col(Complaint.paused_at).is_not(None)]
    if wanted.is_handed_up:
        clauses.append(handed_up_to(watcher.actor))
    if wanted.text:
        clauses.append(text_matches(session, wanted.text, watcher.party_ids))
    return clauses


def _lateness(wanted: ComplaintFilter, now: datetime) -> ColumnElement[bool]:
    due = col(Complaint.due_at)
    if wanted.by_due and not wanted.is_overdue:
        # All of a worklist run: so the index begins at this instant, past everything overdue.
        return due > now
    late = and_(col(Complaint.state).in_(OPEN), due <= now)
    return late if wanted.is_overdue else ~late | due.is_(None)


def _filed_with(key_id: str, party_ids: frozenset[str]) -> ColumnElement[bool]:
    """Return the condition for what a key filed; the unit that handles a case is not told by finding it."""
    filed = select(ComplaintRelay.complaint_id).where(ComplaintRelay.key_id == key_id)
    return and_(col(Complaint.id).in_(filed), not_(seen_as_party(party_ids)))


def party_names(session: Session, rows: Sequence[Complaint]) -> dict[str, str]:
    """Return id → name of the parties of some complaints, in one query."""
    wanted = {row.party_id for row in rows} | {row.about_party_id for row in rows}
    return parties.names_of(session, [name for name in wanted if name is not None])
