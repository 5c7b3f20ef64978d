"""Paper: until when sheets may be worked on, what the printed code says, who is called back."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256

CHECK_LENGTH = 12
CHECK_PURPOSE = "paper-ballot"  # the index space of the codes' check part

_CODE = re.compile(r"GJ1:([0-9a-z]{20}):([0-9a-z]{20}):([0-9a-f]{12})\Z")


@dataclass(frozen=True, slots=True)
class Window:
    """The instants of a ballot that paper depends on, and its state."""

    state: str
    opens_at: datetime | None
    closes_at: datetime | None
    counting_until: datetime | None
    counting_days: int


def takes_batches(window: Window, now: datetime) -> bool:
    """Tell whether a sealed batch may be registered or witnessed: only while voting runs (domain §3)."""
    if window.state != "open" or window.opens_at is None or window.closes_at is None:
        return False
    return window.opens_at <= now < window.closes_at


def takes_sheets(window: Window, now: datetime) -> bool:
    """Tell whether sheets may be entered, confirmed, returned or reviewed: until the count is closed.

    The deadline holds also while the closing job has not run yet (state still ``open``).
    """
    if window.state not in ("open", "counting") or window.opens_at is None or window.closes_at is None:
        return False
    until = window.counting_until or window.closes_at + timedelta(days=window.counting_days)
    return window.opens_at <= now < until


def code_subject(ballot_id: str, entry_id: str) -> str:
    """Return what the check part of a printed code is the blind index of."""
    return f"{ballot_id}:{entry_id}"


def printed_code(ballot_id: str, entry_id: str, check: str) -> str:
    """Return the QR payload of a printed ballot: ``GJ1:<ballot>:<entry>:<check>``."""
    return f"GJ1:{ballot_id}:{entry_id}:{check[:CHECK_LENGTH]}"


def parse_code(payload: str) -> tuple[str, str, str] | None:
    """Return ``(ballot id, entry id, check)`` of a scanned code, or None when it is not one of ours."""
    found = _CODE.match(payload.strip())
    return (found[1], found[2], found[3]) if found else None


def draw_sample(receipts: Iterable[str], seed: str, size: int) -> list[str]:
    """Return the receipts to call back: the ``size`` smallest by SHA-256 of ``seed:receipt``.

    Anybody who knows the published seed and the list can draw the same sample again; the order in which the
    receipts are given does not matter.
    """
    return sorted(receipts, key=lambda receipt: (_draw(seed, receipt), receipt))[:size]


def _draw(seed: str, receipt: str) -> bytes:
    return sha256(f"{seed}:{receipt}".encode()).digest()


def sheet_hash(parts: Sequence[str]) -> bytes:
    """Return the hash by which a repeated entry of the same sheet is known."""
    return sha256("\0".join(parts).encode()).digest()
