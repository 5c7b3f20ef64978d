"""Numbers that are read out on the telephone and cannot be guessed or counted."""

from __future__ import annotations

from backend.kernel.ids import new_id
from backend.ledger.rules.receipt import format_receipt, new_receipt, parse_receipt


def new_number() -> str:
    """Return a new complaint number: eleven random digits and a check digit."""
    return new_receipt()


def format_number(number: str) -> str:
    """Return the number as people read it: ``1234-5678-9012``."""
    return format_receipt(number)


def parse_number(text: str) -> str | None:
    """Return the number behind what somebody typed, None where the check digit says it is mistyped."""
    return parse_receipt(text)


def new_token() -> str:
    """Return the secret of one question after the work: 100 random bits."""
    return new_id()


def parse_code(text: str) -> str:
    """Return a code as it was given out, however somebody typed it."""
    return text.strip().lower().replace("-", "").replace(" ", "").replace("o", "0").replace("l", "1")
