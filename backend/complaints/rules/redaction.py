"""Words as others may read them: telephone and identity numbers masked, and what would tell a hidden reporter."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

from backend.kernel.doors import mask_doors

MASK = "***"

# A number as people write it: digits with single spaces, dots or dashes between them.
_DIGITS = re.compile(r"(?<![0-9])(?:\+?86[ \-]?)?[0-9](?:[ \-.·]?[0-9]){5,24}[xX]?(?![0-9])")
_FULL_WIDTH = str.maketrans("０１２３４５６７８９－＋ｘＸ", "0123456789-+xX")
_IDENTITY = re.compile(r"[0-9]{17}[0-9xX]|[0-9]{15}")
_DATE = re.compile(r"(?:19|20)[0-9]{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12][0-9]|3[01])")
_CARD = re.compile(r"[0-9]{16,19}")
_WITHIN = re.compile(r"1[3-9][0-9]{9}|[0-9]{17}[0-9xX]")
_EMAIL = re.compile(r"[A-Za-z0-9._%+\-]+@[A-Za-z0-9.\-]+\.[A-Za-z]{2,}")
_WECHAT = re.compile(r"(微信号?|QQ号?|Ｑ+号?)([:： ]*)([A-Za-z0-9_\-]{5,20})", re.IGNORECASE)


def redact(text: str) -> str:
    """Return the text without telephone, identity and card numbers, addresses of mail and chat accounts."""
    plain = text.translate(_FULL_WIDTH)
    plain = _EMAIL.sub(MASK, plain)
    plain = _WECHAT.sub(rf"\1\2{MASK}", plain)
    return _DIGITS.sub(_masked, plain)


def redact_hidden(text: str, known: Iterable[str] = ()) -> str:
    """Return the text as a responsible party may read it when the reporter is hidden: no doors, no known names."""
    return mask_names(mask_doors(redact(text), MASK), known)


def mask_names(text: str, known: Iterable[str]) -> str:
    """Return the text without the names by which a reporter is known."""
    found = text
    for name in sorted({name.strip() for name in known}, key=len, reverse=True):
        if len(name) >= 2:
            found = found.replace(name, MASK)
    return found


def clean(text: str) -> str:
    """Return what a person typed without control and direction characters, ends trimmed."""
    kept = (c for c in text if c in "\n\t" or unicodedata.category(c) not in ("Cc", "Cf", "Cs", "Co"))
    return "".join(kept).strip()


def _masked(found: re.Match[str]) -> str:
    digits = re.sub(r"[^0-9xX]", "", found[0])
    is_mobile = re.fullmatch(r"(?:86)?1[3-9][0-9]{9}", digits) is not None
    is_landline = re.fullmatch(r"(?:86)?0[0-9]{9,11}", digits) is not None
    # Seven or eight digits in one piece; 3-12-1501 is a door and 20260301 a day.
    is_local = re.fullmatch(r"[2-9][0-9]{6,7}", found[0]) is not None and not _DATE.fullmatch(digits)
    is_document = _IDENTITY.fullmatch(digits) or _CARD.fullmatch(digits)
    # Two numbers with one space between them look like one long one.
    if is_mobile or is_landline or is_local or is_document or _WITHIN.search(digits):
        return MASK
    return found[0]
