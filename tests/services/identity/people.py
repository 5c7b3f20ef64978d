"""What the tests of identity share."""

from __future__ import annotations

from sqlmodel import col, select

from backend.identity import service
from backend.identity.rules.consents import NOTICE_VERSION, Purpose
from backend.identity.service import IssueInvites
from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.ledger.tables import LedgerEvent
from backend.media.service import Upload, upload_media
from tests.factories import photos
from tests.factories.people import acting_as, as_system, make_resident


def newcomer(ctx: Context, name: str = "赵小明") -> Context:
    """Return a resident without a home who accepted the notice and gave a name."""
    person = acting_as(ctx, make_resident(ctx))
    service.record_consent(person, Purpose.PRIVACY_NOTICE, NOTICE_VERSION, is_given=True)
    service.rename(person, name)
    return person


def proof(person: Context, estate_id: str) -> tuple[str, ...]:
    """Upload a photo of a paper as the proof of a request for a binding."""
    return (upload_media(person, Upload(photos.jpeg(64, 48), new_id(), estate_id, is_proof=True)).id,)


def with_phone(ctx: Context, phone: str) -> Context:
    """Return a newcomer whose WeChat number is ``phone``."""
    person = newcomer(ctx)
    service.record_consent(person, Purpose.PHONE, NOTICE_VERSION, is_given=True)
    service.add_phone(person, phone)
    return person


def letter_for(ctx: Context, estate_id: str, dwelling_id: str, **options: object) -> str:
    """Issue a letter for one dwelling and return its code."""
    command = IssueInvites(estate_id, dwelling_ids=(dwelling_id,), **options)  # type: ignore[arg-type]
    return service.issue_invites(as_system(ctx), command).letters[0].code


def again(ctx: Context, person: Context) -> Context:
    """Return the same person as their next request would see them."""
    assert person.actor.session_hash is not None
    actor = service.authenticate(ctx.session, person.actor.session_hash)
    assert actor is not None
    return Context(session=ctx.session, actor=actor, ports=ctx.ports, request_id="test")


def events(ctx: Context, kind: str, subject_id: str) -> list[str]:
    """Return the types of the events about a subject, oldest first."""
    ctx.session.flush()
    rows = ctx.session.exec(
        select(LedgerEvent)
        .where(LedgerEvent.subject_kind == kind, LedgerEvent.subject_id == subject_id)
        .order_by(col(LedgerEvent.at))
    )
    return [row.type for row in rows]
