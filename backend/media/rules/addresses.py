"""Signed addresses: what is signed, how long they hold, and for whom."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

PURPOSE = "media.address"
# Addresses made in the same quarter of an hour are the same, so that a phone need not load a picture twice.
_STEP_SECONDS = 900


class Variant(StrEnum):
    """Which form of a file."""

    FULL = "full"
    THUMB = "thumb"


class Audience(StrEnum):
    """``open``: only while the file is passed; ``held``: its uploader, staff and the content check."""

    OPEN = "open"
    HELD = "held"


def expiry(now: datetime) -> int:
    """Return the end of an address made now, in epoch seconds: 15 to 30 minutes ahead."""
    return (int(now.timestamp()) // _STEP_SECONDS + 2) * _STEP_SECONDS


def is_expired(expires: int, now: datetime) -> bool:
    """Tell whether an address has ended (it holds until just before ``expires``)."""
    return now.timestamp() >= expires


def signed_text(file_id: str, variant: Variant, audience: Audience, expires: int) -> str:
    """Return the text under the signature."""
    return f"{file_id}/{variant}/{audience}/{expires}"
