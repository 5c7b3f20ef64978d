"""The demo's logins: kept in a file only its owner can read, printed aligned at each start."""

from __future__ import annotations

import json
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class StaffLogin:
    """A staff member's name, password and place."""

    username: str
    password: str
    role_zh: str
    role_en: str
    place: str


@dataclass(frozen=True, slots=True)
class ResidentLogin:
    """A resident whose phone the simulator plays."""

    openid: str
    phone: str
    estate: str
    note_zh: str
    note_en: str


@dataclass(frozen=True, slots=True)
class DemoLogins:
    """Everybody one can be in the demo."""

    staff: tuple[StaffLogin, ...]
    residents: tuple[ResidentLogin, ...]


def save(path: Path, logins: DemoLogins) -> None:
    """Write the file so that nobody else on the machine can read it, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(path.name + ".new")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(asdict(logins), file, ensure_ascii=False, indent=1)
    temporary.replace(path)


def load(path: Path) -> DemoLogins | None:
    """Return the logins, or None when the file is absent or not ours."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return DemoLogins(
            tuple(StaffLogin(**row) for row in found["staff"]),
            tuple(ResidentLogin(**row) for row in found["residents"]),
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Return lines with aligned columns; a Chinese character is two columns wide on a terminal."""
    cells = [list(headings), *map(list, rows)]
    widths = [max(width(row[column]) for row in cells) for column in range(len(headings))]
    return [
        "  ".join(text + " " * (wide - width(text)) for text, wide in zip(row, widths, strict=True)).rstrip()
        for row in cells
    ]


def width(text: str) -> int:
    """Return how many terminal columns a text takes."""
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


def describe(logins: DemoLogins) -> list[str]:
    """Return both tables for the terminal."""
    staff = [[row.username, row.password, row.role_zh, row.role_en, row.place] for row in logins.staff]
    people = [
        [row.openid, row.phone, row.estate.partition("（")[0], row.note_zh, row.note_en]
        for row in logins.residents
    ]
    return [
        "工作人员 Staff（POST /api/v1/staff/session）",
        *table(("用户名 username", "密码 password", "角色", "role", "范围 scope"), staff),
        "",
        "居民 Residents（微信模拟器 in the WeChat simulator）",
        *table(("openid", "手机 phone", "小区 estate", "说明", "note"), people),
    ]
