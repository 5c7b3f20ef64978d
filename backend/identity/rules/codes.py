"""Invite codes: ten characters a person can copy from paper, and a check character that finds slips."""

from __future__ import annotations

import secrets
import unicodedata

# Crockford's base 32: no I, L, O, U.
ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 11
_LOOKALIKES = str.maketrans({"I": "1", "L": "1", "O": "0"})


def check_character(body: str) -> str:
    """Return the character that finds every single slip and every swap of neighbours.

    A polynomial over GF(32) with x⁵ + x² + 1, which is what makes both kinds of slips certain to be found.
    """
    value = 0
    for character in body:
        value = _times_x(value ^ ALPHABET.index(character))
    return ALPHABET[value]


def _times_x(value: int) -> int:
    doubled = value << 1
    return doubled ^ 0b100101 if doubled & 32 else doubled


def new_code() -> str:
    """Return a new code: 50 random bits and the check character."""
    body = "".join(secrets.choice(ALPHABET) for _ in range(CODE_LENGTH - 1))
    return body + check_character(body)


def for_print(code: str) -> str:
    """Return the code in groups, as the letter shows it."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def normalise(text: str) -> str | None:
    """Return the code behind what a person typed, or None when it cannot be one."""
    plain = unicodedata.normalize("NFKC", text).upper().translate(_LOOKALIKES)
    code = "".join(character for character in plain if character not in " -—–_·.\t\n")
    if len(code) != CODE_LENGTH or not set(code) <= set(ALPHABET):
        return None
    return code if check_character(code[:-1]) == code[-1] else None
