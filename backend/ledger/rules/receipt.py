"""Receipt codes: eleven random digits and a Damm check digit, easy to read out on the telephone."""

from __future__ import annotations

import secrets

DIGITS = 12

# Damm's totally anti-symmetric quasigroup of order 10: finds every single wrong digit and adjacent swap.
_TABLE = (
    "0317598642",
    "7092154863",
    "4206871359",
    "1750983426",
    "6123045978",
    "3674209581",
    "5869720134",
    "8945362017",
    "9438617205",
    "2581436790",
)
_FULL_WIDTH = {ord("０") + digit: str(digit) for digit in range(10)}
_SEPARATORS = dict.fromkeys(map(ord, " \t\r\n\u00a0\u3000-‐‑‒–—―−－_·."))


def check_digit(digits: str) -> str:
    """Return the Damm check digit of a string of ASCII digits; of a complete code it is ``0``."""
    interim = 0
    for digit in digits:
        interim = int(_TABLE[interim][int(digit)])
    return str(interim)


def new_receipt() -> str:
    """Return a new code of 12 digits: 36.5 random bits and the check digit."""
    body = f"{secrets.randbelow(10 ** (DIGITS - 1)):0{DIGITS - 1}d}"
    return body + check_digit(body)


def format_receipt(code: str) -> str:
    """Return the code as people read it: ``1234-5678-9012``."""
    return f"{code[:4]}-{code[4:8]}-{code[8:]}"


def parse_receipt(text: str) -> str | None:
    """Return the 12 digits of what a person typed (spaces, dashes, full-width allowed), None if mistyped."""
    digits = text.translate({**_FULL_WIDTH, **_SEPARATORS})
    if len(digits) != DIGITS or not (digits.isascii() and digits.isdigit()):
        return None
    return digits if check_digit(digits) == "0" else None
