"""Ledgers as a clerk would send them."""

from __future__ import annotations

import csv
from io import BytesIO, StringIO

import xlsxwriter

from backend.rectification.rules.ledger_columns import COLUMNS

LINE = {
    "编号": "2026-001",
    "问题来源": "检查",
    "来源编号": "检〔2026〕5号",
    "存在问题": "屋面防水卷材空鼓",
    "具体部位": "3栋屋面",
    "责任单位": "某某建筑公司",
    "责任人": "张三 13800000001",
    "整改措施": "揭开重做并闭水试验",
    "发现日期": "2026-03-01",
    "整改期限": "2026/3/31",
    "整改状态": "",
    "核验人": "",
    "核验日期": "",
    "销号日期": "",
}
HEADINGS = [column.heading for column in COLUMNS]


def line(number: str = "2026-001", **cells: str) -> dict[str, str]:
    """Return a good line with some cells changed."""
    return LINE | {"编号": number} | cells


def closed(number: str = "2026-001", **cells: str) -> dict[str, str]:
    """Return a line closed out on paper."""
    done = {"整改状态": "已销号", "核验人": "李四", "核验日期": "2026年3月20日", "销号日期": "2026.3.25"}
    return line(number, **(done | cells))


def to_csv(lines: list[dict[str, str]], encoding: str = "utf-8-sig") -> bytes:
    """Write a .csv."""
    out = StringIO()
    writer = csv.DictWriter(out, HEADINGS)
    writer.writeheader()
    writer.writerows(lines)
    return out.getvalue().encode(encoding)


def to_xlsx(lines: list[dict[str, str]], sheet: str = "整改台账") -> bytes:
    """Write a .xlsx with a title above the headings."""
    out = BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    page = book.add_worksheet(sheet)
    page.write_string(0, 0, "某某小区整改台账")
    for column, heading in enumerate(HEADINGS):
        page.write_string(1, column, heading)
        for row, cells in enumerate(lines, start=2):
            page.write_string(row, column, cells[heading])
    book.close()
    return out.getvalue()
