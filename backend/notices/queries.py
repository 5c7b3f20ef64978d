"""Reading notices and objections, page by page."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from backend.infra.crypto import Vault
from backend.infra.paging import Position, older_than
from backend.notices.tables import Objection, PublicNotice


@dataclass(frozen=True, slots=True)
class Notice:
    """A published notice."""

    id: str
    estate_id: str
    subject_kind: str
    subject_id: str
    kind: str
    title: str
    body: str
    sha256: str
    published_at: datetime
    until_at: datetime | None


@dataclass(frozen=True, slots=True)
class ObjectionView:
    """An objection with its words, for the person who raised it and for those who answer it."""

    id: str
    estate_id: str
    subject_kind: str
    subject_id: str
    ballot_id: str | None
    dwelling_id: str | None
    text: str
    state: str
    reply: str | None
    raised_at: datetime
    replied_at: datetime | None


def notices_of_estates(
    session: Session, estate_ids: Iterable[str], limit: int, before: Position | None, kind: str | None = None
) -> list[Notice]:
    """Return the notices of some estates, newest first, before a position."""
    query = select(PublicNotice).where(col(PublicNotice.estate_id).in_(list(estate_ids)))
    if kind is not None:
        query = query.where(PublicNotice.kind == kind)
    at, key = col(PublicNotice.published_at), col(PublicNotice.id)
    query = query.where(older_than(at, key, before)).order_by(at.desc(), key.desc()).limit(limit)
    return [to_notice(row) for row in session.exec(query)]


def notices_about(session: Session, subject_kind: str, subject_id: str) -> list[Notice]:
    """Return the notices about one thing (e.g. a ballot), oldest first; at most 100."""
    query = select(PublicNotice).where(
        PublicNotice.subject_kind == subject_kind, PublicNotice.subject_id == subject_id
    )
    query = query.order_by(col(PublicNotice.published_at), col(PublicNotice.id)).limit(100)
    return [to_notice(row) for row in session.exec(query)]


def find_notice(session: Session, notice_id: str) -> Notice | None:
    """Return one notice."""
    row = session.get(PublicNotice, notice_id)
    return None if row is None else to_notice(row)


def objections_of_account(
    session: Session, vault: Vault, account_id: str, limit: int, before: Position | None
) -> list[ObjectionView]:
    """Return one's own objections, newest first, before a position."""
    query = select(Objection).where(Objection.account_id == account_id)
    return [to_view(row, vault) for row in session.exec(_page(query, limit, before))]


@dataclass(frozen=True, slots=True)
class ObjectionFilter:
    """Which objections of an estate to list."""

    estate_id: str
    state: str | None = None
    subject_kind: str | None = None
    ballot_id: str | None = None


def objections_of_estate(
    session: Session, vault: Vault, wanted: ObjectionFilter, limit: int, before: Position | None
) -> list[ObjectionView]:
    """Return an estate's objections, newest first, before a position."""
    query = select(Objection).where(Objection.estate_id == wanted.estate_id)
    if wanted.state is not None:
        query = query.where(Objection.state == wanted.state)
    if wanted.subject_kind is not None:
        query = query.where(Objection.subject_kind == wanted.subject_kind)
    if wanted.ballot_id is not None:
        query = query.where(Objection.ballot_id == wanted.ballot_id)
    return [to_view(row, vault) for row in session.exec(_page(query, limit, before))]


def upheld_by(session: Session, ballot_id: str, receipt: str) -> set[str | None]:
    """Return who upheld objections to a vote (by its receipt) or to the result of its ballot."""
    about = ((col(Objection.subject_kind) == "vote") & (col(Objection.subject_id) == receipt)) | (
        (col(Objection.subject_kind) == "result") & (col(Objection.subject_id) == ballot_id)
    )
    chosen = select(Objection.replied_by).where(about, Objection.state == "upheld")
    return set(session.exec(chosen.limit(100)))


def count_open_objections(session: Session, ballot_id: str) -> int:
    """Return how many objections concerning a ballot wait for an answer."""
    query = select(func.count()).where(col(Objection.ballot_id) == ballot_id, col(Objection.state) == "open")
    return session.exec(query).one()


def dwellings_objecting(session: Session, estate_id: str, subject_kind: str) -> set[str]:
    """Return the dwellings of an estate whose objections to this kind of thing wait for an answer."""
    waiting = select(Objection.dwelling_id).where(
        Objection.estate_id == estate_id, Objection.subject_kind == subject_kind, Objection.state == "open"
    )
    return {home for home in session.exec(waiting) if home is not None}


def count_objections_by_state(session: Session, ballot_id: str) -> dict[str, int]:
    """Return state → number of objections concerning a ballot, for the result notice."""
    query = select(Objection.state, func.count()).where(col(Objection.ballot_id) == ballot_id)
    return dict(session.exec(query.group_by(Objection.state)).all())


def to_notice(row: PublicNotice) -> Notice:
    """Return the plain value of a row."""
    return Notice(
        row.id,
        row.estate_id,
        row.subject_kind,
        row.subject_id,
        row.kind,
        row.title,
        row.body,
        row.sha256,
        row.published_at,
        row.until_at,
    )


def to_view(row: Objection, vault: Vault) -> ObjectionView:
    """Return an objection with its text opened."""
    return ObjectionView(
        row.id,
        row.estate_id,
        row.subject_kind,
        row.subject_id,
        row.ballot_id,
        row.dwelling_id,
        vault.open(row.text_sealed, "objection.text"),
        row.state,
        row.reply,
        row.raised_at,
        row.replied_at,
    )


def _page(query: SelectOfScalar[Objection], limit: int, before: Position | None) -> SelectOfScalar[Objection]:
    at, key = col(Objection.raised_at), col(Objection.id)
    return query.where(older_than(at, key, before)).order_by(at.desc(), key.desc()).limit(limit)
