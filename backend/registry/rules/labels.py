"""Door labels and the stable key of a dwelling: 楼栋/单元/房号."""

from __future__ import annotations

import re
import unicodedata

# Longest first: "号楼" before "楼".
_SUFFIXES = {
    "building": ("号楼", "栋", "幢", "座", "楼"),
    "entrance": ("单元",),
    "door": ("号房", "室", "房", "号"),
}
_PLAIN = re.compile(r"[0-9A-Za-z]+(?:[-－][0-9A-Za-z]+)*\Z")
_ZEROS = re.compile(r"\A0+(?=\d+\Z)")


def plain_code(text: str, level: str) -> str:
    """Return a code without the word after it: ``3号楼`` → ``3``; ``东楼`` stays as it is."""
    compact = "".join(unicodedata.normalize("NFKC", text).split())
    for suffix in _SUFFIXES[level]:
        stem = compact.removesuffix(suffix)
        if stem != compact and _PLAIN.match(stem):
            return stem.upper()
    return compact.upper()


def key_part(code: str) -> str:
    """Return the part of the stable key: Excel drops leading zeros, so they never tell two doors apart."""
    return _ZEROS.sub("", code)


def dwelling_key(building: str, entrance: str, door: str) -> str:
    """Return the stable key within an estate."""
    return f"{key_part(building)}/{key_part(entrance)}/{key_part(door)}"


_WRITTEN_DOOR = re.compile(r"(?P<building>.+?)(?:号楼|栋|幢|座|楼)(?:(?P<entrance>.+?)单元)?(?P<door>.+)\Z")


def keys_meant(door: str) -> list[str]:
    """Return the stable keys a typed door may mean, most likely first."""
    text = "".join(unicodedata.normalize("NFKC", door).split())[:64]
    readings: list[tuple[str, str, str]] = []
    written = _WRITTEN_DOOR.match(text)
    if written:
        readings.append((written["building"], written["entrance"] or "", written["door"]))
    for mark in "/-":
        parts = text.split(mark)
        if len(parts) == 3:
            readings.append((parts[0], parts[1], parts[2]))
        elif len(parts) == 2:
            readings.append((parts[0], "", parts[1]))
    return [
        dwelling_key(
            plain_code(building, "building"),
            plain_code(entrance, "entrance") if entrance else "",
            plain_code(room, "door"),
        )
        for building, entrance, room in readings
    ]


def building_label(code: str) -> str:
    """Return what a reader sees: ``3栋``."""
    return f"{code}栋" if _PLAIN.match(code) else code


def entrance_label(code: str | None) -> str:
    """Return what a reader sees: ``2单元``, or nothing."""
    if not code:
        return ""
    return f"{code}单元" if _PLAIN.match(code) else code


def dwelling_label(building: str, entrance: str | None, door: str) -> str:
    """Return the whole label: ``3栋2单元501``."""
    return f"{building_label(building)}{entrance_label(entrance)}{door}"


def area_text(area_centi: int) -> str:
    """Return m² with two decimals."""
    return f"{area_centi // 100}.{area_centi % 100:02d}"


def mask_name(name: str) -> str:
    """Return a name as it may be shown inside: the first character only."""
    return name[:1] + "*" * min(max(len(name) - 1, 1), 3) if name else ""
