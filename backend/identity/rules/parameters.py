"""Numbers a community or operator may set; every default that no source decides is a [choice]."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class Parameters:
    """Lifetimes, limits and waiting times."""

    resident_session: timedelta = timedelta(days=30)
    staff_session: timedelta = timedelta(hours=12)
    # Wrong tries within the window that lock: one person at one address, one person anywhere, one address. [choice]
    tries: int = 5
    tries_account: int = 20
    tries_address: int = 100
    # How long an address counts as somebody's own after a login there. [choice]
    known_address: timedelta = timedelta(days=30)
    tries_window: timedelta = timedelta(minutes=10)
    invite_validity: timedelta = timedelta(days=60)
    # 网络安全法 21: network logs at least six months; sessions and failed tries are such logs.
    log_retention: timedelta = timedelta(days=185)
    invite_retention: timedelta = timedelta(days=30)
    # Photos of papers: long enough to weigh an objection to the decision. [choice]
    proof_retention: timedelta = timedelta(days=30)
    waiting_hours: int = 24
    chat_code_validity: timedelta = timedelta(minutes=10)
