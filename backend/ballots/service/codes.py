"""From a printed code or a door to the entry on the roll."""

from __future__ import annotations

from hmac import compare_digest

from backend.ballots.repository import paper as repository
from backend.ballots.rules.paper import (
    CHECK_LENGTH,
    CHECK_PURPOSE,
    code_subject,
    parse_code,
    printed_code,
)
from backend.ballots.service.entries import require_inside, scope_of_entry
from backend.ballots.tables import Ballot, RollEntry
from backend.infra.context import Context
from backend.kernel.access import Permission, require
from backend.kernel.errors import FieldError, NotFound, Unprocessable
from backend.registry import queries as registry


def find_entry(ctx: Context, ballot_id: str, *, code: str | None = None, door: str = "") -> RollEntry:
    """Return the roll entry behind a printed QR code or a door (``3-2-501``, ``3栋2单元501``).

    Raises NotFound, Unprocessable (a code of another ballot, or not ours).
    """
    ballot = ctx.session.get(Ballot, ballot_id)
    if ballot is None:
        raise NotFound
    require_inside(ctx, ballot, Permission.PAPER_ENTER)
    entry = _by_code(ctx, ballot, code) if code is not None else _by_door(ctx, ballot, door)
    if entry is None:
        where = FieldError("code" if code is not None else "door", "名册上没有这一户，请核对。")
        raise Unprocessable("entry_unknown", "没有找到这一户。", [where])
    require(ctx.actor, Permission.PAPER_ENTER, scope_of_entry(ctx, ballot, entry))
    return entry


def _by_code(ctx: Context, ballot: Ballot, code: str) -> RollEntry | None:
    parsed = parse_code(code)
    if parsed is None or not _is_ours(ctx, *parsed):
        where = FieldError("code", "不是本系统印制的纸质票二维码。")
        raise Unprocessable("code", "二维码有误。", [where])
    if parsed[0] != ballot.id:
        where = FieldError("code", "这张纸质票属于另一次表决。")
        raise Unprocessable("code", "二维码有误。", [where])
    return repository.find_entry(ctx.session, ballot.id, parsed[1])


def _by_door(ctx: Context, ballot: Ballot, door: str) -> RollEntry | None:
    dwelling_id = registry.find_dwelling(ctx.session, ballot.estate_id, door)
    if dwelling_id is None:
        return None
    return repository.find_entry_of_dwelling(ctx.session, ballot.id, dwelling_id)


def _is_ours(ctx: Context, ballot_id: str, entry_id: str, check: str) -> bool:
    macs = ctx.vault.macs(code_subject(ballot_id, entry_id), CHECK_PURPOSE)
    return any(compare_digest(check, mac[:CHECK_LENGTH]) for mac in macs)


def entry_check(ctx: Context, ballot_id: str, entry_id: str) -> str:
    """Return the check part of a printed code: an HMAC, so that nobody prints ballots of their own."""
    return ctx.vault.mac(code_subject(ballot_id, entry_id), CHECK_PURPOSE)[:CHECK_LENGTH]


def code_of(ctx: Context, ballot_id: str, entry_id: str) -> str:
    """Return the QR payload of an entry's printed ballot."""
    return printed_code(ballot_id, entry_id, entry_check(ctx, ballot_id, entry_id))
