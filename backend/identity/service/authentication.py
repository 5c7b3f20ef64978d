"""From a token's hash to an actor: the one way in."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from datetime import datetime

from sqlalchemy.engine import Engine
from sqlmodel import Session, select

from backend.identity import repository
from backend.identity.tables import Account
from backend.infra.database import open_session
from backend.kernel.access import Actor, Grant, Home, Role, Scope
from backend.kernel.clock import local_date


def authenticate(session: Session, token_hash: bytes) -> Actor | None:
    """Return who holds this token now, or None; two queries, judged by the database's time."""
    found = repository.find_live_session(session, token_hash)
    if found is None:
        return None
    account_id, kind, now = found
    if kind == "staff":
        return Actor("staff", account_id, grants=_grants(session, account_id, now), session_hash=token_hash)
    return Actor("resident", account_id, homes=_homes(session, account_id, now), session_hash=token_hash)


def recognise(session: Session, account_id: str) -> Actor | None:
    """Return an active account as an actor without a session: whoever writes in a chat linked to it."""
    found = session.exec(
        select(Account.kind, repository.database_now().label("now")).where(
            Account.id == account_id, Account.state == "active"
        )
    ).first()
    if found is None:
        return None
    kind, now = found
    if kind == "staff":
        return Actor("staff", account_id, grants=_grants(session, account_id, now))
    return Actor("resident", account_id, homes=_homes(session, account_id, now))


def _homes(session: Session, account_id: str, now: datetime) -> tuple[Home, ...]:
    return tuple(
        Home(row.id, row.dwelling_id, row.estate_id, row.building_id, row.relation)
        for row in repository.homes_of(session, account_id, now)
    )


def _grants(session: Session, account_id: str, now: datetime) -> tuple[Grant, ...]:
    return tuple(
        Grant(Role(row.role), Scope(row.organisation_path, row.estate_id, row.building_id, row.entrance_id))
        for row in repository.grants_of(session, account_id, local_date(now))
    )


class CachedAuthenticator:
    """Answers reads from at most ``seconds`` ago, per process; everything else asks the database."""

    def __init__(self, engine: Engine, *, seconds: float = 1.0, size: int = 4096) -> None:
        self._engine = engine
        self._seconds = seconds
        self._size = size
        self._lock = threading.Lock()
        self._known: OrderedDict[bytes, tuple[float, Actor | None]] = OrderedDict()

    def fresh(self, session: Session, token_hash: bytes) -> Actor | None:
        """Read the session row now, in the caller's transaction."""
        return authenticate(session, token_hash)

    def cached(self, token_hash: bytes) -> Actor | None:
        """Answer a read; unknown tokens are remembered too, so that floods of them cost nothing."""
        asked_at = time.monotonic()
        with self._lock:
            entry = self._known.get(token_hash)
        if entry is not None and asked_at - entry[0] < self._seconds:
            return entry[1]
        with open_session(self._engine, read_only=True) as session:
            actor = authenticate(session, token_hash)
        with self._lock:
            self._known[token_hash] = (asked_at, actor)
            self._known.move_to_end(token_hash)
            while len(self._known) > self._size:
                self._known.popitem(last=False)
        return actor
