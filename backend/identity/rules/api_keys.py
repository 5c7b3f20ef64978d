"""Keys of outside systems: what one looks like, and until when it may live."""

from __future__ import annotations

import re
from datetime import date, timedelta

from backend.kernel.ids import new_id

MOST_DAYS = 730
USUAL_DAYS = 365
MOST_A_DAY = 100_000
USUAL_A_DAY = 1_000
# A fixed beginning lets programs that look for secrets in files and pages find one.
_BEGINNING = "gjk_"
_KEY = re.compile(_BEGINNING + "[0-9a-z]{40}")


def new_key() -> str:
    """Return a new key: 200 random bits."""
    return _BEGINNING + new_id() + new_id()


def could_be_key(text: str) -> bool:
    """Tell whether a text has the form of a key at all."""
    return _KEY.fullmatch(text) is not None


def hint_of(key: str) -> str:
    """Return what lists show of a key: its last four characters."""
    return key[-4:]


def is_expiry_possible(expires_on: date, today: date) -> bool:
    """Tell whether a key made today may live until the end of that day: a day at least, two years at most."""
    return today < expires_on <= today + timedelta(days=MOST_DAYS)
