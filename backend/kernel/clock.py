"""Time as the rules see it: aware UTC instants, Asia/Shanghai days, half-open windows."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


class Clock(Protocol):
    """Anything that tells the database's time."""

    def now(self) -> datetime:
        """Return the present instant, aware, in UTC."""


def start_of_day(day: date) -> datetime:
    """Return 00:00 Asia/Shanghai of ``day`` as a UTC instant."""
    return datetime.combine(day, time(), SHANGHAI).astimezone(UTC)


def end_of_day(day: date) -> datetime:
    """Return the instant at which ``day`` has ended: the next day's 00:00 Asia/Shanghai (domain §3)."""
    return start_of_day(day + timedelta(days=1))


def local_date(instant: datetime) -> date:
    """Return the Asia/Shanghai calendar day of an aware instant."""
    return instant.astimezone(SHANGHAI).date()


def iso(instant: datetime) -> str:
    """Return the canonical text of an instant: UTC, microseconds, ``Z``."""
    return instant.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
