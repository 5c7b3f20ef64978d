"""Sources, categories and the words residents read: no phones, and no doors in public."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum


class Source(StrEnum):
    """How a problem became known (domain.md §6)."""

    COMPLAINT = "complaint"
    INSPECTION = "inspection"
    AUDIT = "audit"
    SUPERVISION = "supervision"
    PETITION = "petition"
    MEDIA = "media"
    WARNING = "warning"
    FOLLOW_UP = "follow_up"
    OTHER = "other"


SOURCE_TITLES: Mapping[Source, str] = {
    Source.COMPLAINT: "投诉",
    Source.INSPECTION: "检查",
    Source.AUDIT: "审计",
    Source.SUPERVISION: "督导",
    Source.PETITION: "信访",
    Source.MEDIA: "媒体",
    Source.WARNING: "项目预警",
    Source.FOLLOW_UP: "质量回访",
    Source.OTHER: "其他",
}


class Category(StrEnum):
    """The three classes of works that the policies name."""

    BASIC = "basic"
    COMPLETING = "completing"
    UPGRADING = "upgrading"


CATEGORY_TITLES: Mapping[Category, str] = {
    Category.BASIC: "基础类",
    Category.COMPLETING: "完善类",
    Category.UPGRADING: "提升类",
}

_PHONE = re.compile(r"(?<!\d)(?:1[3-9]\d[\s-]?\d{4}[\s-]?\d{4}|0\d{2,3}-?\d{7,8})(?!\d)")
_NAME_ENDS = re.compile(r"[\d:：,，、;；/()（）+-]")
_DOOR = re.compile(
    r"(?P<building>[0-9A-Za-z甲乙丙丁东南西北]{1,6}(?:号楼|栋|幢|座|楼|#))[^，。；,;]{0,6}?(?:\d{1,2}单元[^，。；,;]{0,3}?)?"
    r"\d{3,4}(?:室|号|户)?(?!\d|个|米|平|元|年|mm)"
    r"|(?<![\d-])(?P<short>\d{1,3})-(?:\d{1,2}-)?\d{3,4}(?![\d-])"
    r"|\d{1,2}单元\s?\d{3,4}"
    r"|(?<!\d)\d{3,4}室"
)


def private_words(text: str) -> str | None:
    """Return what of a public text belongs to a household (a phone, a door), None when nothing does."""
    if _PHONE.search(text):
        return "写有电话号码"
    if _DOOR.search(text):
        return "写有门牌号"
    return None


def split_place(text: str) -> tuple[str, str | None]:
    """Return the place as the public reads it and, where it names a door, the whole text for staff alone."""
    found = _DOOR.search(text)
    if found is None:
        return text, None
    if found["building"]:
        return found["building"], text
    return (f"{found['short']}栋" if found["short"] else "楼内"), text


def share_a_name(first: str, second: str) -> bool:
    """Tell whether two texts (``张三 13800000001、李四``) may name the same person; spaces in a name do not matter."""
    return not _names(first).isdisjoint(_names(second))


def _names(text: str) -> set[str]:
    found = set()
    for part in _NAME_ENDS.split(text):
        words = part.split()
        found |= {"".join(words), *words}
    return {name for name in found if len(name) > 1}


def mask_person(text: str) -> str:
    """Return a person as whoever may not know them reads it."""
    return text[:1] + "**" if text else ""
