"""Opaque identifiers: 100 random bits, nothing to guess and nothing to count."""

from __future__ import annotations

import secrets

_ALPHABET = b"0123456789abcdefghjkmnpqrstvwxyz"
# Every byte's low five bits as a letter: 256 is a multiple of 32, so each letter is equally likely.
_LETTERS = bytes(_ALPHABET[byte & 31] for byte in range(256))
ID_LENGTH = 20


def new_id() -> str:
    """Return a new 20-character identifier (Crockford base 32, lower case)."""
    return secrets.token_bytes(ID_LENGTH).translate(_LETTERS).decode()
