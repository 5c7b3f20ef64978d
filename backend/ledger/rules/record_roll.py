"""The roll's canonical file and hash, and undoing the amendments made after it was frozen."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256

from backend.kernel.clock import iso
from backend.ledger.rules.leaf import is_id, is_instant, require_form
from backend.ledger.rules.record_contents import Amendment, AmendmentCounts
from backend.tally.weight import RollEntry

ROLL_HEADER = b"entry,owner,exclusive_area,household\n"
MAX_AREA = 10**12  # 0.01 m²; keeps sums of millions of rows within exact JSON integers

_AREA = re.compile(r"(0|[1-9][0-9]{0,9})\.([0-9]{2})")


class BadRoll(ValueError):
    """A roll row or amendment has the wrong form or contradicts the roll; the message is Chinese."""


def format_area(area: int) -> str:
    """Return an area of 0.01 m² units as m² with two decimals."""
    return f"{area // 100}.{area % 100:02d}"


def roll_lines(rows: Iterable[RollEntry]) -> Iterator[bytes]:
    """Yield the lines of the canonical ``roll.csv``: header, then rows sorted by entry."""
    yield ROLL_HEADER
    for row in sorted(rows, key=lambda row: row.entry):
        yield f"{row.entry},{row.owner},{format_area(row.area)},{int(row.is_household)}\n".encode("ascii")


def roll_hash(rows: Iterable[RollEntry]) -> str:
    """Return the hash of the roll that the voting notice states: SHA-256 of the canonical ``roll.csv``."""
    digest = sha256()
    for line in roll_lines(rows):
        digest.update(line)
    return digest.hexdigest()


def parse_roll_line(line: bytes) -> RollEntry:
    """Return the row of one canonical line (without LF); raises BadRoll."""
    parts = line.decode("ascii", "replace").split(",")
    if len(parts) != 4:
        raise BadRoll("应有 4 列")
    return _row(*parts)


def parse_amendment(value: object, number: int) -> tuple[RollEntry | None, RollEntry | None]:
    """Return the rows before and after of amendment ``number``; raises BadRoll."""
    checks = {
        "number": lambda item: type(item) is int and item == number,
        "at": is_instant,
        "reason": lambda item: isinstance(item, str),
        "before": lambda item: item is None or isinstance(item, dict),
        "after": lambda item: item is None or isinstance(item, dict),
    }
    form = require_form(value, checks, BadRoll)
    before, after = _row_of(form["before"]), _row_of(form["after"])
    if before is None and after is None:
        raise BadRoll("更正前后均为空")
    if before is not None and after is not None and before.entry != after.entry:
        raise BadRoll("更正前后不是同一户")
    return before, after


def amendment_object(amendment: Amendment) -> dict[str, object]:
    """Return the JSON object of one amendment in ``amendments.json``."""
    return {
        "number": amendment.number,
        "at": iso(amendment.at),
        "reason": amendment.reason,
        "before": _row_object(amendment.before),
        "after": _row_object(amendment.after),
    }


def undo(
    rows: Mapping[str, RollEntry], changes: list[tuple[RollEntry | None, RollEntry | None]]
) -> tuple[dict[str, RollEntry], AmendmentCounts]:
    """Return the roll as it was frozen, and what the changes were; raises BadRoll where they do not fit."""
    frozen = dict(rows)
    added = corrected = removed = 0
    for number, (before, after) in reversed(list(enumerate(changes, 1))):
        if after is not None and frozen.pop(after.entry, None) != after:
            raise BadRoll(f"第 {number} 次更正的结果与名册不符")
        if before is not None:
            if before.entry in frozen:
                raise BadRoll(f"第 {number} 次更正删除的户仍在名册中")
            frozen[before.entry] = before
        added += before is None
        removed += after is None
        corrected += before is not None and after is not None
    return frozen, AmendmentCounts(added, corrected, removed)


def _row(entry: str, owner: str, area: str, household: str) -> RollEntry:
    if not is_id(entry) or not is_id(owner):
        raise BadRoll("户或业主编号不符合规定")
    match = _AREA.fullmatch(area)
    centi = int(match[1] + match[2]) if match else 0
    if not 0 < centi <= MAX_AREA:
        raise BadRoll("面积应为大于 0 的两位小数")
    if household not in ("0", "1"):
        raise BadRoll("household 应为 0 或 1")
    return RollEntry(entry=entry, owner=owner, area=centi, is_household=household == "1")


def _row_of(value: object) -> RollEntry | None:
    if value is None:
        return None
    texts = dict.fromkeys(
        ("entry", "owner", "exclusive_area", "household"), lambda item: isinstance(item, str)
    )
    form = require_form(value, texts, BadRoll)
    names = ("entry", "owner", "exclusive_area", "household")
    return _row(*(str(form[name]) for name in names))


def _row_object(row: RollEntry | None) -> dict[str, object] | None:
    if row is None:
        return None
    return {
        "entry": row.entry,
        "owner": row.owner,
        "exclusive_area": format_area(row.area),
        "household": str(int(row.is_household)),
    }
