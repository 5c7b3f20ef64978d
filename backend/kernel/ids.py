"""Opaque identifiers: 100 random bits, nothing to guess and nothing to count."""

from __future__ import annotations

import secrets

_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
ID_LENGTH = 20


def new_id() -> str:
    """Return a new 20-character identifier (Crockford base 32, lower case)."""
    bits = secrets.randbits(5 * ID_LENGTH)
    return "".join(_ALPHABET[(bits >> shift) & 31] for shift in range(0, 5 * ID_LENGTH, 5))
