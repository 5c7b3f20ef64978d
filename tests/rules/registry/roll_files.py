"""Roll files for tests: rows of words to .xlsx or .csv bytes."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from io import BytesIO, StringIO

import xlsxwriter

from backend.registry.rules.columns import COLUMNS, SHEET

HEADINGS = [column.heading for column in COLUMNS]
_GOOD = {
    "estate": "", "building": "1", "entrance": "1", "door": "101", "use": "住宅", "area": "80.00",
    "area_source": "不动产登记", "household": "是", "owner_key": "", "owner_kind": "个人",
    "owner_name": "甲", "owner_phone": "",
}  # fmt: skip


def row(**cells: object) -> list[object]:
    """Return a good row with some cells replaced."""
    return [cells.get(column.name, _GOOD.get(column.name, "")) for column in COLUMNS]


def to_csv(rows: Sequence[Sequence[object]], headings: Sequence[str] = HEADINGS) -> bytes:
    """Return UTF-8 CSV."""
    stream = StringIO()
    csv.writer(stream).writerows([headings, *rows])
    return stream.getvalue().encode()


def to_xlsx(rows: Sequence[Sequence[object]], headings: Sequence[str] = HEADINGS) -> bytes:
    """Return a workbook with one sheet; values keep their types."""
    buffer = BytesIO()
    book = xlsxwriter.Workbook(buffer, {"default_date_format": "yyyy-mm-dd", "nan_inf_to_errors": True})
    sheet = book.add_worksheet(SHEET)
    for number, values in enumerate([headings, *rows]):
        for index, value in enumerate(values):
            if value != "":
                sheet.write(number, index, value)
    book.close()
    return buffer.getvalue()
