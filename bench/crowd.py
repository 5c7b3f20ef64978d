"""Distinct voters by the ten thousand: accounts, sessions, homes and roll entries, written in bulk."""

from __future__ import annotations

import json
import random
import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from sqlalchemy import insert

from backend.ballots.tables import RollEntry, Vote
from backend.identity.tables import Account, Binding, LoginSession
from backend.infra.context import Context
from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import new_receipt
from backend.registry.tables import Dwelling, Owner
from tests.factories.ballots import BallotFixture, make_ballot
from tests.factories.places import EstateFixture, make_estate

_PAGE = 2000


@dataclass(frozen=True)
class Crowd:
    """A ballot of an estate with its voters: bearer tokens and roll entries side by side."""

    ballot: BallotFixture
    tokens: list[str] = field(default_factory=list)
    entries: list[str] = field(default_factory=list)

    @staticmethod
    def openid_of(account_id: str) -> str:
        """Return what WeChat calls this voter."""
        return f"o-{account_id}"

    def vote_requests(self, start: int, count: int, path: str | None = None) -> list[bytes]:
        """Return whole votes of the next voters; with ``path`` the same bytes for another server."""
        target = path or f"/api/v1/ballots/{self.ballot.ballot_id}/votes"
        return [
            _request("POST", target, token, self._paper(entry))
            for token, entry in zip(
                self.tokens[start : start + count], self.entries[start : start + count], strict=True
            )
        ]

    def read_requests(self, count: int, path: str | None = None) -> list[bytes]:
        """Return tally reads of several readers."""
        target = path or f"/api/v1/ballots/{self.ballot.ballot_id}/tally"
        return [_request("GET", target, token) for token in self.tokens[:count]]

    def _paper(self, entry: str) -> bytes:
        first, second = self.ballot.motion_ids
        paper = {
            "entries": [entry],
            "choices": {first: "for", second: "against"},
            "documents_hash": self.ballot.documents_hash,
        }
        return json.dumps(paper).encode()


def _request(method: str, path: str, token: str, body: bytes = b"") -> bytes:
    head = f"{method} {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer {token}\r\n"
    if body:
        key = secrets.token_hex(8)
        head += f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\nIdempotency-Key: {key}\r\n"
    return head.encode() + b"\r\n" + body


def make_crowd(ctx: Context, size: int, *, voted: int = 0) -> Crowd:
    """Add an estate of ``size`` homes, each with a logged-in owner, and an open ballot; some have voted."""
    estate = make_estate(ctx, dwellings=1)
    crowd = Crowd(make_ballot(ctx, estate, kind="plan", motions=2))
    now = ctx.clock.now()
    for start in range(0, size, _PAGE):
        rows: dict[type, list[dict[str, Any]]] = {}
        for number in range(start, min(start + _PAGE, size)):
            token = secrets.token_urlsafe(32)
            made = dict(_household(estate, crowd.ballot.ballot_id, number, token, now))
            crowd.tokens.append(token)
            crowd.entries.append(made[RollEntry]["id"])
            openid = crowd.openid_of(made[Account]["id"])
            made[Account] |= {"openid_sealed": ctx.vault.seal(openid, "account.openid")}
            for table, row in made.items():
                rows.setdefault(table, []).append(row)
        for table, page in rows.items():
            _insert(ctx, table, page)
    for start in range(0, voted, _PAGE):
        chosen = crowd.entries[start : min(start + _PAGE, voted)]
        _insert(ctx, Vote, [_vote(crowd.ballot, entry, now) for entry in chosen])
    return crowd


def _insert(ctx: Context, table: type, rows: Sequence[dict[str, Any]]) -> None:
    ctx.session.connection().execute(insert(table), list(rows))


def _household(
    estate: EstateFixture, ballot_id: str, number: int, token: str, now: datetime
) -> Iterator[tuple[type, dict[str, Any]]]:
    """Yield the rows of one home, each after what it refers to; the roll entry comes last."""
    owner, dwelling, account = new_id(), new_id(), new_id()
    yesterday = now - timedelta(days=1)
    place = {"estate_id": estate.estate.id, "building_id": estate.building_ids[0]}
    yield (
        Owner,
        {
            "id": owner,
            "estate_id": estate.estate.id,
            "key": f"B{number}",
            "kind": "person",
            "name_sealed": "-",
        },
    )
    home = {"id": dwelling, **place, "entrance_id": estate.entrance_ids[0], "key": f"B{number}"}
    home |= {"code": f"B{number}", "use": "residential", "exclusive_area_centi": 8000, "owner_id": owner}
    yield Dwelling, home | {"area_source": "registration", "is_household": True, "state": "active"}
    yield Account, {"id": account, "kind": "resident", "openid_index": account, "created_at": yesterday}
    session = {"token_hash": sha256(token.encode()).digest(), "account_id": account, "public_id": new_id()}
    expires_at = now + timedelta(days=30)
    yield LoginSession, session | {"device": "bench", "created_at": yesterday, "expires_at": expires_at}
    binding = {"id": new_id(), "account_id": account, "dwelling_id": dwelling, **place, "relation": "owner"}
    binding |= {"state": "active", "via": "invite", "requested_at": yesterday, "effective_at": yesterday}
    yield Binding, binding
    entry = {"id": new_id(), "ballot_id": ballot_id, "dwelling_id": dwelling, "owner_id": owner}
    entry |= {"building_id": place["building_id"], "entrance_id": estate.entrance_ids[0]}
    entry |= {"building_label": "1栋", "entrance_label": "1单元", "door_label": str(number)}
    entry |= {"pseudonym": f"e{new_id()[:12]}", "head_no": number + 2, "head_pseudonym": f"h{new_id()[:12]}"}
    yield RollEntry, entry | {"area_centi": 8000, "is_household": True, "is_removed": False}


def _vote(ballot: BallotFixture, entry: str, now: datetime) -> dict[str, Any]:
    return {
        "receipt": new_receipt(),
        "ballot_id": ballot.ballot_id,
        "roll_entry_id": entry,
        "account_id": new_id(),
        "idempotency_key": secrets.token_hex(8),
        "request_hash": secrets.token_bytes(32),
        "channel": "online",
        "arrived_as": "standing",
        "state": "standing",
        "choices": "".join(random.choices("fab", k=2)),
        "documents_hash": ballot.documents_hash,
        "nonce": secrets.token_bytes(32),
        "cast_at": now,
    }
