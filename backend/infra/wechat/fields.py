"""Formats of the fields of subscription and template messages, checked before a message is queued.

WeChat refuses a subscription message with 47003 for one wrong field, and cuts an Official Account's silently.
Source: WeChat's table of parameter types for subscription messages; times are the two forms it shows.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"([a-z_]+?)([0-9]{1,2})")
_TIME = r"([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9])?"
_DATE = r"[0-9]{4}年(1[0-2]|0?[1-9])月(3[01]|[12][0-9]|0?[1-9])日"
_HAN = r"[\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"

_PLAIN = r"[^\x00-\x1f\x7f-\x9f\u2028\u2029]"

_FORMATS = {
    "thing": (rf"{_PLAIN}{{1,20}}", "1 to 20 characters in one line"),
    "number": (r"(?=.{1,32}$)[0-9]+(\.[0-9]+)?", "at most 32 digits, with or without a decimal point"),
    "letter": (r"[A-Za-z]{1,32}", "at most 32 letters"),
    "symbol": (r"[^\w\s]{1,5}", "at most 5 symbols"),
    "character_string": (
        r"[\x21-\x7e]([\x20-\x7e]{0,30}[\x21-\x7e])?",
        "at most 32 digits, letters or symbols",
    ),
    "time": (rf"({_DATE} )?{_TIME}", "15:01 or 2026年10月1日 15:01"),
    "date": (rf"{_DATE}( {_TIME})?", "2026年10月1日 or 2026年10月1日 15:01"),
    "amount": (r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]+)?元?", "a currency sign, at most 10 digits, 元"),
    "phone_number": (r"[0-9+()\-*# ]{1,17}", "at most 17 digits and symbols"),
    "car_number": (rf"({_HAN}|[A-Z0-9])[A-Z0-9]{{1,6}}({_HAN}|[A-Z0-9])?", "at most 8 characters"),
    "name": (
        rf"{_HAN}{{1,10}}|(?=.*\S)[A-Za-z\W]{{1,20}}",
        "at most 10 Chinese characters, or 20 letters and symbols",
    ),
    "phrase": (rf"{_HAN}{{1,5}}", "at most 5 Chinese characters"),
    "const": (rf"{_PLAIN}{{1,20}}", "one of the template's own values"),
}
_PATTERNS = {kind: re.compile(pattern) for kind, (pattern, _) in _FORMATS.items()}
_ONE = re.compile(_PLAIN)
THING_LENGTH = 20
_ELLIPSIS = "…"


class FieldError(ValueError):
    """A field that WeChat would refuse; ``field`` and ``reason`` hold nothing of its value."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(f"{field}: {reason}")
        self.field = field
        self.reason = reason


def check_fields(data: Mapping[str, str]) -> None:
    """Refuse (FieldError) data that does not fit its names, such as ``thing1`` or ``phrase2``."""
    if not data:
        raise FieldError("data", "there is no field")
    for field, value in data.items():
        check_field(field, value)


def check_field(field: str, value: str) -> None:
    """Refuse (FieldError) one value that does not fit the kind in its field's name."""
    named = _NAME.fullmatch(field)
    if named is None or named[1] not in _FORMATS:
        raise FieldError(field, "WeChat knows no such kind of field")
    if not value.strip() or not _PATTERNS[named[1]].fullmatch(value):
        raise FieldError(field, f"must be {_FORMATS[named[1]][1]}")


def fit_thing(text: str) -> str:
    """Return a text as a ``thing``: one line, cut to 20 characters with an ellipsis that shows it.

    A text of blanks alone becomes empty, which no field may be.
    """
    line = " ".join("".join(mark if _ONE.fullmatch(mark) else " " for mark in text).split())
    return line if len(line) <= THING_LENGTH else line[: THING_LENGTH - 1] + _ELLIPSIS
