"""The two files of ``gongjue tally``: the roll and the votes. Every bad row is reported (docs/counting.md)."""

from __future__ import annotations

import re
from collections.abc import Collection
from functools import lru_cache
from sys import intern

from backend.tally.csv_file import CsvFile, Report
from backend.tally.weight import RollBuilder

ROLL_COLUMNS = ("entry", "owner", "exclusive_area", "household")
VOTE_COLUMNS = ("entry", "motion", "choice")
# Surrounding spaces, control characters and invisible marks: two keys that look alike must be alike.
_UNFIT = re.compile(r"\A\s|\s\Z|[\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060\ufeff]")
_AREA = re.compile(r"([0-9]{1,15})(?:\.([0-9]{1,2}))?")

Papers = dict[str, dict[int, str]]
"""Motion -> position on the roll -> choice."""


@lru_cache(maxsize=4096)  # an estate has few distinct areas
def read_area(text: str) -> int | None:
    """Return square metres as 0.01 m², None unless a plain ASCII decimal > 0 with at most two places."""
    match = _AREA.fullmatch(text)
    if match is None:
        return None
    return int(match[1]) * 100 + int((match[2] or "").ljust(2, "0")) or None


def read_roll(path: str, report: Report) -> RollBuilder | None:
    """Return the roll of a file, to be built only if nothing was reported; None if it could not be read."""
    file = CsvFile(path, ROLL_COLUMNS, report)
    builder = RollBuilder()
    for line, (entry, owner, area_text, household) in file.rows():
        area = read_area(area_text)
        if area and household in ("0", "1") and _is_key(entry) and _is_key(owner):
            added = builder.add_row(entry, owner, area, household == "1")
        else:
            _name_roll_faults(file, line, (entry, owner, area_text, household))
            added = not _is_key(entry) or builder.reserve(entry)
        if not added:
            file.fault(line, "entry", entry, "重复：名册中这一户已有一行")
    return builder if file.is_whole else None


def _name_roll_faults(file: CsvFile, line: int, row: tuple[str, str, str, str]) -> None:
    entry, owner, area, household = row
    for field, key in (("entry", entry), ("owner", owner)):
        if not _is_key(key):
            file.fault(line, field, key, _key_reason(key))
    if read_area(area) is None:
        file.fault(line, "exclusive_area", area, "面积应为大于 0 的数字，小数不超过两位，如 85.50")
    if household not in ("0", "1"):
        file.fault(line, "household", household, "应为 1（是户）或 0（不是户）")


def read_votes(path: str, scale: tuple[str, ...], roll: RollBuilder | None, report: Report) -> Papers:
    """Return the papers of a file; without a readable roll, entries are not looked up."""
    file = CsvFile(path, VOTE_COLUMNS, report)
    choices = {choice: intern(str(choice)) for choice in scale}
    seen = roll.positions if roll is not None else None
    known: dict[str, int] = {} if seen is None else seen
    papers: Papers = {}
    for line, (entry, motion, choice_text) in file.rows():
        choice = choices.get(choice_text)
        position = known.get(entry)
        if position is None and seen is None and _is_key(entry):
            position = known.setdefault(entry, len(known))
        if choice is None or position is None or not _is_key(motion):
            _name_vote_faults(file, line, (entry, motion, choice_text), position is not None, choices)
        if position is None or not _is_key(motion):
            continue
        paper = papers.setdefault(motion, {})
        if position in paper:
            file.fault(line, "entry", entry, f"重复：这一户对事项“{_short(motion)}”已有一行")
        else:
            paper[position] = choice or ""
    return papers


def _name_vote_faults(
    file: CsvFile, line: int, row: tuple[str, str, str], is_known: bool, choices: Collection[str]
) -> None:
    entry, motion, choice = row
    if not is_known:
        file.fault(line, "entry", entry, "名册中没有这一户" if _is_key(entry) else _key_reason(entry))
    if not _is_key(motion):
        file.fault(line, "motion", motion, _key_reason(motion))
    if choice not in choices:
        file.fault(line, "choice", choice, "不认识的选项，应为：" + "、".join(choices))


def _is_key(text: str) -> bool:
    # Spaces around a key are refused, not stripped: silently, "张三" and "张三 " would be two heads.
    if text.isprintable():  # the common case, three times as fast
        return text != "" and text[0] != " " != text[-1]
    return _UNFIT.search(text) is None


def _key_reason(text: str) -> str:
    if not text.strip():
        return "不能为空"
    return "前后不能有空格" if text != text.strip() else "含有看不见的控制字符"


def _short(text: str) -> str:
    return text if len(text) <= 40 else text[:40] + "…"
