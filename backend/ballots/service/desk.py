"""The polling desk of one process: casting without the edge's transaction, and the one-second tally."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import orjson
from sqlalchemy.engine import Engine

from backend.ballots.queries import ballots as queries
from backend.ballots.queries.tally import moment_of, participation
from backend.ballots.repository.cast import Statements
from backend.ballots.rules.meta import BallotMeta
from backend.ballots.service.casting import CastVote, Recorded, cast_vote
from backend.infra.database import open_session
from backend.kernel.access import Actor
from backend.kernel.errors import DomainError, NotFound

TALLY_SECONDS = 1.0
# From this age on one thread counts anew, while the others still answer with what is not yet a second old.
_RENEW_SECONDS = 0.85
_MAX_KEPT = 1024


@dataclass(frozen=True, slots=True)
class Paper:
    """What a voter submits: one choice per motion, for one or several of their own entries at once."""

    ballot_id: str
    entry_ids: Sequence[str]
    choices: Mapping[str, str]
    documents_hash: str
    idempotency_key: str
    token_hash: bytes


@dataclass(frozen=True, slots=True)
class Refused:
    """An entry of a joint submission that was not recorded, and why."""

    entry_id: str
    code: str
    message: str


@dataclass(slots=True)
class _Tally:
    read_at: float
    estate_id: str
    body: bytes
    etag: str
    moment: tuple[int, dict[str, int]] | None


class PollingDesk:
    """One per process, any number of threads; what it keeps is immutable or a second old."""

    def __init__(self, engine: Engine, statements: Statements) -> None:
        self._engine = engine
        self._statements = statements
        self._metas: dict[str, BallotMeta] = {}
        self._tallies: dict[str, _Tally] = {}
        self._locks: dict[str, threading.Lock] = {}

    def cast(self, paper: Paper) -> tuple[list[Recorded], list[Refused]]:
        """Record the paper for each entry, one statement each; a retry under the same key repeats nothing.

        Raises what the first entry was refused for when none was recorded.
        """
        meta = self._meta(paper.ballot_id)
        recorded: list[Recorded] = []
        refused: list[Refused] = []
        first_error: DomainError | None = None
        for number, entry_id in enumerate(paper.entry_ids):
            key = paper.idempotency_key if number == 0 else f"{paper.idempotency_key}#{number}"
            command = CastVote(meta, entry_id, paper.choices, paper.documents_hash, key, paper.token_hash)
            try:
                recorded.append(cast_vote(self._statements, command))
            except DomainError as error:
                first_error = first_error or error
                refused.append(Refused(entry_id, error.code, error.message))
        if not recorded and first_error is not None:
            raise first_error
        return recorded, refused

    def tally(self, ballot_id: str, actor: Actor) -> tuple[bytes, str]:
        """Return the participation JSON and its ETag, at most a second old, to members of the estate."""
        kept = self._tallies.get(ballot_id)
        age = TALLY_SECONDS if kept is None else time.monotonic() - kept.read_at
        if kept is None or age >= _RENEW_SECONDS:
            kept = self._renew(ballot_id, kept if age < TALLY_SECONDS else None)
        if kept.estate_id not in actor.estate_ids():
            raise NotFound
        return kept.body, kept.etag

    def _meta(self, ballot_id: str) -> BallotMeta:
        meta = self._metas.get(ballot_id)
        if meta is None:
            with open_session(self._engine, read_only=True) as session:
                meta = queries.ballot_meta(session, ballot_id)
            if meta is None:
                raise NotFound
            if len(self._metas) >= _MAX_KEPT:
                self._metas.clear()
            self._metas[ballot_id] = meta
        return meta

    def _renew(self, ballot_id: str, good: _Tally | None) -> _Tally:
        """Count once for all threads that ask at the same moment; ``good`` is what those may have who need not wait."""
        lock = self._locks.setdefault(ballot_id, threading.Lock())
        if not lock.acquire(blocking=good is None):
            assert good is not None
            return good
        try:
            kept = self._tallies.get(ballot_id)
            if kept is not None and time.monotonic() - kept.read_at < _RENEW_SECONDS:
                return kept
            return self._count(ballot_id)
        finally:
            lock.release()

    def _count(self, ballot_id: str) -> _Tally:
        asked_at = time.monotonic()
        with open_session(self._engine, read_only=True) as session:
            ballot = queries.find_announced(session, ballot_id)
            if ballot is None:
                self._locks.pop(ballot_id, None)
                raise NotFound
            last = self._tallies.get(ballot_id)
            # Read before the count: a vote that comes in between is counted now, and once more the next time.
            # Nothing to compare with, nothing to read: whoever asks first waits for one pass only.
            moment = None if last is None else moment_of(session, ballot)
            if last is not None and last.moment == moment:
                last.read_at = asked_at
                return last
            counted = {"ballot": ballot.id, "state": ballot.state, **participation(session, ballot)}
        body = orjson.dumps(counted)
        kept = _Tally(asked_at, ballot.estate_id, body, f'"{sha256(body).hexdigest()[:24]}"', moment)
        if len(self._tallies) >= _MAX_KEPT:
            self._tallies.clear()
        self._tallies[ballot_id] = kept
        return kept
