"""Leaves: what is hashed into a tree, and its one canonical form."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from backend.ledger.rules.canonical import encode
from backend.ledger.rules.merkle import hash_leaf

NONCE_LENGTH = 32

_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z_.-]{0,63}")
_HEX64 = re.compile(r"[0-9a-f]{64}")
_INSTANT = re.compile(
    r"\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):[0-5]\d:[0-5]\d\.\d{6}Z", re.ASCII
)
_REASON = re.compile(r"[a-z][a-z0-9_.]{0,63}")


class VoteState(StrEnum):
    """States of an arrival (architecture §3); replaced and rejected are terminal."""

    STANDING = "standing"
    PENDING = "pending"
    HELD = "held"
    REPLACED = "replaced"
    REJECTED = "rejected"


CHANNELS = frozenset({"online", "paper", "proxy", "legacy"})
ARRIVAL_STATES = frozenset({VoteState.STANDING, VoteState.HELD, VoteState.PENDING})


class BadLeaf(ValueError):
    """A leaf object has the wrong form; the message names the field and the fault in Chinese."""


@dataclass(frozen=True, slots=True)
class Arrival:
    """One arrival of a whole paper, with a choice for every motion.

    ``entry`` is the pseudonym of the roll entry, ``documents`` and ``photo`` are SHA-256 in hex,
    ``cast_at`` is the canonical instant of ``kernel.clock.iso``.
    """

    ballot: str
    vote: str
    entry: str
    choices: Mapping[str, str]
    channel: str
    state: str
    cast_at: str
    documents: str
    photo: str | None = None

    def to_object(self) -> dict[str, object]:
        """Return the JSON object that is hashed and exported."""
        return {
            "kind": "arrival",
            "ballot": self.ballot,
            "vote": self.vote,
            "entry": self.entry,
            "choices": {motion: str(choice) for motion, choice in self.choices.items()},
            "channel": str(self.channel),
            "state": str(self.state),
            "cast_at": self.cast_at,
            "documents": self.documents,
            "photo": self.photo,
        }


@dataclass(frozen=True, slots=True)
class Disposition:
    """A later change of state of an arrival: to which state, why (a code) and when."""

    ballot: str
    vote: str
    to: str
    reason: str
    at: str

    def to_object(self) -> dict[str, object]:
        """Return the JSON object that is hashed and exported."""
        return {
            "kind": "disposition",
            "ballot": self.ballot,
            "vote": self.vote,
            "to": str(self.to),
            "reason": self.reason,
            "at": self.at,
        }


@dataclass(frozen=True, slots=True)
class EventLeaf:
    """A fact of the general event ledger; ``subject`` is ``kind:id``, ``payload`` holds no personal data."""

    id: str
    type: str
    organisation: str | None
    actor: str | None
    subject: str
    at: str
    payload: Mapping[str, object]

    def to_object(self) -> dict[str, object]:
        """Return the JSON object that is hashed."""
        return {
            "kind": "event",
            "id": self.id,
            "type": self.type,
            "organisation": self.organisation,
            "actor": self.actor,
            "subject": self.subject,
            "at": self.at,
            "payload": dict(self.payload),
        }


BallotLeaf = Arrival | Disposition
Leaf = Arrival | Disposition | EventLeaf


def canonical(leaf: Leaf) -> bytes:
    """Return the canonical JSON bytes of a leaf."""
    return encode(leaf.to_object())


def leaf_hash(leaf: Leaf, nonce: bytes = b"") -> bytes:
    """Return SHA-256(0x00 ‖ canonical JSON ‖ nonce); ballot leaves need 32 bytes of nonce, events none.

    The nonce keeps a choice from being guessed out of a published hash.
    """
    if len(nonce) != (0 if isinstance(leaf, EventLeaf) else NONCE_LENGTH):
        raise ValueError("a ballot leaf has a nonce of 32 bytes, an event leaf has none")
    return hash_leaf(canonical(leaf) + nonce)


def document_set_hash(documents: Iterable[str]) -> str:
    """Return the hash binding a vote to the documents shown: over their sorted SHA-256 hex, one per line."""
    return sha256("".join(f"{digest}\n" for digest in sorted(documents)).encode()).hexdigest()


def parse_ballot_leaf(value: object) -> BallotLeaf:
    """Turn a decoded object into a leaf; raises BadLeaf naming the first wrong field."""
    if not isinstance(value, dict):
        raise BadLeaf("叶不是 JSON 对象")
    forms = {"arrival": (_ARRIVAL, Arrival), "disposition": (_DISPOSITION, Disposition)}
    kind = value.get("kind")
    if not isinstance(kind, str) or kind not in forms:
        raise BadLeaf("字段 kind 应为 arrival 或 disposition")
    checks, build = forms[kind]
    require_form(value, {"kind": lambda text: text == kind, **checks}, BadLeaf)
    leaf: BallotLeaf = build(**{name: item for name, item in value.items() if name != "kind"})
    return leaf


def require_form(
    value: object, checks: Mapping[str, Callable[[object], bool]], error: type[ValueError]
) -> Mapping[str, object]:
    """Demand exactly the named fields, each accepted by its check; else raise ``error`` naming the field."""
    if not isinstance(value, dict):
        raise error("应为 JSON 对象")
    for name in checks:
        if name not in value:
            raise error(f"缺少字段 {name}")
    for name, item in value.items():
        if name not in checks:
            raise error(f"多出字段 {name[:40]}")
        if not checks[name](item):
            raise error(f"字段 {name} 的值不符合规定")
    return value


def is_id(value: object) -> bool:
    """Tell whether this is an identifier: up to 64 of ``0-9 A-Z a-z _ . -``, the first alphanumeric."""
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def is_digest(value: object) -> bool:
    """Tell whether this is 32 bytes in lower-case hex."""
    return isinstance(value, str) and _HEX64.fullmatch(value) is not None


def is_instant(value: object) -> bool:
    """Tell whether this is a canonical instant: UTC, six decimals, ``Z``."""
    return isinstance(value, str) and _INSTANT.fullmatch(value) is not None


def _is_one_of(values: Iterable[str]) -> Callable[[object], bool]:
    allowed = frozenset(map(str, values))
    return lambda value: isinstance(value, str) and value in allowed


def _is_choices(value: object) -> bool:
    if not isinstance(value, dict) or not value:
        return False
    return all(is_id(motion) and is_id(choice) for motion, choice in value.items())


_ARRIVAL: Mapping[str, Callable[[object], bool]] = {
    "ballot": is_id,
    "vote": is_id,
    "entry": is_id,
    "choices": _is_choices,
    "channel": _is_one_of(CHANNELS),
    "state": _is_one_of(ARRIVAL_STATES),
    "cast_at": is_instant,
    "documents": is_digest,
    "photo": lambda value: value is None or is_digest(value),
}
_DISPOSITION: Mapping[str, Callable[[object], bool]] = {
    "ballot": is_id,
    "vote": is_id,
    "to": _is_one_of(VoteState),
    "reason": lambda value: isinstance(value, str) and _REASON.fullmatch(value) is not None,
    "at": is_instant,
}
