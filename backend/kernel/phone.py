"""Telephone numbers as people write them in China, brought to one form so that equal numbers are equal."""

from __future__ import annotations

import re
import unicodedata

_MOBILE = re.compile(r"1[3-9]\d{9}\Z", re.ASCII)
_LANDLINE = re.compile(r"0(?:10|2\d|[3-9]\d{2})[2-9]\d{6,7}\Z", re.ASCII)
_NOISE = re.compile(r"[\s\-‐-―−.·()]+")
_LONGEST = 40


def normalise_phone(text: str) -> str | None:
    """Return the digits of a mainland mobile or of a landline with its area code, or None.

    Full-width digits, spaces, dashes, brackets and +86/0086 are accepted.
    """
    if len(text) > _LONGEST:
        return None
    digits = _NOISE.sub("", unicodedata.normalize("NFKC", text))
    for prefix in ("+86", "0086", "86"):
        rest = digits.removeprefix(prefix)
        if rest != digits and (_MOBILE.match(rest) or _LANDLINE.match("0" + rest.removeprefix("0"))):
            digits = rest if _MOBILE.match(rest) else "0" + rest.removeprefix("0")
            break
    return digits if _MOBILE.match(digits) or _LANDLINE.match(digits) else None


def is_mobile(number: str) -> bool:
    """Tell whether a normalised number takes text messages."""
    return _MOBILE.match(number) is not None


def mask_phone(text: str) -> str:
    """Return a number as it may be shown: first three and last two characters."""
    if len(text) < 7:
        return "*" * len(text)
    return f"{text[:3]}{'*' * (len(text) - 5)}{text[-2:]}"
