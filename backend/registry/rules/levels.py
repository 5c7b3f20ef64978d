"""Which organisation may stand under which."""

from __future__ import annotations

LEVELS = ("province", "city", "county", "town", "community")

LEVEL_NAMES = {
    "province": "省",
    "city": "市",
    "county": "县（区）",
    "town": "乡镇（街道）",
    "community": "社区",
}


def may_stand_under(kind: str, parent_kind: str | None) -> bool:
    """Tell whether ``kind`` is below ``parent_kind``; levels may be skipped (直辖市 have no city above)."""
    if parent_kind is None:
        return kind != "community"
    return LEVELS.index(kind) > LEVELS.index(parent_kind)
