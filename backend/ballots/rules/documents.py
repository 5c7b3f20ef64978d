"""What a vote is bound to: the documents shown and the very words of the motions."""

from __future__ import annotations

from collections.abc import Iterable
from hashlib import sha256

from backend.ledger.rules.canonical import encode
from backend.ledger.rules.leaf import document_set_hash


def motions_text(motions: Iterable[tuple[str, str, str, tuple[str, ...]]]) -> bytes:
    """Return the canonical bytes of the motions ``(id, title, body, rule ids)`` in their order on the paper."""
    rows = [
        {"id": key, "title": title, "body": body, "rules": list(rules)} for key, title, body, rules in motions
    ]
    return encode({"motions": rows})


def bind_documents(motions: bytes, documents: Iterable[str]) -> str:
    """Return the hash a vote is bound to: over the motions' text and every document's SHA-256 (domain §7)."""
    return document_set_hash([sha256(motions).hexdigest(), *documents])
