"""The vote itself: the one service that runs without the edge's transaction (architecture §3)."""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from typing import Any

import orjson

from backend.ballots import errors
from backend.ballots.repository.cast import Replay, Statements, Verdict
from backend.ballots.rules.meta import BallotMeta
from backend.ballots.rules.papers import encode_online
from backend.kernel.errors import NotFound, Unauthenticated
from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import new_receipt

_ATTEMPTS = 8


@dataclass(frozen=True, slots=True)
class CastVote:
    """A whole paper for one entry, as the voter saw and confirmed it."""

    ballot: BallotMeta
    entry_id: str
    choices: Mapping[str, str]
    documents_hash: str
    idempotency_key: str
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class Recorded:
    """The acknowledged vote: ``state`` is standing, or held for review; ``is_replay`` when it was sent before."""

    entry_id: str
    receipt: str
    cast_at: datetime
    state: str
    is_replay: bool = False


def cast_vote(statements: Statements, command: CastVote) -> Recorded:
    """Record a vote, or say exactly why not; safe to send any number of times under one key.

    Raises Unauthenticated, NotFound (no such ballot, entry or home of the caller's: one answer for all),
    NotEntitled, BindingWaiting, BallotNotOpen, BallotClosed, DocumentsChanged, AlreadyVoted, AlreadyHeld,
    IdempotencyMismatch, Unprocessable.
    """
    letters = encode_online(command.ballot.motion_ids, command.choices, command.ballot.max_choices)
    request_hash = _request_hash(command, letters)
    for attempt in range(_ATTEMPTS):
        values = _values(command, letters, request_hash, state="standing")
        cast_at = statements.cast(values)
        if cast_at is not None:
            return _recorded(values, cast_at)
        verdict = statements.judge(values)
        if verdict is None:
            raise NotFound
        replay = _find_replay(statements, verdict, command)
        if replay is not None:
            return _answer_replay(command, replay, request_hash)
        _refuse(verdict)
        recorded = _cast_over_standing(statements, command, values, verdict)
        if recorded is not None:
            return recorded
        time.sleep(0.005 * attempt)  # somebody else moved the entry in between: look again
    raise errors.Busy


def _cast_over_standing(
    statements: Statements, command: CastVote, values: Mapping[str, Any], verdict: Verdict
) -> Recorded | None:
    """Re-vote over one's own paper, hold a different member's, refuse where the rules know no re-vote.

    Returns None when what stood in the way is gone (or the receipt number was taken): try again.
    """
    standing = statements.find_standing(command.ballot.id, command.entry_id)
    if standing is None:
        return None
    if not verdict.re_vote:
        raise errors.AlreadyVoted
    if standing.account_id == verdict.account_id and standing.channel in ("online", "proxy"):
        mine = {**values, "id": new_id(), "account_id": verdict.account_id}
        replaced = statements.replace(mine, standing.receipt)
        return None if replaced is None else _recorded(values, replaced)
    return _hold(statements, command, {**values, "state": "held"}, verdict)


def _hold(
    statements: Statements, command: CastVote, values: Mapping[str, Any], verdict: Verdict
) -> Recorded | None:
    """Keep a second member's paper for review; None when it was refused for a reason that is new: look again."""
    held = statements.cast(values)
    if held is not None:
        return _recorded(values, held)
    if _find_replay(statements, verdict, command) is not None:
        return None
    again = statements.judge(values)
    if again is not None and again.may:
        raise errors.AlreadyHeld
    return None


def _refuse(verdict: Verdict) -> None:
    """Name the first thing that stands against this vote; nothing when only the entry's place is taken."""
    if verdict.may:
        return
    if verdict.account_id is None:
        raise Unauthenticated
    if verdict.dwelling_id is None or (verdict.relation is None and not verdict.has_mandate):
        raise NotFound
    if verdict.state not in ("open", "notice"):
        raise errors.BallotClosed if verdict.now >= verdict.closes_at else errors.BallotNotOpen
    if verdict.now < verdict.opens_at or verdict.state == "notice":
        raise errors.BallotNotYetOpen
    if verdict.now >= verdict.closes_at:
        raise errors.BallotClosed
    if not verdict.documents_match:
        raise errors.DocumentsChanged
    if verdict.effective_at is not None and verdict.effective_at > verdict.now:
        raise errors.BindingWaiting
    raise errors.NotEntitled


def _find_replay(statements: Statements, verdict: Verdict, command: CastVote) -> Replay | None:
    if verdict.account_id is None:
        return None
    return statements.find_replay(verdict.account_id, command.idempotency_key)


def _answer_replay(command: CastVote, replay: Replay, request_hash: bytes) -> Recorded:
    if not secrets.compare_digest(replay.request_hash, request_hash):
        raise errors.IdempotencyMismatch
    return Recorded(command.entry_id, replay.receipt, replay.cast_at, replay.state, is_replay=True)


def _recorded(values: Mapping[str, Any], cast_at: datetime) -> Recorded:
    return Recorded(values["entry"], values["receipt"], cast_at, values["state"])


def _request_hash(command: CastVote, letters: str) -> bytes:
    parts: Sequence[str] = (command.ballot.id, command.entry_id, letters, command.documents_hash)
    return sha256("\0".join(parts).encode()).digest()


def _values(command: CastVote, letters: str, request_hash: bytes, *, state: str) -> dict[str, Any]:
    ballot = command.ballot
    return {
        "ballot": ballot.id,
        "entry": command.entry_id,
        "token_hash": command.token_hash,
        "relations": ballot.relations_list,
        "documents_hash": command.documents_hash,
        "receipt": new_receipt(),
        "idempotency_key": command.idempotency_key,
        "request_hash": request_hash,
        "state": state,
        "choices": letters,
        "nonce": secrets.token_bytes(32),
        "event": new_id(),
        "payload_online": orjson.dumps({"ballot": ballot.id, "channel": "online"}).decode(),
        "payload_proxy": orjson.dumps({"ballot": ballot.id, "channel": "proxy"}).decode(),
    }
