"""A table of sheets for a whole batch (e.g. consent gathered on paper earlier): one row per sheet, CSV."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from backend.kernel.errors import FieldError, Unprocessable

SHEET, DOOR = "序号", "房屋"
MARKS: Mapping[str, str] = {"同意": "for", "反对": "against", "弃权": "abstain", "无效": "invalid"}
MAX_ROWS = 5000
_MAX_SHOWN = 200


@dataclass(frozen=True, slots=True)
class FileRow:
    """One sheet as the table tells it; ``line`` counts from 1 and includes the heading."""

    line: int
    sheet_no: int
    door: str
    marks: Mapping[str, str]


def heading_of(motions: int) -> list[str]:
    """Return the columns: number, dwelling (``3-2-501``), then one per motion in the order of the paper."""
    return [SHEET, DOOR, *(f"事项{position}" for position in range(1, motions + 1))]


def read_rows(content: bytes, motion_ids: Sequence[str]) -> list[FileRow]:
    """Return the rows, or raise Unprocessable naming every wrong cell (at most 200 are listed).

    UTF-8 with or without BOM and GB18030 are read; blank lines are skipped.
    """
    lines = list(_records(_decode(content)))
    heading = heading_of(len(motion_ids))
    if not lines or [cell.strip() for cell in lines[0][1]] != heading:
        raise _refuse([FieldError("1", f"第一行应为：{'，'.join(heading)}")])
    problems: list[FieldError] = []
    rows: list[FileRow] = []
    seen: set[int] = set()
    for line, cells in lines[1:]:
        row = _row(line, [cell.strip() for cell in cells], motion_ids, problems)
        if row is None:
            continue
        if row.sheet_no in seen:
            problems.append(FieldError(f"{line}.{SHEET}", f"序号 {row.sheet_no} 重复。"))
        seen.add(row.sheet_no)
        rows.append(row)
    if not rows and not problems:
        problems.append(FieldError("2", "表中没有数据。"))
    if len(rows) > MAX_ROWS:
        problems.append(FieldError(str(MAX_ROWS), f"一批最多 {MAX_ROWS} 行。"))
    if problems:
        raise _refuse(problems)
    return rows


def _row(
    line: int, cells: list[str], motion_ids: Sequence[str], problems: list[FieldError]
) -> FileRow | None:
    if len(cells) != len(motion_ids) + 2:
        problems.append(FieldError(str(line), f"应有 {len(motion_ids) + 2} 列，实有 {len(cells)} 列。"))
        return None
    number, door, *marks = cells
    before = len(problems)
    if not (number.isascii() and number.isdigit() and 0 < len(number) <= 5 and int(number) > 0):
        problems.append(FieldError(f"{line}.{SHEET}", "应为大于 0 的整数。"))
    if not door:
        problems.append(FieldError(f"{line}.{DOOR}", "请填写房屋，例如 3-2-501。"))
    for position, mark in enumerate(marks, 1):
        if mark not in MARKS:
            problems.append(FieldError(f"{line}.事项{position}", "应为同意、反对、弃权或无效。"))
    if len(problems) > before:
        return None
    read = {motion: MARKS[mark] for motion, mark in zip(motion_ids, marks, strict=True)}
    return FileRow(line, int(number), door, read)


def _decode(content: bytes) -> str:
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _refuse([FieldError("file", "文件不是 UTF-8 或 GB18030 编码的 CSV。")])


def _records(text: str) -> list[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    found = []
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                found.append((reader.line_num, cells))
            if len(found) > MAX_ROWS + 1:
                raise _refuse([FieldError(str(reader.line_num), f"一批最多 {MAX_ROWS} 行。")])
    except csv.Error:
        raise _refuse([FieldError(str(reader.line_num), "这一行不是有效的 CSV（检查引号）。")]) from None
    return found


def _refuse(problems: list[FieldError]) -> Unprocessable:
    more = f"，这里列出前 {_MAX_SHOWN} 处" if len(problems) > _MAX_SHOWN else ""
    message = f"表格有 {len(problems)} 处错误{more}，一张也没有录入。"
    return Unprocessable("paper_file", message, problems[:_MAX_SHOWN])
