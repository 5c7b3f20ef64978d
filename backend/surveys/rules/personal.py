"""Personal data in free text: phones, identity and bank numbers, plates, addresses, doors; found and masked.

Names cannot be told from other words; whoever reads texts is reminded of that.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from backend.kernel.phone import mask_phone
from backend.notices.rules import mask_door

KIND_TITLES = {
    "phone": "电话号码",
    "identity": "身份证号码",
    "card": "银行卡号",
    "email": "电子邮箱",
    "plate": "车牌号",
    "door": "房号",
}
# Full-width digits, letters and + - . @ as a Chinese keyboard writes them.
_HALF_WIDTH = {
    code: code - 0xFEE0
    for code in (
        *range(0xFF10, 0xFF1A),
        *range(0xFF21, 0xFF3B),
        *range(0xFF41, 0xFF5B),
        0xFF0B,
        0xFF0D,
        0xFF0E,
        0xFF20,
    )
}
_GAP = r"[\s\-—·.]?"
_PATTERNS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("email", re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,4}")),
    ("identity", re.compile(r"(?<![0-9])[1-9][0-9]{5}(?:19|20)[0-9]{9}[0-9Xx](?![0-9])")),
    ("phone", re.compile(rf"(?<![0-9])(?:\+?86{_GAP})?1[3-9](?:{_GAP}[0-9]){{9}}(?![0-9])")),
    ("phone", re.compile(r"(?<![0-9])0[0-9]{2,3}[\s\-]?[2-9][0-9]{6,7}(?![0-9])")),
    ("card", re.compile(r"(?<![0-9])(?:[0-9][\s\-]?){15,18}[0-9](?![0-9])")),
    (
        "plate",
        re.compile(
            r"[京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼][A-Z][·\s]?[A-Z0-9]{5,6}"
        ),
    ),
    (
        "door",
        re.compile(
            r"[0-9]{1,3}(?:号楼|栋|幢|座|楼)(?:[0-9一二三四五六七八九十]{1,3}(?:单元|门))?[0-9]{3,4}(?:室|号|房)?"
        ),
    ),
    ("door", re.compile(r"[0-9一二三四五六七八九十]{1,3}单元[0-9]{3,4}(?:室|号|房)?")),
    ("door", re.compile(r"(?<![0-9-])[0-9]{1,3}-[0-9]{1,2}-[0-9]{3,4}(?![0-9-])")),
)


@dataclass(frozen=True, slots=True)
class Masked:
    """A text as it may be stored and shown, and the kinds of personal data that were found in it."""

    text: str
    found: tuple[str, ...]


def mask_personal(text: str) -> Masked:
    """Return the text, digits and letters in half width, with every number that points to a person masked."""
    plain = text.translate(_HALF_WIDTH).strip()
    found: dict[str, None] = {}
    for kind, pattern in _PATTERNS:
        masked = pattern.sub(lambda match, kind=kind: _mask(kind, match[0]), plain)  # type: ignore[misc] # mypy cannot infer a lambda's default
        if masked != plain:
            found[kind] = None
        plain = masked
    return Masked(plain, tuple(found))


def _mask(kind: str, value: str) -> str:
    if kind == "door":
        return mask_door(value)
    if kind == "phone":
        return mask_phone(re.sub(r"[\s\-—·.+]", "", value))
    return value[:1] + "*" * (len(value) - 1)
