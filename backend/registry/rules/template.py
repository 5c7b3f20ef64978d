"""The Excel template a clerk fills in: headings, dropdowns, marked examples, an explanation sheet."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO
from typing import Any

import xlsxwriter

from backend.registry.rules.columns import COLUMNS, EXAMPLES, EXPLANATION_SHEET, SHEET, Column

_LAST_ROW = 20_000
_NOTES = (
    "一行填一套房（商铺、办公、单独登记的车位也各填一行）。标 * 的列必填。",
    "前三行是示例，可以删去；不改动的示例会自动跳过，改动后还留着“示例”二字会被拒绝。",
    "不要合并单元格，不要改动第一行的列名；列的次序可以调整。",
    "楼栋、单元、房号合起来认一套房：再次导入时按它更新，不会重复。",
    "文件里没有的房屋默认保留；确实要移除时，在导入时选择“移除文件中没有的房屋”。已投的票不受影响。",
    "只要有一行有错，整份文件都不会导入；报告会写明每一处的行、列、内容和改法。",
    "同一业主有几套房，要填同一业主编号。系统不会因为同名或同电话而自动合并，只会提醒。",
    "可以先试导入（只检查，不保存），看清会新增、变更、移除哪些房屋。",
    "共有人和承租人的写法：姓名 电话；姓名 电话（分号隔开）。",
)


def write_template() -> bytes:
    """Return the .xlsx."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"in_memory": True})
    _write_roll(book)
    write_explanation(book, _NOTES, COLUMNS)
    book.close()
    return buffer.getvalue()


def _write_roll(book: Any) -> None:
    sheet = book.add_worksheet(SHEET)
    required = book.add_format({"bold": True, "bg_color": "#FDE9D9", "border": 1, "text_wrap": True})
    optional = book.add_format({"bold": True, "bg_color": "#EDEDED", "border": 1, "text_wrap": True})
    example = book.add_format({"font_color": "#808080", "italic": True, "num_format": "@"})
    # Text format keeps "3-2" from becoming a date and a phone from becoming 1.38E+10.
    text = book.add_format({"num_format": "@"})
    number = book.add_format({"num_format": "0.00"})
    for index, column in enumerate(COLUMNS):
        heading = column.heading + ("*" if column.is_required else "")
        if column.name == "area":
            heading = "专有部分面积（㎡）*"
        sheet.set_column(index, index, column.width, number if column.name == "area" else text)
        sheet.write_string(0, index, heading, required if column.is_required else optional)
        sheet.write_comment(0, index, column.explanation)
        add_dropdown(sheet, (1, index), column)
    for row, cells in enumerate(EXAMPLES, start=1):
        for index, cell in enumerate(cells):
            if cell:
                sheet.write_string(row, index, cell, example)
    sheet.freeze_panes(1, 0)


def add_dropdown(sheet: Any, below: tuple[int, int], column: Column) -> None:
    """Let a column be filled in from its options, from the row and column ``below`` downwards."""
    if not column.options:
        return
    options = {
        "validate": "list",
        "source": list(column.options),
        "error_title": "不是可选的值",
        "error_message": "请从下拉选项里选。",
    }
    sheet.data_validation(*below, _LAST_ROW, below[1], options)


def write_explanation(book: Any, notes: Sequence[str], columns: Sequence[Column]) -> None:
    """Add the sheet that says how to fill in the columns."""
    sheet = book.add_worksheet(EXPLANATION_SHEET)
    bold = book.add_format({"bold": True})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.set_column(0, 0, 16)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 3, 60)
    for row, note in enumerate(notes):
        sheet.write_string(row, 0, f"{row + 1}. {note}")
    start = len(notes) + 1
    for index, heading in enumerate(("列名", "必填", "怎么填", "可选的值")):
        sheet.write_string(start, index, heading, bold)
    for offset, column in enumerate(columns, start=start + 1):
        sheet.write_string(offset, 0, column.heading, wrap)
        sheet.write_string(offset, 1, "是" if column.is_required else "", wrap)
        sheet.write_string(offset, 2, column.explanation, wrap)
        sheet.write_string(offset, 3, "、".join(column.options), wrap)
