"""Codes typed in a chat: eight digits, which old people can read from one screen and type into another."""

from __future__ import annotations

import secrets
import unicodedata

LENGTH = 8


def new_chat_code() -> str:
    """Return eight random digits; five tries in ten minutes leave a guesser no hope."""
    return f"{secrets.randbelow(10**LENGTH):0{LENGTH}d}"


def read_chat_code(text: str) -> str | None:
    """Return the code of what a person typed (spaces, dashes, full width allowed), None where it is none."""
    plain = unicodedata.normalize("NFKC", text)
    digits = "".join(character for character in plain if character not in " -–—\t\n")
    return digits if len(digits) == LENGTH and digits.isascii() and digits.isdigit() else None
