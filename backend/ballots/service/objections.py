"""Objections that only a ballot can judge to be one's own: to a recorded vote, a mandate, a result."""

from __future__ import annotations

from dataclasses import dataclass

from sqlmodel import Session, col, select

from backend.ballots.queries import ballots as queries
from backend.ballots.rules.kinds import MAY_CONTEST
from backend.ballots.service.entries import lock_ballot
from backend.ballots.tables import ProxyMandate, RollEntry, Vote
from backend.infra.context import Context
from backend.kernel.errors import Conflict, NotFound
from backend.notices import service as notices
from backend.notices.queries import ObjectionView
from backend.notices.service import RaiseObjection


@dataclass(frozen=True, slots=True)
class ObjectToBallot:
    """What is objected to (vote | proxy | result), from which own dwelling, in which words."""

    ballot_id: str
    about: str
    dwelling_id: str
    text: str
    idempotency_key: str


def object_to_ballot(ctx: Context, command: ObjectToBallot) -> ObjectionView:
    """Raise the objection; raises NotFound where ballot, home, vote or mandate is not the caller's own.

    A result can be objected to while its objection days run.
    """
    ballot = queries.find_public(ctx.session, command.ballot_id, ctx.actor.estate_ids())
    home = next((home for home in ctx.actor.homes if home.dwelling_id == command.dwelling_id), None)
    if ballot is None or home is None or home.relation not in MAY_CONTEST:
        raise NotFound
    entry_id = _entry_of(ctx.session, ballot.id, home.dwelling_id)
    if command.about == "result":
        ballot, now = lock_ballot(ctx, ballot.id)  # the final result waits for what is raised in time
        if ballot.state != "preliminary" or ballot.objections_until is None or now >= ballot.objections_until:
            raise Conflict("objections_closed", "只能在结果公示期内对结果提出异议。")
        subject = ballot.id
    else:
        subject = (
            _vote_of(ctx.session, entry_id) if command.about == "vote" else _mandate_of(ctx.session, entry_id)
        )
    raised = RaiseObjection(
        subject_kind=command.about,
        subject_id=subject,
        dwelling_id=home.dwelling_id,
        text=command.text,
        idempotency_key=command.idempotency_key,
        ballot_id=ballot.id,
    )
    return notices.raise_objection(ctx, raised)


def _entry_of(session: Session, ballot_id: str, dwelling_id: str) -> str:
    chosen = select(RollEntry.id).where(
        RollEntry.ballot_id == ballot_id, RollEntry.dwelling_id == dwelling_id
    )
    found = session.exec(chosen).one_or_none()
    if found is None:
        raise NotFound
    return found


def _vote_of(session: Session, entry_id: str) -> str:
    """Return the receipt of what is recorded for the entry now: standing, or paper waiting for confirmation."""
    chosen = (
        select(Vote.receipt)
        .join(
            RollEntry,
            (col(RollEntry.id) == Vote.roll_entry_id) & (col(RollEntry.ballot_id) == Vote.ballot_id),
        )
        .where(RollEntry.id == entry_id, col(Vote.state).in_(("standing", "pending", "held")))
        .order_by(col(Vote.state).desc())
    )
    found = session.exec(chosen.limit(1)).one_or_none()
    if found is None:
        raise NotFound
    return found


def _mandate_of(session: Session, entry_id: str) -> str:
    chosen = select(ProxyMandate.id).where(
        ProxyMandate.roll_entry_id == entry_id, col(ProxyMandate.revoked_at).is_(None)
    )
    found = session.exec(chosen).one_or_none()
    if found is None:
        raise NotFound
    return found
