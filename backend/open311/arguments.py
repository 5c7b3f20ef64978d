"""What a client sent, name by name: UTF-8, empty is absent, and everything wrong is gathered and told at once."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

from backend.complaints.rules.redaction import clean
from backend.open311 import messages
from backend.open311.refusals import Problem, Refused, refuse

MOST_FIELDS = 200
SPAN = timedelta(days=90)
_DECIMAL = re.compile(r"[+-]?[0-9]{1,3}(\.[0-9]{1,20})?")
_MOMENT = re.compile(
    r"(?:19[7-9]|2[01][0-9])[0-9]-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?(Z|[+-][0-9]{2}:[0-9]{2})"
)
_INTEGER = re.compile(r"[0-9]{1,6}")
_YEARS = (1970, 2199)

Pairs = list[tuple[str, str]]


def read_pairs(raw: bytes) -> Pairs:
    """Return names and values of a query or a form in the order they were sent; raises Refused for what is neither."""
    try:
        return parse_qsl(
            raw.decode("utf-8"),
            keep_blank_values=True,
            encoding="utf-8",
            errors="strict",
            max_num_fields=MOST_FIELDS,
        )
    except UnicodeDecodeError as error:
        raise refuse(messages.NOT_UTF8) from error
    except ValueError as error:
        raise refuse(messages.TOO_MANY_FIELDS) from error


class Arguments:
    """The arguments of one request; what is wrong is noted and raised by ``check``."""

    def __init__(self, pairs: Pairs) -> None:
        self._values: dict[str, list[str]] = {}
        self.problems: list[Problem] = []
        for name, value in pairs:
            if "\x00" in name or "\x00" in value:
                raise refuse(messages.CONTROL)
            if clean(value):
                self._values.setdefault(name, []).append(clean(value))

    def names(self) -> list[str]:
        """Return the names of what was sent and is not empty."""
        return list(self._values)

    def note(self, where: str, message: str, code: int = 400) -> None:
        """Note that something is wrong."""
        self.problems.append(Problem(message, where, code))

    def check(self) -> None:
        """Refuse the request if anything was wrong."""
        if self.problems:
            raise Refused(self.problems)

    def every(self, name: str) -> list[str]:
        """Return every value of a name."""
        return self._values.get(name, [])

    def one(self, name: str, most: int = 200) -> str | None:
        """Return the value of a name, None when it is absent; sent twice with two values it is wrong."""
        values = set(self.every(name))
        if len(values) > 1:
            self.note(name, messages.REPEATED)
            return None
        text = next(iter(values), None)
        if text is not None and len(text) > most:
            self.note(name, messages.TOO_LONG.format(most=most))
            return None
        return text

    def listed(self, name: str) -> list[str]:
        """Return the values of a name that may be given several times, or with commas between them."""
        parts = [part.strip() for value in self.every(name) for part in value.split(",")]
        return list(dict.fromkeys(filter(None, parts)))

    def number(self, name: str, low: int, high: int) -> int | None:
        """Return a decimal number in millionths, or None."""
        text = self.one(name)
        if text is None:
            return None
        if not _DECIMAL.fullmatch(text):
            self.note(name, messages.NOT_A_NUMBER)
            return None
        if not low <= float(text) <= high:
            self.note(name, messages.OUT_OF_RANGE.format(low=low, high=high))
            return None
        return round(float(text) * 1_000_000)

    def moment(self, name: str) -> datetime | None:
        """Return an instant, or None; a ``+`` that became a blank on the way is a ``+``."""
        text = self.one(name)
        found = None if text is None else read_moment(text)
        if text is not None and found is None:
            self.note(name, messages.NOT_A_MOMENT)
        return found

    def count(self, name: str, usual: int, most: int) -> int:
        """Return a whole number of one or more."""
        text = self.one(name)
        if text is None:
            return usual
        if not _INTEGER.fullmatch(text) or not 1 <= int(text) <= most:
            self.note(name, messages.NOT_A_PAGE.format(most=most))
            return usual
        return int(text)

    def span(self, now: datetime) -> tuple[datetime, datetime]:
        """Return the span of time asked for, both ends included: at most 90 days, the last 90 by default."""
        since, until = self.moment("start_date"), self.moment("end_date")
        if since is not None and until is not None:
            if until < since:
                self.note("end_date", messages.WRONG_ORDER)
            elif until - since > SPAN:
                self.note("end_date", messages.TOO_WIDE)
            return since, until
        if since is not None:
            return since, since + SPAN
        until = until or now
        return until - SPAN, until


def read_moment(text: str) -> datetime | None:
    """Return the instant of a W3C date and time with a zone, None for anything else."""
    if not _MOMENT.fullmatch(text.replace(" ", "+")):
        return None
    try:
        found = datetime.fromisoformat(text.replace(" ", "+"))
    except ValueError:
        return None
    return found.astimezone(UTC) if _YEARS[0] < found.year < _YEARS[1] else None
