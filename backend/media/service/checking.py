"""The content check: WeChat is asked about photos and answers later; what it cannot tell goes to a person.

The job is an edge of its own: no transaction is open while WeChat is asked, and killed at any point it asks again.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Protocol

from sqlmodel import Session

from backend.identity.service.contacts import contacts_of
from backend.infra.context import Context, Ports
from backend.infra.crypto import UnknownKey
from backend.infra.database import open_session
from backend.infra.wechat.errors import Passing, Quota, WeChatError
from backend.kernel.access import SYSTEM
from backend.kernel.ids import new_id
from backend.media import repository
from backend.media.rules import addresses
from backend.media.rules.addresses import Audience, Variant
from backend.media.rules.limits import DAY
from backend.media.rules.states import ASK_AGAIN, MOST_ASKS, VERDICT_WAIT, after_verdict
from backend.media.service.serving import sign_address
from backend.media.tables import MediaFile, MediaVerdict

logger = logging.getLogger("gongjue")

_BATCH = 20
_SCENE = 3  # WeChat's word for a forum


class ContentCheck(Protocol):
    """What this needs of WeChat."""

    def check_media(self, openid: str, media_url: str, scene: int) -> str:
        """Ask about a picture; returns the trace id of the verdict to come."""


@dataclass(frozen=True, slots=True)
class _Question:
    file_id: str
    openid: str | None = field(repr=False)
    address: str = field(repr=False)


def record_media_verdict(ctx: Context, trace_id: str, suggest: str) -> bool:
    """Take WeChat's verdict (event ``wxa_media_check``); tells whether it was news.

    ``suggest`` is pass | review | risky; anything else, or a failed check, sends the photo to a person.
    """
    if ctx.session.get(MediaVerdict, trace_id) is not None:
        return False
    ctx.session.add(MediaVerdict(trace_id=trace_id, suggestion=suggest, at=ctx.clock.now()))
    ctx.session.flush()
    _settle(ctx)
    return True


def run_checks(ports: Ports, check: ContentCheck | None) -> int:
    """Apply verdicts, send late ones to a person, ask about the next photos; returns how many were asked about."""
    with open_session(ports.engine) as session:
        ctx = _context(ports, session)
        now = ctx.clock.now()
        _settle(ctx)
        # Nobody to ask: what waits goes to a person at once.
        patience = VERDICT_WAIT if check is not None else timedelta()
        repository.give_up(ctx.session, now - patience, asked=now - ASK_AGAIN, most_asks=MOST_ASKS)
        repository.forget_verdicts(ctx.session, now - DAY)
        questions = _claimed(ctx) if check is not None else []
        session.commit()
    for question in questions:
        _ask(ports, check, question)
    return len(questions)


def _settle(ctx: Context) -> None:
    """Apply every verdict whose trace is noted: whichever of the two came first."""
    for file_id, suggestion in repository.answered(ctx.session, 100):
        repository.move(ctx.session, file_id, ("checking",), {"state": after_verdict(suggestion).value})
    ctx.session.expire_all()


def _claimed(ctx: Context) -> list[_Question]:
    now = ctx.clock.now()
    before = now - ASK_AGAIN
    waiting = repository.unasked(ctx.session, before, _BATCH)
    taken = [row for row in waiting if repository.claim_unasked(ctx.session, row.id, before, now)]
    return [_Question(row.id, _openid_of(ctx, row.account_id), _public_address(ctx, row)) for row in taken]


def _openid_of(ctx: Context, account_id: str) -> str | None:
    """Return whom to name to WeChat; where that cannot be read a person looks at this photo, and no other waits."""
    try:
        contact = contacts_of(ctx, [account_id]).get(account_id)
    except (UnknownKey, ValueError):
        logger.error("openid_not_opened", extra={"fields": {"account": account_id}})
        return None
    return None if contact is None else contact.openid


def _public_address(ctx: Context, row: MediaFile) -> str:
    expires = addresses.expiry(ctx.clock.now())
    path = sign_address(ctx.vault, row.id, Variant.FULL, Audience.HELD, expires)
    return ctx.ports.settings.public_base_url + path


def _ask(ports: Ports, check: ContentCheck | None, question: _Question) -> None:
    values: dict[str, object] = {"state": "review"}
    if check is not None and question.openid is not None:
        try:
            values = {"trace_id": check.check_media(question.openid, question.address, _SCENE)}
        except (Passing, Quota):
            return  # asked again later, MOST_ASKS times in all
        except WeChatError:
            pass  # will not get better by asking again: a person looks
    with open_session(ports.engine) as session:
        repository.move(session, question.file_id, ("checking",), values)
        _settle(_context(ports, session))
        session.commit()


def _context(ports: Ports, session: Session) -> Context:
    return Context(session=session, actor=SYSTEM, ports=ports, request_id=f"media-{new_id()}")
